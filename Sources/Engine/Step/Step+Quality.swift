import Catalog
import Expressions
import Values
import Workflows

/// What a quality gate's expressions can name: the outputs, and what the node itself can name.
private struct OutputScope: Scope {
    let outer: NodeScope
    let output: CELValue

    func value(ofRoot name: String) -> CELValue? { name == "output" ? output : outer.value(ofRoot: name) }
}

extension Run {
    /// What a node run is told of the last candidate that did not pass; empty for the first one.
    public func feedback(for address: Address) -> String {
        if let own = nodeRun(address)?.candidates.last { return own.feedback }
        guard let gate = plan.nodes[address.node].gate else { return "" }
        let index = Array(address.index.prefix(plan.nodes[gate].dimensions.count))
        return nodes[gate][index]?.candidates.last?.feedback ?? ""
    }

    /// What the quality gate of a node says of its outputs.
    fileprivate func judge(
        _ outputs: [String: Value],
        _ gate: QualityGate,
        _ address: Address,
        attempt: Int,
        now: Instant
    ) throws(NodeError) -> Candidate {
        let members = outputs.map { CELMap.Member(key: $0.key, value: CELValue($0.value, link: \.path)) }
        let scope = OutputScope(
            outer: NodeScope(run: self, address: address, prepared: try prepare(address, now: now)),
            output: .map(CELMap(members))
        )
        let label = plan.nodes[address.node].label
        func value(_ expression: Expression?) throws(NodeError) -> JSON? {
            guard let expression else { return nil }
            do throws(ExpressionError) {
                return try expression.evaluate(in: scope, with: EvaluationContext(now: now)).json()
            } catch {
                throw NodeError("expression_error", "\(label), quality: \(error)")
            }
        }
        let condition = try value(gate.condition)
        let verdict = Verdict(
            condition: condition,
            score: try value(gate.score)?.number ?? condition?.number ?? Self.score(of: outputs),
            target: gate.target
        )
        guard let passed = verdict.passed else {
            throw NodeError(
                "expression_error",
                "\(label), quality: \(gate.condition?.text ?? "the score") gives neither true nor false, nor a number "
                    + "to compare with target."
            )
        }
        let told = passed ? "" : try value(gate.feedback).map(Conversion.text)
        return Candidate(
            attempt: attempt,
            outputs: passed ? [:] : outputs,
            score: verdict.score,
            passed: passed,
            feedback: told ?? verdict.feedback(gate.condition?.text)
        )
    }

    /// The number that outputs call their score.
    private static func score(of outputs: [String: Value]) -> Double? {
        outputs["score"]?.asJSON.number ?? (outputs.count == 1 ? outputs.values.first?.asJSON["score"]?.number : nil)
    }
}

/// A condition and a score, compared with what is wanted.
private struct Verdict {
    let condition: JSON?
    let score: Double?
    let target: Double?

    /// Whether that is enough; `nil` when it cannot be said.
    var passed: Bool? {
        let reached = target.flatMap { target in score.map { $0 >= target } }
        switch condition {
        case .bool(let holds): return holds && reached ?? true
        case nil: return reached ?? (target == nil ? nil : false)
        default: return condition?.number == nil ? nil : reached
        }
    }

    /// A sentence about what was missed.
    func feedback(_ text: String?) -> String {
        var sentence = "The last result was not good enough"
        if let text, condition?.bool == false { sentence += ": \(text) does not hold" }
        if let score { sentence += ", its score is \(JSON(number: score).text)" }
        if let target { sentence += ", at least \(JSON(number: target).text) is needed" }
        return sentence + "."
    }
}

