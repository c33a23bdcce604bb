import Catalog
import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Workflows

/// A vendor with books of its own: what it says of a call depends on the name of the call alone.
private final class Biller: Sendable {
    enum Manner: Int {
        case success, refused, charged, denied, lost, job
    }

    private struct Books {
        /// What was billed, by the name of the call.
        var invoice: [String: Int64] = [:]
        /// The calls that were given up before the vendor took them.
        var refused: Set<String> = []
    }

    private let books = Mutex(Books())

    var invoice: [String: Int64] { books.withLock { $0.invoice } }

    /// A number that the name alone decides.
    private static func number(_ name: String, _ salt: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ salt
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash ^= hash >> 31
        return hash &* 0x9E37_79B9_7F4A_7C15 >> 8
    }

    func manner(_ name: String) -> Manner {
        switch Self.number(name, 1) % 100 {
        case 0..<60: .success
        case 60..<72: .refused
        case 72..<78: .charged
        case 78..<85: .denied
        case 85..<90: .lost
        default: .job
        }
    }

    /// Bills a call once.
    ///
    /// - Returns: What it costs; `nil` when the vendor was told before that nobody wants it.
    func charge(_ name: String) -> Money? {
        let cost = Int64(Self.number(name, 2) % 4_000_000) + 1
        return books.withLock { books in
            guard !books.refused.contains(name) else { return nil }
            books.invoice[name] = cost
            return Money(nano: cost)
        }
    }

    /// What a call came to that nobody waits for any more.
    func settle(_ name: String, hasJob: Bool) -> Money {
        if hasJob { return charge(name) ?? .zero }
        return books.withLock { books in
            if let cost = books.invoice[name] { return Money(nano: cost) }
            books.refused.insert(name)
            return .zero
        }
    }
}

/// The ledger against the vendor's own invoice.
@Suite(.timeLimit(.minutes(10)))
struct InvoiceTests {
    private static let runs = 10_000
    private static let inFlight = 200

    private static let nodes = """
        [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"},
          "policy": {"retry": {"initialDelayMs": 1, "maxRetries": 2}, "onError": "continue",
           "fallbacks": [{"nodeType": "llm:safe"}]}}},
         {"id": "b", "data": {"nodeType": "llm:one", "config": {"prompt": "y"},
          "policy": {"retry": {"initialDelayMs": 1, "maxRetries": 1}, "onUnknown": "fail"}}}]
        """

    @Test func `10,000 mixed runs cost in the ledger what the vendor's own invoice says, to the nano`() async throws {
        let biller = Biller()
        let bench = try RuntimeBench(
            folder: TemporaryFolder(inMemory: true),
            nodes: Self.nodes,
            edges: "[]",
            places: 10_000,
            settle: { call in .ended(outputs: [:], cost: biller.settle(call.name, hasJob: !call.keep.isNull)) },
            configure: { services, _ in
                let quote = services.quote
                services.quote = { request, now, passing in
                    var own = request
                    own.offer = 0
                    return quote(own, now, passing).map { quoted in
                        var quoted = quoted
                        quoted.grant.upper = Money(nano: 4_000_000)
                        quoted.grant.model = "m"
                        quoted.grant.way = request.offer
                        if request.offer > 0 { quoted.grant.fallbackType = request.fallbacks.first?.type.id }
                        return quoted
                    }
                }
            }
        ) { call, milestone in
            let name = "\(call.request.execution)/\(call.request.address)/\(call.attempt)"
            switch biller.manner(name) {
            case .success:
                guard let cost = biller.charge(name) else { return Self.failure(.network, .no, .no) }
                return .succeeded(outputs: ["text": .text("made")], cost: cost, requestID: name)
            case .refused: return Self.failure(.overloaded, .no, .no)
            case .charged:
                guard let cost = biller.charge(name) else { return Self.failure(.network, .no, .no) }
                guard case .failed(var error, _) = Self.failure(.contentPolicy, .yes, .yes) else { break }
                error.requestID = name
                return .failed(error, cost: cost)
            case .denied: return Self.failure(.permission, .no, .no)
            case .lost: return Self.failure(.unknownOutcome, .unknown, .unknown)
            case .job:
                await milestone(.submitted(keep: ["jobId": .string(name)]))
                guard case .failed(var error, _) = Self.failure(.timeout, .yes, .unknown) else { break }
                error.isJobOpen = true
                return .failed(error, cost: .zero)
            }
            return Self.failure(.network, .no, .no)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.runs {
                if number >= Self.inFlight { try await group.next() }
                group.addTask {
                    let handle = try await bench.start { facts in
                        facts.customer = "customer \(number % 7)"
                        facts.failurePolicy = number % 2 == 0 ? .fail : .continue
                    }
                    if number % 9 == 0 {
                        // Some are given up while they run, or as they end.
                        try? await bench.service.post("cancel", [:], dedupe: "c", to: handle.id)
                    }
                    let end = await handle.end(within: .seconds(120), on: bench.group.loops[0]).run.end
                    #expect(end != nil)
                }
            }
            try await group.waitForAll()
        }
        while try await !bench.database.abandonedAttempts(limit: 1, after: 0).isEmpty { await Task.yield() }
        let rows = try await Self.rows(bench.database)
        var booked: [String: Int64] = [:]
        var (reserved, settled) = (Int64(0), Int64(0))
        for row in rows {
            let entry = row.entry
            switch entry.kind {
            case .settle, .late:
                let name = "\(row.execution)/\(entry.address ?? "")/\(entry.attempt ?? 0)"
                booked[name, default: 0] += entry.nano
                settled += entry.nano
            case .reserve: reserved += entry.nano
            case .release: settled += entry.nano
            case .hold: Issue.record("Nothing limits the account.")
            }
        }
        let invoice = biller.invoice
        #expect(invoice.count > Self.runs)
        #expect(booked == invoice, "Every call costs what the vendor says.")
        #expect(reserved == settled, "Everything that was held is settled or let go of.")
        let total = invoice.values.reduce(0, +)
        let today = RuntimeBench.now.day
        let usage = try await bench.database.usage(of: MoneyTests.account, from: today - 1, to: today)
        #expect(usage.total.cost == Money(nano: total) && usage.total.runs == Int64(Self.runs))
        #expect(usage.rows[.customer]?.count == 7)
        #expect(usage.rows[.customer]?.reduce(.zero) { $0 + $1.cost } == Money(nano: total))
        let lines = invoice.map { InvoiceLine(reference: $0.key, amount: Money(nano: $0.value)) }
        let paid = rows.filter { $0.entry.reference != nil }
        let result = Reconciliation(lines, paid)
        #expect(result.differences.isEmpty && result.unbooked.count + result.matches == lines.count)
        await bench.stop()
    }

    private static func failure(_ kind: FailureClass, _ accepted: Certainty, _ charged: Certainty) -> RunInput.Outcome {
        .failed(NodeError(kind, "no", accepted: accepted, charged: charged), cost: .zero)
    }

    private static func rows(_ database: Database) async throws -> [LedgerRow] {
        var rows: [LedgerRow] = []
        var position: LedgerPosition?
        while true {
            let page = try await database.ledger(of: MoneyTests.account, after: position, limit: 5000)
            rows += page
            guard page.count == 5000, let last = page.last else { return rows }
            position = LedgerPosition(at: last.entry.at, execution: last.execution, number: last.entry.number)
        }
    }
}
