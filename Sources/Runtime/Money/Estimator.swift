import Catalog
import Engine
import Values
import Workflows

/// Finds out what a run will probably cost by playing it: what computes does so, and each model answers at once with a
/// value of the right kind that stands for its result.
struct Estimator {
    let services: Services
    /// The most attempts that are asked for; a run that makes more is estimated as far as that.
    let most: Int

    /// What a plan with these facts will probably cost.
    func estimate(_ plan: Plan, _ facts: RunFacts, reusing reused: [ReusedRun]) -> Estimate {
        var estimate = Estimate(credit: services.credit)
        guard plan.nodes.contains(where: \.mayBePaid) else { return estimate }
        var play = Play(plan, facts, reused, services, most)
        play.finish()
        let factor = Int64(facts.iteration?.total ?? 1)
        for place in plan.nodes.indices {
            guard let row = play.rows[place] else { continue }
            estimate.rows.append(row.times(factor))
        }
        for place in plan.nodes.indices where play.isOpen(place) {
            estimate.isComplete = false
            if let row = play.possible(place) { estimate.possible.append(row.times(factor)) }
        }
        if play.isCut || estimate.rows.contains(where: \.isUncertain) { estimate.isComplete = false }
        return estimate
    }
}

extension Estimate.Row {
    fileprivate func times(_ factor: Int64) -> Estimate.Row {
        guard factor != 1 else { return self }
        var row = self
        row.iterations *= factor
        row.cost = Money(nano: cost.nano.multipliedReportingOverflow(by: factor).partialValue)
        row.upper = Money(nano: upper.nano.multipliedReportingOverflow(by: factor).partialValue)
        return row
    }
}

extension PlanNode {
    /// Whether a vendor may be paid for it.
    fileprivate var mayBePaid: Bool { !isDisabled && ways.contains { !$0.offer.isLocal } }

    /// Whether its results are not known before it runs.
    fileprivate var isUnforeseeable: Bool {
        !type.offers.isEmpty || type.id == WaitNode.child.rawValue || type.id == WaitNode.approval.rawValue
            || type.id == WaitNode.event.rawValue
    }
}

/// One play of a run.
private struct Play {
    private var run: Run
    private let services: Services
    private let most: Int
    private var now: Instant
    private var random = SteadyRandom()
    private var asked = 0
    private(set) var rows: [Int: Estimate.Row] = [:]
    /// Whether it was not played to its end.
    private(set) var isCut = false
    /// The nodes whose inputs, or whose turn, nobody knows before.
    private let unforeseeable: Set<Int>

    init(_ plan: Plan, _ facts: RunFacts, _ reused: [ReusedRun], _ services: Services, _ most: Int) {
        var facts = facts
        facts.maximumCost = nil
        facts.timeoutBudget = nil
        if let spec = facts.iteration {
            facts.iteration = nil
            for (node, ports) in spec.values(at: 0) { facts.values[node, default: [:]].merge(ports) { $1 } }
        }
        run = Run(plan: plan, facts: facts)
        now = facts.createdAt
        self.services = services
        self.most = most
        unforeseeable = plan.followersOfUnforeseeable
        take(reused.isEmpty ? .accepted : .acceptedReusing(reused))
    }

    /// Lets time pass where the run only waits for that.
    mutating func finish() {
        var wakes = 0
        while run.end == nil, let wake = run.nextWake, wakes < 100 {
            now = max(now, wake)
            wakes += 1
            take(.wake)
        }
    }

    /// Whether a paid node was not played, though it may run.
    func isOpen(_ place: Int) -> Bool {
        let node = run.plan.nodes[place]
        guard node.mayBePaid, rows[place] == nil else { return false }
        switch run.nodes[place].single?.state {
        case .skipped(.notNeeded), .skipped(.disabled), .completed: return false
        case .skipped(.branchNotTaken): return unforeseeable.contains(place)
        default: return run.nodes[place].items.isEmpty || run.end?.phase == .failed
        }
    }