extension Step {
    /// Takes the outputs of an attempt, when the node's quality gate is content with them; else asks for others.
    mutating func accept(
        _ address: Address,
        _ number: Int,
        _ outputs: [String: Value],
        cost: Money,
        requestID: String?
    ) {
        func complete() -> Event {
            .completed(address, attempt: number, outputs: outputs, cost: cost, requestID: requestID, at: now)
        }
        guard let gate = run.plan.nodes[address.node].policy.quality else {
            emit(complete())
            touchFollowers(of: address)
            return
        }
        do {
            let candidate = try run.judge(outputs, gate, address, attempt: number, now: now)
            guard !candidate.passed else {
                emit(.judged(address, attempt: number, candidate, cost: .zero, requestID: nil, at: now))
                emit(complete())
                touchFollowers(of: address)
                return
            }
            emit(.judged(address, attempt: number, candidate, cost: cost, requestID: requestID, at: now))
            guard !run.isDraining else { return }
            let candidates = run.nodeRun(address)?.candidates ?? []
            if number > 0, candidates.count <= gate.maximumRegenerations, candidates.hasGained {
                run.queues[address.node] = [address.index] + (run.queues[address.node] ?? [])
            } else {
                giveUp(address, candidates, gate.onFail)
            }
        } catch {
            let lost = Candidate(attempt: number, outputs: outputs, score: nil, passed: false, feedback: error.message)
            emit(.judged(address, attempt: number, lost, cost: cost, requestID: requestID, at: now))
            guard run.cancelRequestedAt == nil else { return }
            fail(address, error)
        }
    }

    /// Ends a node run of which no candidate has passed.
    private mutating func giveUp(_ address: Address, _ candidates: [Candidate], _ onFail: QualityGate.OnFail) {
        let chosen = onFail == .best ? candidates.best : candidates.last
        guard onFail != .fail, let chosen else {
            let scores = candidates.compactMap(\.score).map { JSON(number: $0).text }
            return fail(
                address,
                NodeError(
                    "quality_gate_failed",
                    "None of \(candidates.count) candidates of \(run.plan.nodes[address.node].label) was good enough"
                        + (scores.isEmpty ? "" : " (scores \(scores.joined(separator: ", ")))")
                        + ": \(candidates.last?.feedback ?? "") Lower what is wanted, allow more regenerations, "
                        + "or take the best one with onFail."
                )
            )
        }
        emit(.completed(address, attempt: 0, outputs: chosen.outputs, cost: .zero, requestID: nil, at: now))
        touchFollowers(of: address)
    }

    // MARK: The node logic:gate

    /// Passes a candidate on, or has the nodes before the gate make another one.
    mutating func gate(_ address: Address, _ prepared: Prepared) throws(NodeError) {
        let node = run.plan.nodes[address.node]
        let condition = prepared.parameters["condition"]
        let score = prepared.inputs["score"]?.asJSON.number ?? condition?.number
        let verdict = Verdict(condition: condition, score: score, target: prepared.parameters["target"]?.number)
        guard let passed = verdict.passed else {
            throw NodeError(.invalidInput, "\(node.label): set a condition, or a score and a target.")
        }
        var outputs = ["value": prepared.inputs["value"] ?? .json(.null), "passed": .json(.bool(passed))]
        outputs["score"] = score.map { .json(JSON(number: $0)) }
        let text = node.parameters.first { $0.parameter.id == "condition" }.flatMap(\.binding).flatMap { binding in
            if case .expression(let expression) = binding { expression.text } else { nil }
        }
        let candidate = Candidate(
            attempt: 0,
            outputs: passed ? [:] : outputs,
            score: score,
            passed: passed,
            feedback: passed ? "" : prepared.parameters["feedback"]?.string ?? verdict.feedback(text)
        )
        let candidates = (run.nodeRun(address)?.candidates ?? []) + [candidate]
        let most = prepared.parameters["maxRegenerations"]?.integer ?? 2
        let isSettled = node.guarded.allSatisfy { run.isResolved($0, under: address.index) }
        guard !passed, candidates.count <= most, candidates.hasGained, isSettled, !node.guarded.isEmpty else {
            emit(.judged(address, attempt: 0, candidate, cost: .zero, requestID: nil, at: now))
            guard passed else {
                let word = prepared.parameters["onFail"]?.string ?? ""
                return giveUp(address, candidates, QualityGate.OnFail(rawValue: word) ?? .fail)
            }
            emit(.completed(address, attempt: 0, outputs: outputs, cost: .zero, requestID: nil, at: now))
            touchFollowers(of: address)
            return
        }
        emit(.regenerating(address, candidate, at: now))
        for guarded in node.guarded { touch(Address(node: guarded, index: address.index)) }
    }
}
