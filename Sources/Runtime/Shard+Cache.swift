import Engine
import Storage
import Values
import Workflows

extension Shard {
    /// Whether a node run needs the answer of the cache before it may be admitted.
    ///
    /// - Returns: What the node run is told now; `nil` when it goes on to be admitted.
    func consultCache(_ entry: Entry, _ address: Address, _ run: Run, _ request: Services.Request, _ grant: Grant)
        -> RunDriver.Admission?
    {
        let node = run.plan.nodes[address.node]
        let mode = run.cacheMode(node)
        guard mode != .off, let cache = services.cache, let identity = services.identity(request, grant) else {
            return nil
        }
        guard run.mayUseCache(address), let key = run.callKey(node, request.prepared, grant, identity) else {
            return mode == .only ? .refused(Self.miss(node, "its result is never kept")) : nil
        }
        if let claimed = entry.claims[address] {
            if claimed == key { return nil }
            // Someone else would be called now.
            entry.claims[address] = nil
            cache.giveUp(claimed)
        }
        let (id, epoch, account) = (entry.handle.id, entry.epoch, run.facts.account)
        let now = services.now()
        Task(executorPreference: loop) {
            do throws(StorageError) {
                let answer = try await cache.ask(key, account, at: now, onlyKnown: mode == .only) { answer in
                    // Who may not make the call leaves it to the next who waits.
                    if mode == .only, case .fill = answer { cache.giveUp(key) }
                    Task(executorPreference: self.loop) { await self.cached(id, epoch, address, key, mode, answer) }
                }
                await self.cached(id, epoch, address, key, mode, answer)
            } catch {
                await self.refuse(id, epoch, address, error)
            }
        }
        return .pending
    }

    /// Goes on with a node run whose question to the cache is answered; `nil` when it has to wait for another call.
    private func cached(
        _ id: ExecutionID,
        _ epoch: Int64,
        _ address: Address,
        _ key: ContentHash,
        _ mode: CacheMode,
        _ answer: CallCache.Answer?
    ) {
        guard let entry = entry(id), entry.driver.epoch == epoch else {
            // The run has gone: whoever waits makes the call.
            if case .fill = answer, mode != .only { services.cache?.giveUp(key) }
            return
        }
        let run = entry.driver.run
        let node = run.plan.nodes[address.node]
        switch answer {
        case .hit(let hit): send(id, .reused(address, outputs: hit.outputs, hit.reuse))
        case nil: send(id, .deferred(address, .cacheFill, until: nil))
        case .fill:
            guard mode != .only else {
                return send(id, .refused(address, Self.miss(node, "no equal call was made before")))
            }
            entry.claims[address] = key
            switch admit(entry, address, run) {
            case .granted(let grant): send(id, .admitted(address, grant))
            case .deferred(let reason, let until): return send(id, .deferred(address, reason, until: until))
            case .refused(let error): send(id, .refused(address, error))
            case .reused, .pending: return
            }
            giveBackUnused(entry, address)
        }
    }

    private func refuse(_ id: ExecutionID, _ epoch: Int64, _ address: Address, _ error: StorageError) {
        guard let entry = entry(id), entry.driver.epoch == epoch else { return }
        send(id, .refused(address, NodeError("internal_error", "The cache could not be read: \(error)")))
    }

    /// The result that an attempt is to bring for others too; an attempt through another way than was asked about, or
    /// one after the first, brings none.
    func claim(_ entry: Entry, _ address: Address, _ attempt: Attempt) -> ContentHash? {
        guard attempt.grant.fallback == 0 else {
            giveUpClaim(entry, address)
            return nil
        }
        return entry.claims.removeValue(forKey: address)
    }

    /// Gives up the call that others wait for, because it is not made.
    func giveUpClaim(_ entry: Entry, _ address: Address) {
        if let key = entry.claims.removeValue(forKey: address) { services.cache?.giveUp(key) }
    }

    /// Says what came of a call that others may wait for; `nil` when it is nothing for others.
    nonisolated func settle(
        _ key: ContentHash,
        _ account: AccountID,
        _ execution: ExecutionID,
        _ outcome: RunInput.Outcome?
    ) async {
        guard case .succeeded(let outputs, let cost, _) = outcome else {
            services.cache?.giveUp(key)
            return
        }
        await services.cache?.fill(key, account, execution, outputs: outputs, cost: cost, at: services.now())
    }

    /// Whether the call of a node run is to go on though its run does not want it any more: others wait for it.
    func isAwaited(_ entry: Entry, _ address: Address) -> Bool {
        guard !isStopping, let key = entry.filling[address] else { return false }
        return services.cache?.isAwaited(key) ?? false
    }

    private static func miss(_ node: PlanNode, _ why: String) -> NodeError {
        NodeError(
            "cache_miss",
            "\(node.label) has no result in the cache: \(why). Run it with cache: auto to make the call."
        )
    }
}