    /// What a node can cost at most that was not played.
    func possible(_ place: Int) -> Estimate.Row? {
        let node = run.plan.nodes[place]
        var prepared = Prepared(inputs: [:], parameters: [:])
        for input in node.inputs { prepared.inputs[input.port.id] = Stand.value(for: input.port.type, prepared) }
        for parameter in node.parameters {
            if case .literal(let json)? = parameter.binding { prepared.parameters[parameter.parameter.id] = json }
        }
        let request = Services.Request(
            execution: run.facts.execution,
            account: run.facts.account,
            workflow: run.facts.workflow,
            address: node.id,
            label: node.label,
            type: node.type,
            offer: 0,
            sandbox: run.facts.sandbox,
            prepared: prepared,
            timeout: nil
        )
        guard case .success(let quote) = services.quote(request, now, []), quote.grant.isPaid else { return nil }
        var row = Self.row(node, quote.grant)
        row.isUncertain = true
        row.iterations = 1
        row.upper = quote.grant.upper
        return row
    }

    private mutating func take(_ first: RunInput) {
        var inputs = [first]
        var next = 0
        while next < inputs.count {
            let decision = run.step(inputs[next], now: now, random: &random)
            next += 1
            for effect in decision.effects {
                switch effect {
                case .admit(let address): inputs.append(admit(address))
                case .perform(let address, let attempt):
                    inputs.append(.finished(address, attempt: attempt, outcome(address)))
                default: continue
                }
            }
            guard asked < most else {
                isCut = true
                return
            }
        }
    }

    private mutating func admit(_ address: Address) -> RunInput {
        asked += 1
        guard let request = Services.Request(address, of: run, now: now) else {
            return .refused(address, NodeError("internal_error", "The inputs cannot be had."))
        }
        switch services.quote(request, now, []) {
        case .failure(let error): return .refused(address, error)
        case .success(let quote):
            if quote.grant.isPaid { note(address, request, quote.grant) }
            return .admitted(address, quote.grant)
        }
    }

    private mutating func note(_ address: Address, _ request: Services.Request, _ grant: Grant) {
        var row = rows[address.node] ?? Self.row(run.plan.nodes[address.node], grant)
        row.iterations += 1
        row.cost += services.estimate(request, grant) ?? grant.upper
        row.upper += grant.upper
        row.isUnbounded = row.isUnbounded || grant.isUnbounded
        row.isUncertain = isUncertain(address.node)
        rows[address.node] = row
    }

    /// Whether a node runs for lists, or on a branch, that nobody knows before.
    private func isUncertain(_ place: Int) -> Bool {
        let node = run.plan.nodes[place]
        let lists = node.dimensions.contains { dimension in
            dimension.isTurn
                || dimension.sources.contains {
                    !Stand.hasKnownCount(run.plan.nodes[$0.node]) && unforeseeable.contains($0.node)
                }
        }
        let branches = node.ancestors.contains { ancestor in
            let other = run.plan.nodes[ancestor]
            return ancestor != place && other.type.kind == .logic && other.outputs.contains(where: \.isBranch)
                && unforeseeable.contains(ancestor)
        }
        return lists || branches
    }

    private static func row(_ node: PlanNode, _ grant: Grant) -> Estimate.Row {
        Estimate.Row(
            node: node.id,
            label: node.label,
            model: grant.model,
            provider: grant.provider,
            iterations: 0,
            isUncertain: false,
            isUnbounded: grant.isUnbounded,
            cost: .zero,
            upper: .zero
        )
    }

    private func outcome(_ address: Address) -> RunInput.Outcome {
        let node = run.plan.nodes[address.node]
        let prepared = (try? run.prepare(address, now: now)) ?? Prepared(inputs: [:], parameters: [:])
        var outputs: [String: Value] = [:]
        for output in node.outputs {
            let value = Stand.value(for: output.type, prepared)
            outputs[output.id] = output.isList ? .list([Value](repeating: value, count: Stand.count(prepared))) : value
        }
        return .succeeded(outputs: outputs, cost: .zero, requestID: nil)
    }
}

