import Foundation
import TestSockets
import TestSupport
import Testing

/// Servers that are killed again and again: one on its own data folder, or several on one PostgreSQL database, which are
/// also frozen for longer than their lease and cut off from the database.
final class Company {
    /// What a server suffers, and until when.
    enum Trouble: CaseIterable {
        /// It stands still and does not know.
        case frozen
        /// Its connections to the database end, and new ones are refused.
        case cut
        /// Nothing comes through to the database or back.
        case silent
    }

    /// When the servers were disturbed; a kill ends as it begins.
    struct Disturbance {
        let from: Date
        var to: Date
    }

    private final class Member {
        let server: MillraceServer
        let proxy: CuttingProxy?
        var trouble: (kind: Trouble, end: ContinuousClock.Instant, place: Int)?

        init(_ server: MillraceServer, _ proxy: CuttingProxy?) {
            self.server = server
            self.proxy = proxy
        }
    }

    /// The lease of the servers in seconds, as short as a slow machine can keep.
    private static let lease = 5

    private let members: [Member]
    private(set) var disturbances: [Disturbance] = []
    private(set) var kills = 0
    private(set) var counts: [Trouble: Int] = [:]

    /// One server on its own, or three on one database.
    init(vendor: JobVendor, on schema: TestSchema? = nil) throws {
        func server(_ arguments: [String]) throws -> MillraceServer {
            try MillraceServer(
                // Servers that share a database share the key of what is sealed.
                environment: vendor.environment.merging(
                    ["MILLRACE_MASTER_KEY": String(repeating: "5a", count: 32)]
                ) { $1 },
                arguments: ["--allow-private", vendor.address] + arguments,
                catalog: JobVendor.catalog,
                isPublic: true
            )
        }
        guard let schema else {
            members = [Member(try server([]), nil)]
            return
        }
        members = try (0..<3).map { _ in
            let proxy = try CuttingProxy(to: schema.port)
            let url = try schema.url(port: proxy.port)
            return Member(try server(["--database", url, "--lease", String(Self.lease)]), proxy)
        }
    }

    func start() async throws {
        for member in members { try await member.server.start() }
    }

    /// Ends all servers for good.
    func end() {
        for member in members {
            member.server.kill()
            member.proxy?.stop()
        }
    }

    /// A server that nothing is wrong with, as far as there is one.
    var front: MillraceServer? { members.filter { $0.trouble == nil }.randomElement()?.server }

    /// What all servers have logged.
    var log: String { members.map(\.server.log).joined(separator: "\n") }

    /// Lets random things happen: mostly that a server is killed and started again.
    func disturb() async throws {
        if members.count > 1, Int.random(in: 0..<5) == 0,
            let kind = Trouble.allCases.min(by: { counts[$0] ?? 0 < counts[$1] ?? 0 }),
            !members.contains(where: { $0.trouble?.kind == kind }),
            let member = members.filter({ $0.trouble == nil }).randomElement()
        {
            return begin(kind, member)
        }
        guard let member = members.randomElement() else { return }
        kills += 1
        member.server.kill()
        let now = Date()
        disturbances.append(Disturbance(from: now, to: now))
        relieve(member)
        try await member.server.start()
    }

    private func begin(_ kind: Trouble, _ member: Member) {
        // What is frozen wakes up when others have taken its runs, or just before; a network may heal at any time.
        let seconds = kind == .frozen ? Double.random(in: 1...1.8) * Double(Self.lease) : Double.random(in: 0.5...9)
        switch kind {
        case .frozen: member.server.freeze(true)
        case .cut: member.proxy?.close(true)
        case .silent: member.proxy?.hold(true)
        }
        counts[kind, default: 0] += 1
        member.trouble = (kind, ContinuousClock.now + .seconds(seconds), disturbances.count)
        disturbances.append(Disturbance(from: Date(), to: .distantFuture))
    }

    /// Ends the troubles whose time has come, or all of them.
    func relieve(all: Bool = false) {
        for member in members {
            if let end = member.trouble?.end, all || end < .now { relieve(member) }
        }
    }

    private func relieve(_ member: Member) {
        guard let (kind, _, place) = member.trouble else { return }
        switch kind {
        case .frozen: member.server.freeze(false)
        case .cut: member.proxy?.close(false)
        case .silent: member.proxy?.hold(false)
        }
        member.trouble = nil
        // A network that has healed is found to have within two seconds.
        disturbances[place].to = Date() + (kind == .frozen ? 0 : 2)
    }

    /// Whether a call that was intended then may have been under way at a disturbance: not before one, and not long
    /// after it.
    func mayHaveHit(_ intent: Date) -> Bool {
        disturbances.contains { $0.to > intent.addingTimeInterval(-0.01) && $0.from < intent.addingTimeInterval(1) }
    }
}
