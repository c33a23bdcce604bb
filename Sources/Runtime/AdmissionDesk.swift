import Admission
import Catalog
import EventLoop
import Synchronization
import Values

/// A permit and the way it is for.
struct HeldPermit: Sendable {
    let permit: Admissions.Permit
    let lane: Lane
}

/// The admissions of this server with the timer that calls those in line.
final class AdmissionDesk: Sendable {
    private let admissions: Admissions
    private let loop: Loop
    private let now: @Sendable () -> Instant
    private let armed = Mutex<Instant?>(nil)

    init(loop: Loop, now: @escaping @Sendable () -> Instant) {
        self.loop = loop
        self.now = now
        admissions = Admissions(now: now)
    }

    func closed(_ lane: Lane) -> Instant? { admissions.closed(lane) }

    func occupy(_ lane: Lane) -> Admissions.Permit { admissions.occupy(lane) }

    func delay(of call: CallKind, on lane: Lane) -> Duration { admissions.delay(of: call, on: lane) }

    func enter(_ lane: Lane, _ turn: Turn, orElse call: @escaping @Sendable (Admissions.Permit) -> Void)
        -> Admissions.Entry
    {
        let entry = admissions.enter(lane, turn, orElse: call)
        if case .waiting = entry { arm() }
        return entry
    }

    func leave(_ held: HeldPermit, unused: Bool = false) {
        admissions.leave(held.permit, unused: unused)
        arm()
    }

    func note(_ report: CallReport, under permit: Admissions.Permit) {
        admissions.note(report, under: permit)
        arm()
    }

    /// Sets the timer to when somebody in line may go on.
    private func arm() {
        guard let next = admissions.nextTurn else { return }
        let isEarlier = armed.withLock { armed in
            guard armed.map({ next < $0 }) ?? true else { return false }
            armed = next
            return true
        }
        guard isEarlier else { return }
        loop.schedule(after: max(.milliseconds(1), min(next - now(), .seconds(60)))) { [weak self] in self?.fire(next) }
    }

    private func fire(_ moment: Instant) {
        armed.withLock { if $0 == moment { $0 = nil } }
        admissions.pump()
        arm()
    }
}
