import Engine
import EventLoop
import Values

extension Shard {
    /// So long a batch makes do with its first places: by then its vendors have said how much they take.
    private static let gentleStart = Duration.seconds(1)

    /// Whether an item of a batch has its place among those that compute, which it keeps to its end.
    func hasBatchPlace(_ entry: Entry, _ address: Address, _ run: Run) -> Bool {
        guard let parent = run.facts.parent, parent.concurrency > 0 else { return true }
        if let batch = entry.batch {
            if !batch.hasPlace { entry.batch?.waiting.append(address) }
            return batch.hasPlace
        }
        let id = entry.handle.id
        let kind = "batch:\(parent.execution)"
        let (hasPlace, keepsBack) = slots.take(kind, of: parent.concurrency) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.takeBatchPlace(id, kind) }
        }
        if keepsBack { _ = loop.schedule(after: Self.gentleStart) { [slots] in slots.open(kind) } }
        entry.batch = (hasPlace, hasPlace ? [] : [address])
        return hasPlace
    }

    /// Takes the place of an item in the line of its batch, and asks again for all attempts that wait for it.
    private func takeBatchPlace(_ id: ExecutionID, _ kind: String) {
        guard let entry = entry(id), let batch = entry.batch, !batch.hasPlace else { return slots.pass(kind) }
        entry.batch = nil
        var waiting = batch.waiting[...]
        while let address = waiting.popFirst() {
            askAgain(id, address)
            guard entry.batch?.hasPlace != false else {
                entry.batch?.waiting += waiting
                return
            }
        }
        if entry.batch == nil { slots.pass(kind) }
    }

    /// Gives back the place that an item of a batch has among those that compute.
    func giveBackBatchPlace(_ entry: Entry) {
        if entry.batch?.hasPlace == true, let parent = entry.driver.run.facts.parent {
            slots.give("batch:\(parent.execution)")
        }
        entry.batch = nil
    }
}
