/// The kinds of broken promises.
package enum Complaint: String, Sendable {
    /// An acknowledged run is not stored.
    case lostRun = "an acknowledged run is lost"
    /// An acknowledged signal led to nothing.
    case lostSignal = "an acknowledged signal is lost"
    /// What was shown is not true any more.
    case takenBack = "what was shown was taken back"
    /// The vendor took one attempt more than once.
    case sameAttemptTwice = "one attempt was bought twice"
    /// The vendor took a node run more often than anybody allowed.
    case boughtAgain = "a node run was bought again"
    /// A person was asked about a call that the vendor had told us about.
    case askedInVain = "a person was asked about what the vendor had told"
    /// Two different node runs have one address.
    case sameAddress = "two node runs have one address"
    /// A run could have come to more than its cap.
    case overspent = "a cap is overspent"
    /// A server that has lost a run has stored events of it.
    case staleOwner = "a former owner has stored events"
    /// A run does not say what it waits for.
    case noReason = "a run waits without a reason"
    /// What is booked is not what was bought.
    case wrongMoney = "the books are wrong"
    /// A job that a vendor has is forgotten.
    case forgottenJob = "a job is forgotten"
    /// A run comes to another result, or another end, than undisturbed.
    case wrongEnd = "a run ended wrongly"
    /// A run does not end although nothing is in its way.
    case stuck = "a run is stuck"
    /// A journal that cannot be read again, or tells another story than its result.
    case wrongJournal = "a journal is wrong"
    /// Something failed that must not fail.
    case refused = "something was refused"
}

/// A promise that was broken.
package struct Report: Error, Sendable, CustomStringConvertible {
    /// Which one.
    package let complaint: Complaint
    /// What happened.
    package let text: String

    package var description: String { "\(complaint.rawValue): \(text)" }
}
