import Catalog
import Values
import Workflows

extension Step {
    /// Takes notice of the vendor having the job; a second time it only brings what later calls need.
    mutating func submit(_ address: Address, _ number: Int, _ keep: JSON) {
        guard let attempt = run.nodeRun(address)?.openAttempt, attempt.number == number else { return }
        guard attempt.state != .submitted || attempt.keep != keep else { return }
        // What a callback has brought already is not taken back by the answer that it overtook.
        if attempt.state == .ready { return }
        emit(.submitted(address, attempt: number, keep: attempt.keep.merging(keep), at: now))
    }

    /// Takes notice of what a vendor says by calling us: it proves that the vendor has the job.
    mutating func callBack(_ address: Address, _ number: Int, _ callback: VendorCallback) {
        guard let node = run.nodeRun(address), let attempt = node.attempts.last(where: { $0.number == number }),
            attempt.callbacks < VendorCallback.limit
        else { return }
        emit(.calledBack(address, attempt: number, callback, at: now))
        let isNamed = callback.keep["jobId"]?.isNull == false
        switch attempt.state {
        case .intended:
            if isNamed { emit(.submitted(address, attempt: number, keep: callback.keep, at: now)) }
            decision.effects.append(.notify(address, attempt: number, callback))
        case .submitted, .ready: decision.effects.append(.notify(address, attempt: number, callback))
        case .unknown:
            guard isNamed, node.attempts.last?.number == number, case .waiting(.unknownOutcome, _) = node.state,
                !run.isDraining
            else { return }
            emit(.submitted(address, attempt: number, keep: callback.keep, at: now))
            decision.effects.append(.takeUp(address, attempt: number))
        case .succeeded, .failed, .cancelled, .withdrawn: return
        }
    }

    /// Books what a job came to that the run had stopped waiting for.
    mutating func settle(_ address: Address, _ number: Int, _ cost: Money, _ outputs: [String: Value]) {
        guard run.attempts(address).contains(where: { $0.number == number && $0.isAbandoned }) else { return }
        emit(.settled(address, attempt: number, cost: cost, outputs: outputs, at: now))
    }

    /// Takes an attempt back that was not begun in time; admission is asked again, later each time.
    mutating func withdraw(_ address: Address, _ before: NodeRun) {
        guard let attempt = before.openAttempt, attempt.state == .intended else { return }
        let row = before.attempts.reversed().dropFirst().prefix { $0.state == .withdrawn }.count
        let pause = Duration.milliseconds(Int64(250 << min(row, 7)) + Int64.random(in: 0...250, using: &random))
        emit(.withdrawn(address, attempt: attempt.number, next: now + pause, at: now))
    }

    /// Why outputs of a model are no result: the first one, on which everything else builds, is a text without a word.
    ///
    /// A list may well be empty.
    func emptiness(_ outputs: [String: Value], _ address: Address, _ before: NodeRun) -> NodeError? {
        let node = run.plan.nodes[address.node]
        guard node.type.kind == .model, before.openAttempt?.grant.isSandbox == false,
            let port = node.type.outputs.first,
            case .json(.string(let text)) = outputs[port.id], text.allSatisfy(\.isWhitespace)
        else { return nil }
        return NodeError(
            .contract,
            "\(node.label) got an empty result at \(port.id). Change the input, or choose another model.",
            accepted: .yes,
            charged: .yes
        )
    }

    /// The place of the way that an attempt took.
    func way(of before: NodeRun, _ node: PlanNode) -> Int {
        guard let grant = before.openAttempt?.grant else { return before.offer }
        return grant.way ?? node.type.offers.firstIndex { $0.id == grant.offer } ?? before.offer
    }
}
