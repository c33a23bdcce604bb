internal import HTTPValues

/// Lets one call at a time look a name up; the others wait and find it in libcurl's memory.
///
/// libcurl starts a thread for each look-up: without the gate a thousand calls to a new host would start a thousand.
struct NameGate {
    /// Less than the 60 seconds for which libcurl remembers a name.
    private static let memory: UInt64 = 50_000_000_000
    /// The greatest number of names remembered; then all are forgotten, which costs one look-up each.
    private static let capacity = 1024

    private var knownUntil: [String: UInt64] = [:]
    private var waiting: [String: [Transfer]] = [:]

    /// Whether the call may begin; otherwise it is kept until the name is known or cannot be found.
    mutating func admits(_ transfer: Transfer, now: UInt64) -> Bool {
        let host = transfer.request.url.host
        guard transfer.request.url.ip == nil, knownUntil[host, default: 0] <= now else { return true }
        guard waiting[host] == nil else {
            waiting[host]?.append(transfer)
            return false
        }
        waiting[host] = []
        transfer.looksUpName = true
        return true
    }

    /// Notes that a call has found its name, and gives those that waited for it.
    mutating func found(_ transfer: Transfer, now: UInt64) -> [Transfer] {
        if knownUntil.count >= Self.capacity { knownUntil = [:] }
        knownUntil[transfer.request.url.host] = now &+ Self.memory
        return release(transfer)
    }

    /// Ends a call's look-up, and gives those that waited for it.
    mutating func release(_ transfer: Transfer) -> [Transfer] {
        guard transfer.looksUpName else { return [] }
        transfer.looksUpName = false
        return waiting.removeValue(forKey: transfer.request.url.host) ?? []
    }

    /// Forgets a call that waits.
    mutating func remove(_ transfer: Transfer) {
        guard !waiting.isEmpty, var others = waiting[transfer.request.url.host] else { return }
        others.removeAll { $0 === transfer }
        waiting[transfer.request.url.host] = others
    }
}
