import Admission
import Catalog
import Engine
import EventLoop
import Storage
import Values
import Workflows

/// Goes on with the jobs that nobody waits for any more: each is asked about until it is over, its cost is booked and its
/// result kept. At most ``most`` at a time; the others stay in the table until it is their turn.
actor Settler {
    /// The most jobs that are asked about at a time.
    static let most = 256

    private let database: Database
    private let services: Services
    private let loops: [Loop]
    private let admissions: AdmissionDesk
    private var tasks: [String: Task<Void, Never>] = [:]
    /// Whether there are jobs in the table that wait for their turn.
    private var isBehind = false
    private var isStopped = false
    private var tell: @Sendable (ExecutionID, Signal) async -> Void = { _, _ in }

    init(database: Database, services: Services, loops: [Loop], admissions: AdmissionDesk) {
        self.database = database
        self.services = services
        self.loops = loops
        self.admissions = admissions
    }

    /// Takes up the jobs that an earlier process has left.
    ///
    /// - Parameter tell: Tells a run that goes on what was stored for it.
    func resume(_ tell: @escaping @Sendable (ExecutionID, Signal) async -> Void) async {
        self.tell = tell
        await catchUp()
    }

    /// Takes over jobs whose rows are stored.
    func take(_ attempts: [OpenAttempt]) {
        for attempt in attempts { start(attempt) }
    }

    /// Stops asking; the next start goes on.
    func stop() {
        isStopped = true
        for task in tasks.values { task.cancel() }
        tasks = [:]
    }

    /// Takes up the jobs in the table that nobody asks about here: a server that has ended may have left them.
    func catchUp() async {
        isBehind = false
        do {
            let attempts = try await database.abandonedAttempts(limit: Self.most, after: tasks.count)
            isBehind = attempts.count == Self.most
            take(try await database.abandonedAttempts(limit: Self.most, after: 0))
            take(attempts)
        } catch {
            services.log("Jobs that vendors still have cannot be looked up: \(error)")
            isBehind = true
        }
    }

    private func start(_ attempt: OpenAttempt) {
        let name = "\(attempt.execution)/\(attempt.address)/\(attempt.attempt)"
        guard !isStopped, tasks[name] == nil else { return }
        guard tasks.count < Self.most else {
            isBehind = true
            return
        }
        let loop = loops[Int(attempt.execution.low % UInt64(loops.count))]
        tasks[name] = Task(executorPreference: loop) {
            await self.work(attempt, name, loop)
            await self.finish(name)
        }
    }

    private func finish(_ name: String) async {
        tasks[name] = nil
        if isBehind, !isStopped { await catchUp() }
    }

    private func work(_ attempt: OpenAttempt, _ name: String, _ loop: Loop) async {
        let outcome: Services.LateOutcome
        if let call = call(attempt, name, loop) {
            do {
                outcome = try await services.settle(call)
            } catch {
                return
            }
        } else {
            outcome = .unknown
        }
        let (outputs, cost): ([String: Value], Money) =
            switch outcome {
            case .ended(let outputs, let cost): (outputs, cost)
            case .unknown: ([:], .zero)
            }
        var pause = Duration.seconds(1)
        while !isStopped, !Task.isCancelled {
            do {
                return try await book(attempt, outputs, cost)
            } catch {
                services.log("What the job of \(name) came to cannot be stored; it is tried again: \(error)")
            }
            try? await loop.sleep(for: pause)
            pause = min(pause * 2, .seconds(60))
        }
    }

    private func book(_ attempt: OpenAttempt, _ outputs: [String: Value], _ cost: Money) async throws {
        var random = services.chance
        let now = services.now()
        let signal = Signal(
            id: SignalID(at: now, random: &random),
            kind: "settled",
            dedupe: "settled:\(attempt.address)/\(attempt.attempt)",
            at: now,
            body: [
                "address": .string(attempt.address), "attempt": .int(attempt.attempt), "cost": .int(cost.nano),
                "outputs": .object(JSONObject(outputs.map { JSONObject.Member(key: $0, value: $1.record) })),
            ]
        )
        let credit = services.credit
        var settlement = Settlement(
            cost: cost,
            captured: outputs.sorted { $0.key < $1.key }.flatMap { $0.value.media.map(\.hash) },
            signal: signal
        ) { Self.amended($0, attempt, outputs, cost, credit: credit, at: now) }
        var entry = LedgerEntry(kind: .late, number: 0, at: now, nano: cost.nano, credits: 0)
        entry.address = attempt.address
        entry.attempt = attempt.attempt
        entry.node = Address.nodeID(ofText: attempt.address)
        entry.nodeType = attempt.body["type"]?.string
        entry.reference = attempt.jobID
        entry.usage = Usage(of: outputs)
        if let grant = attempt.body["grant"].flatMap(Grant.init(record:)) { entry.describe(grant) }
        settlement.entry = entry
        settlement.credit = services.credit
        settlement.key = attempt.body["key"]?.string.flatMap(APIKeyID.init)
        settlement.reservedAt = Instant(microseconds: attempt.body["startedAt"]?.integer ?? now.microseconds)
        if try await database.settle(attempt, settlement) == true { await tell(attempt.execution, signal) }
    }

    /// The final state of a run with what a job has brought later.
    private static func amended(
        _ result: [UInt8],
        _ attempt: OpenAttempt,
        _ outputs: [String: Value],
        _ cost: Money,
        credit: Money,
        at now: Instant
    ) -> (result: [UInt8], correction: RunRollup?)? {
        guard let json = try? JSON(parsing: result, limits: .record), var view = RunView(record: json) else {
            return nil
        }
        let id = Address.nodeID(ofText: attempt.address)
        let correction = view.correction(of: id, by: cost, credit: credit)
        for node in view.nodes.indices where view.nodes[node].id == id {
            view.nodes[node].cost = view.nodes[node].cost + cost
            for place in view.nodes[node].attempts.indices
            where view.nodes[node].attempts[place].number == Int(attempt.attempt) && attempt.isWhole {
                view.nodes[node].attempts[place].cost = cost
                view.nodes[node].attempts[place].isAbandoned = false
                view.nodes[node].attempts[place].lateOutputs = outputs
            }
        }
        if !view.hasOpenJobs { view.settledAt = now }
        return (view.record.bytes, correction)
    }

    private func call(_ attempt: OpenAttempt, _ name: String, _ loop: Loop) -> Services.LateCall? {
        guard let type = attempt.body["type"]?.string, let grant = attempt.body["grant"].flatMap(Grant.init(record:)),
            let startedAt = attempt.body["startedAt"]?.integer
        else { return nil }
        var prepared = Prepared(inputs: [:], parameters: [:])
        for member in attempt.body["inputs"]?.object ?? JSONObject() {
            prepared.inputs[member.key] = Value(record: member.value)
        }
        for member in attempt.body["parameters"]?.object ?? JSONObject() {
            prepared.parameters[member.key] = member.value
        }
        let keep = attempt.body["keep"] ?? .null
        return Services.LateCall(
            type: type,
            grant: grant,
            prepared: prepared,
            name: name,
            startedAt: Instant(microseconds: startedAt),
            keep: keep,
            stage: keep.isNull ? .intended : .submitted,
            loop: loop
        )
    }
}

extension OpenAttempt {
    /// Whether the node runs once, neither for items nor in turns, so that its attempts are shown.
    fileprivate var isWhole: Bool { !address.utf8.contains { "[#".utf8.contains($0) } }
}

extension RunView {
    /// What a cost that became known after the end changes in the hourly numbers.
    fileprivate func correction(of id: String, by cost: Money, credit: Money) -> RunRollup? {
        guard let endedAt, let node = nodes.first(where: { $0.id == id }), cost > .zero else { return nil }
        let attempts = nodes.flatMap(\.attempts)
        var correction = RunRollup(
            account: facts.account,
            workflow: facts.workflow,
            isTest: facts.sandbox == .always || attempts.contains(where: \.grant.isSandbox),
            endedAt: endedAt,
            status: status,
            milliseconds: nil,
            cost: cost,
            credits: (node.cost + cost).credits(at: credit) - node.cost.credits(at: credit)
        )
        let model = node.attempts.last?.grant.model ?? ""
        var row = NodeRollup(node: id, type: node.type, model: model, bucket: nil)
        row.cost = cost
        row.credits = correction.credits
        correction.nodes = [row]
        return correction
    }
}