/// Values that stand for results nobody has yet.
private enum Stand {
    /// The parameters that say how many results a model makes.
    private static let counts = ["num_images", "num_outputs", "n", "count"]
    /// The longest list that is played.
    private static let most: Int64 = 100

    static func count(_ prepared: Prepared) -> Int {
        let told = counts.lazy.compactMap { prepared.parameters[$0]?.integer }.first
        return Int(min(max(told ?? 1, 1), most))
    }

    /// Whether the parameters of a node say how long its lists are.
    static func hasKnownCount(_ node: PlanNode) -> Bool {
        node.parameters.contains { counts.contains($0.parameter.id) }
    }

    static func value(for type: PortType, _ prepared: Prepared) -> Value {
        switch type {
        case .text, .any: .text(String(repeating: "word ", count: 100))
        case .number: .json(1)
        case .boolean: .json(true)
        case .json: .json([:])
        case .image, .video, .audio, .model3D, .file: media(type, prepared).map(Value.media) ?? .text("")
        }
    }

    private static func media(_ type: PortType, _ prepared: Prepared) -> MediaReference? {
        guard let hash else { return nil }
        let (width, height) = size(prepared)
        let seconds = ["duration", "seconds", "duration_seconds"].lazy.compactMap { name -> Double? in
            let json = prepared.parameters[name]
            return json?.number ?? json?.string.flatMap { Double($0.prefix { $0.isNumber || $0 == "." }) }
        }.first
        var mime = "application/octet-stream"
        switch type {
        case .image: mime = "image/png"
        case .video: mime = "video/mp4"
        case .audio: mime = "audio/mpeg"
        default: break
        }
        let isTimed = type == .video || type == .audio
        return MediaReference(
            hash: hash,
            mimeType: mime,
            bytes: 1_000_000,
            width: type == .audio ? nil : width,
            height: type == .audio ? nil : height,
            durationMs: isTimed ? Int64((seconds ?? 5) * 1000) : nil
        )
    }

    private static let hash = ContentHash(bytes: [UInt8](repeating: 0, count: 32))

    /// The size of a picture that the parameters ask for; about a megapixel where they say nothing of it.
    private static func size(_ prepared: Prepared) -> (Int, Int) {
        let scale = prepared.parameters["scale_factor"]?.number ?? prepared.parameters["scale"]?.number
        if let scale, let given = prepared.inputs.values.flatMap(\.media).first, let width = given.width,
            let height = given.height, scale > 0, scale <= 16
        {
            return (Int(Double(width) * scale), Int(Double(height) * scale))
        }
        if let width = prepared.parameters["width"]?.integer, let height = prepared.parameters["height"]?.integer,
            (1...100_000).contains(width), (1...100_000).contains(height)
        {
            return (Int(width), Int(height))
        }
        let ratio = prepared.parameters["aspect_ratio"]?.string?.split(separator: ":").compactMap { Double($0) } ?? []
        guard ratio.count == 2, ratio[0] > 0, ratio[1] > 0 else { return (1024, 1024) }
        let long = 1024.0
        return ratio[0] >= ratio[1]
            ? (Int(long), max(1, Int(long * ratio[1] / ratio[0])))
            : (max(1, Int(long * ratio[0] / ratio[1])), Int(long))
    }
}

/// The same numbers each time: an estimate does not depend on chance.
private struct SteadyRandom: RandomNumberGenerator {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}

extension Plan {
    /// The nodes whose results nobody knows before, and all that follow them.
    fileprivate var followersOfUnforeseeable: Set<Int> {
        var found = Set(nodes.indices.filter { nodes[$0].isUnforeseeable })
        var open = Array(found)
        while let place = open.popLast() {
            for edge in nodes[place].outgoing where found.insert(edges[edge].target).inserted {
                open.append(edges[edge].target)
            }
        }
        return found
    }
}
