import Catalog
import Expressions
import Values
import Workflows

/// What came of a turn.
private struct TurnResult {
    /// What goes into the next turn; `nil` when nothing was fed back.
    var feedback: Value?
    /// What the turn gives.
    var result: Value?
    /// The number by which it is compared.
    var score: Double?
    /// Whether no further turn is wanted.
    var isLast = false
}

extension Run {
    /// Whether a try round a node has caught a failure in the turn that the node run belongs to.
    func isCaught(_ address: Address) -> Bool {
        var inner = address.node
        while let catcher = plan.catcher(of: inner) {
            if turn(of: catcher, along: plan.nodes[address.node].dimensions, at: address.index)?.error != nil {
                return true
            }
            inner = catcher
        }
        return false
    }

    /// The edge that leads from inside a container to a port of it.
    fileprivate func backward(_ container: Int, _ port: String) -> PlanEdge? {
        plan.nodes[container].inputs.first { $0.port.id == port }?.edges.first.map { plan.edges[$0] }
    }

    /// What a backward edge brings at the end of a turn.
    fileprivate func brought(by edge: PlanEdge, _ address: Address, turn: Int) -> Value? {
        guard let port = edge.sourcePort else { return nil }
        let index = address.index + [Int32(turn)]
        guard plan.nodes[edge.source].dimensions.count > index.count else {
            return nodes[edge.source][index]?.outputs[port]
        }
        return .list(collected(edge.source, port: port, under: index))
    }
}

extension Step {
    /// Begins a container whose sources are resolved.
    mutating func open(_ address: Address, _ prepared: Prepared) {
        let entry = run.plan.nodes[address.node].container?.entry ?? ""
        startTurn(address, prepared.inputs[entry])
    }

    private mutating func startTurn(_ address: Address, _ value: Value?) {
        if let error = turnLimit { return fail(address, error) }
        let turns = run.nodeRun(address)?.turns.count ?? 0
        emit(.turnStarted(address, turn: turns + 1, value: value, at: now))
        for member in run.plan.nodes[address.node].container?.members ?? [] {
            touch(Address(node: member, index: address.index + [Int32(turns)]))
        }
        // Where none of them runs, the turn is over already.
        touch(address)
    }

    /// Ends the present turn of a container when all node runs of it are terminal, and begins the next one or ends it.
    mutating func endTurn(_ address: Address) {
        guard let container = run.plan.nodes[address.node].container, let turns = run.nodeRun(address)?.turns,
            let turn = turns.last
        else { return }
        let inner = address.index + [Int32(turns.count - 1)]
        guard container.members.allSatisfy({ run.isResolved($0, under: inner) }) else { return }
        if run.isCaught(address) {
            emit(.skipped(address, .upstreamFailed, at: now))
            touchFollowers(of: address)
            return
        }
        do {
            let settings = try run.prepare(address, now: now).parameters
            let most = settings[container.limit]?.integer.map { Int($0) } ?? 1
            if let error = turn.error {
                emit(.turnEnded(address, turn: turn.number, score: nil, at: now))
                if turn.number < most { return startTurn(address, turn.value) }
                return close(address, ["error": .json(error)])
            }
            guard let result = try result(of: turn, address) else {
                emit(.skipped(address, .upstreamFailed, at: now))
                touchFollowers(of: address)
                return
            }
            emit(.turnEnded(address, turn: turn.number, score: result.score, at: now))
            if container.kind == .loop, !result.isLast, turn.number < most {
                return startTurn(address, result.feedback)
            }
            close(address, outputs(address, container, isBest: settings["keep"] == "best"))
        } catch {
            fail(address, error)
        }
    }

    private mutating func close(_ address: Address, _ outputs: [String: Value]) {
        emit(.completed(address, attempt: 0, outputs: outputs, cost: .zero, requestID: nil, at: now))
        touchFollowers(of: address)
    }

