import Catalog
public import Values
import Workflows

extension Step {
    /// Journals the wish for the sub-workflow of a node run; the outbox starts it.
    mutating func startChild(_ address: Address) {
        do throws(NodeError) {
            let node = run.plan.nodes[address.node]
            let prepared = try run.prepare(address, now: now)
            let depth = run.facts.parent?.depth ?? 0
            guard depth < ParentLink.maximumDepth else {
                throw NodeError(
                    "child_failed",
                    "\(node.label): sub-workflows nest at most \(ParentLink.maximumDepth) deep. Does one call itself?"
                )
            }
            guard let workflow = prepared.parameters["workflow"]?.string, !workflow.isEmpty else {
                throw NodeError(.invalidInput, "\(node.label): name the workflow.")
            }
            var inputs = prepared.parameters["inputs"]?.object ?? JSONObject()
            for (port, value) in prepared.inputs.sorted(by: { $0.key < $1.key }) { inputs[port] = value.asJSON }
            let id = run.facts.execution.child(of: address.text(in: run.plan), run.outside.wishes[address] ?? 0)
            let version = prepared.parameters["version"]?.string
            let order = ChildOrder(
                id: id,
                workflow: workflow,
                version: version == "latest" ? nil : version,
                inputs: .object(inputs)
            )
            emit(.outside(.childWanted(address, order, at: now)))
            emit(.waiting(address, .child, readyAt: now, since: now, until: nil))
        } catch {
            fail(address, error)
        }
    }

    mutating func take(_ ends: [ChildEnd]) {
        if run.outside.batch != nil { return takeItems(ends) }
        for end in ends {
            guard let address = run.outside.children.first(where: { $0.value.id == end.id })?.key else { continue }
            emit(.outside(.childEnded(address, end, at: now)))
            guard run.nodeRun(address)?.state.isTerminal == false else { continue }
            guard end.status == "COMPLETED" else {
                fail(address, run.childError(end, address))
                continue
            }
            let outputs = run.childOutputs(end, address)
            emit(.completed(address, attempt: 0, outputs: outputs, cost: .zero, requestID: nil, at: now))
            touchFollowers(of: address)
        }
    }

    /// Tells all children that have not ended to do something.
    mutating func tellChildren(_ word: String) {
        let batch = run.outside.batch?.open.sorted().map { run.facts.execution.child(of: "", $0) } ?? []
        let children = run.outside.children.values.map(\.id).sorted() + batch
        if !children.isEmpty { emit(.outside(.told(word, children, at: now))) }
    }

    // MARK: Batches

    /// Starts as many items of the batch as the window has room for.
    mutating func fillWindow() {
        guard let batch = run.outside.batch, !run.isDraining, !run.isPaused, !batch.isStopped else { return }
        let next = min(batch.total, batch.started + batch.spec.window - batch.open.count)
        if next > batch.started { emit(.outside(.itemsStarted(batch.started, next, at: now))) }
    }

    private mutating func takeItems(_ ends: [ChildEnd]) {
        let wasStopped = run.outside.batch?.isStopped ?? false
        let open = ends.filter { end in
            end.item.map { run.outside.batch?.open.contains($0) ?? false } ?? false
        }
        guard !open.isEmpty else { return }
        emit(.outside(.itemsEnded(open, at: now)))
        if run.outside.batch?.isStopped == true, !wasStopped { tellChildren("cancel") }
        fillWindow()
    }

    /// Ends a batch of which no item is open.
    mutating func endBatchIfDone() {
        guard let batch = run.outside.batch else { return }
        let isPartial = batch.failed + batch.cancelled > 0
        if batch.isStopped || (batch.started == batch.total && isPartial && batch.completed == 0) {
            let error = NodeError(
                "child_failed",
                "\(batch.failed) of \(batch.total) items failed. GET /batches/\(run.facts.batch) names them."
            )
            emit(.ended(RunEnd(phase: .failed, at: now, error: error)))
        } else if batch.started == batch.total {
            emit(.ended(RunEnd(phase: isPartial ? .completedPartial : .completed, at: now)))
        }
    }
}

extension Run {
    /// The child execution of an item of the batch.
    public func child(of item: Int) -> ExecutionID { facts.execution.child(of: "", item) }

    fileprivate func childError(_ end: ChildEnd, _ address: Address) -> NodeError {
        let label = plan.nodes[address.node].label
        let reason = end.error.map { "\($0.code): \($0.message)" } ?? "it was cancelled."
        return NodeError("child_failed", "\(label): the sub-workflow \(end.id) did not complete: \(reason)")
    }

    /// What a node gives of its sub-workflow: on ports named like nodes of the result those, on `output` everything.
    fileprivate func childOutputs(_ end: ChildEnd, _ address: Address) -> [String: Value] {
        var outputs: [String: Value] = [:]
        for port in plan.nodes[address.node].outputs { outputs[port.id] = end.outputs[port.id] }
        if end.outputs.count == 1, let value = end.outputs.values.first {
            outputs["output"] = value
        } else {
            outputs["output"] = .json(.sorted(end.outputs.mapValues(\.asJSON)))
        }
        return outputs
    }
}
