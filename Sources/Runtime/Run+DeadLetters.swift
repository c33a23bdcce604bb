import Engine
import Storage
import Values
import Workflows

extension Run {
    /// What a run that has failed leaves for a person: one letter for the run, and one for each item that failed of a
    /// node that ran for many.
    func deadLetters(_ end: RunEnd, random: inout some RandomNumberGenerator) -> [DeadLetter] {
        guard end.phase != .completed, end.phase != .cancelled else { return [] }
        let failed = end.failedNode.flatMap { plan.place(of: $0) }
        var letters = [
            letter(
                .execution,
                end.error ?? NodeError("internal_error", "The run failed."),
                address: failed.map { Address(node: $0) },
                attempts: failed.flatMap { nodes[$0].single?.attempts.count } ?? 0,
                at: end.at,
                random: &random
            )
        ]
        letters[0].payload = payload
        for (place, state) in nodes.enumerated() {
            for (index, item) in state.items.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                guard case .failed(let error, isHandled: false) = item.state else { continue }
                letters.append(
                    letter(
                        .node,
                        error,
                        address: Address(node: place, index: index),
                        attempts: item.attempts.count,
                        at: end.at,
                        random: &random
                    )
                )
            }
        }
        return letters
    }

    private func letter(
        _ kind: DeadLetter.Kind,
        _ error: NodeError,
        address: Address?,
        attempts: Int,
        at: Instant,
        random: inout some RandomNumberGenerator
    ) -> DeadLetter {
        var letter = DeadLetter(
            id: DeadLetterID(at: at, random: &random),
            account: facts.account,
            kind: kind,
            reason: error.code,
            error: error.record,
            attempts: Int64(attempts),
            payload: .null,
            createdAt: at
        )
        letter.workflow = facts.workflow
        letter.execution = facts.execution
        letter.node = address.map { plan.nodes[$0.node].id }
        letter.address = address?.text(in: plan)
        return letter
    }

    /// What the run was started with.
    private var payload: JSON { facts.payload }
}

extension RunFacts {
    /// What a run was started with, as a dead letter shows it.
    var payload: JSON {
        var payload: JSONObject = ["inputs": inputs]
        if !overrides.isEmpty {
            payload["overrides"] = .object(
                JSONObject(
                    overrides.sorted { $0.key < $1.key }.map {
                        JSONObject.Member(key: $0.key, value: ["config": .object($0.value)])
                    }
                )
            )
        }
        if !triggerData.isNull { payload["triggerData"] = triggerData }
        return .object(payload)
    }
}