    /// What a turn came to; `nil` when something in it has failed on which that depends.
    private func result(of turn: Turn, _ address: Address) throws(NodeError) -> TurnResult? {
        let inner = address.index + [Int32(turn.number - 1)]
        let dimensions = run.plan.innerDimensions(of: address.node)
        var prepared = Prepared(inputs: [:], parameters: ["turn": .int(Int64(turn.number))])
        prepared.inputs["value"] = turn.value
        var result = TurnResult(feedback: turn.value)
        for port in PlanContainer.innerInputs.sorted() {
            guard let edge = run.backward(address.node, port) else { continue }
            let supply = run.supply(edge, at: inner, along: dimensions)
            if supply == .broken { return nil }
            let value = supply == .live ? run.brought(by: edge, address, turn: turn.number - 1) : nil
            prepared.inputs[port] = value
            if port == "feedback" {
                result.feedback = value
                // Nothing to go on with: the turn has chosen to be the last one.
                result.isLast = value == nil
            }
        }
        result.result =
            prepared.inputs["result"] ?? (run.backward(address.node, "result") == nil ? result.feedback : nil)
        let scope = NodeScope(
            run: run,
            address: Address(node: address.node, index: inner),
            prepared: prepared,
            dimensions: dimensions,
            isInside: true
        )
        if let score = try evaluate("score", address, scope) {
            guard let number = (try? score.json())?.number else { throw wrong(address, "score", "no number") }
            result.score = number
        }
        if let until = try evaluate("until", address, scope) {
            guard let isEnough = (try? until.json())?.bool else {
                throw wrong(address, "until", "neither true nor false")
            }
            result.isLast = result.isLast || isEnough
        }
        return result
    }

    private func evaluate(_ name: String, _ address: Address, _ scope: NodeScope) throws(NodeError) -> CELValue? {
        let node = run.plan.nodes[address.node]
        guard case .itemExpression(let expression)? = node.parameters.first(where: { $0.parameter.id == name })?.binding
        else { return nil }
        do throws(ExpressionError) {
            return try expression.evaluate(in: scope, with: EvaluationContext(now: now))
        } catch {
            throw NodeError("expression_error", "\(node.label), \(name): \(error)")
        }
    }

    private func wrong(_ address: Address, _ name: String, _ what: String) -> NodeError {
        NodeError("expression_error", "\(run.plan.nodes[address.node].label): \(name) gives \(what).")
    }

    /// What a container gives: the outputs of the turn that is kept.
    private func outputs(_ address: Address, _ container: PlanContainer, isBest: Bool) -> [String: Value] {
        guard let turns = run.nodeRun(address)?.turns else { return [:] }
        let port = run.backward(address.node, "result") == nil ? "feedback" : "result"
        let results = turns.map { turn in
            run.backward(address.node, port).flatMap { run.brought(by: $0, address, turn: turn.number - 1) }
        }
        var kept = results.lastIndex { $0 != nil }
        if isBest {
            for (place, turn) in turns.enumerated() where results[place] != nil {
                guard let score = turn.score else { continue }
                if let best = kept.flatMap({ turns[$0].score }), best > score || best == score && kept ?? 0 < place {
                    continue
                }
                kept = place
            }
        }
        var outputs: [String: Value] = [:]
        if let kept { outputs["result"] = results[kept] }
        if container.kind == .attempt { outputs["result"] = outputs["result"] ?? .json(.null) }
        if container.kind == .loop {
            outputs["turns"] = .json(.int(Int64(turns.count)))
            outputs["score"] = kept.flatMap { turns[$0].score }.map { .json(JSON(number: $0)) }
        }
        return outputs
    }

    /// Takes back what has not begun in the turn of a try that has just caught a failure.
    mutating func stopCaught(_ failed: Address) {
        guard let catcher = run.plan.catcher(of: failed.node) else { return }
        let levels = run.plan.nodes[catcher].dimensions.count + 1
        let prefix = failed.index.prefix(levels)
        for node in run.plan.allMembers(of: catcher) {
            guard let queue = run.queues[node] else { continue }
            run.queues[node] = queue.filter { !$0.starts(with: prefix) }[...]
            for index in queue where index.starts(with: prefix) {
                let address = Address(node: node, index: index)
                emit(.skipped(address, .upstreamFailed, at: now))
                touchFollowers(of: address)
            }
        }
    }
}
