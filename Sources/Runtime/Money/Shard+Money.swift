import Synchronization
import Engine
import EventLoop
import Storage
import Values
import Workflows

extension Shard {
    /// Whether the account's credits and the budgets allow an attempt of a node run.
    ///
    /// - Returns: What the node run is told now; `nil` when there is money for it.
    func consultMoney(_ entry: Entry, _ address: Address, _ run: Run, _ grant: Grant) -> RunDriver.Admission? {
        guard grant.isPaid else { return nil }
        let payer = run.facts.payer
        guard let rules = desk.known(payer.account, on: loop) else {
            learnRules(entry, address, payer.account)
            return .pending
        }
        let purses = rules.isFree ? [] : rules.purses(for: payer, on: services.now().day)
        guard !purses.isEmpty else { return nil }
        guard !grant.isUnbounded || !purses.contains(where: \.unit.isMoney) else {
            let error = NodeError(
                "budget_exceeded",
                "Nobody can say what \(run.plan.nodes[address.node].label) costs at most through \(grant.offer), and what "
                    + "the account may spend is limited. Choose a type with a highest price."
            )
            return .refused(error)
        }
        let lacking = entry.money.promise(grant.upper, address, purses)
        guard !lacking.isEmpty else { return nil }
        entry.money.wanted[address] = lacking.map { order in
            // Items of a list come ten at a time.
            let isItem = !address.index.isEmpty
            return HoldOrder(
                purse: order.purse,
                amount: isItem && order.amount < .max / 10 ? order.amount * 10 : order.amount
            )
        }
        obtain(entry, smallest: [address: lacking])
        return .pending
    }

    private func learnRules(_ entry: Entry, _ address: Address, _ account: AccountID) {
        let id = entry.handle.id
        Task(executorPreference: loop) {
            guard await self.knowsRules(of: account) else { return }
            await self.askAgain(id, address)
        }
    }

    /// Reads what limits an account, however long that takes; `false` when this server ends before.
    private func knowsRules(of account: AccountID) async -> Bool {
        var isKnown = false
        while !isKnown, !isStopping {
            do throws(StorageError) {
                _ = try await desk.rules(of: account, on: loop)
                isKnown = true
            } catch {
                services.log("What limits \(account) cannot be read: \(error)")
                guard (try? await loop.sleep(for: .seconds(1))) != nil else { return false }
            }
        }
        return isKnown
    }

    /// Asks for the money that was wanted while the run was being accepted.
    func obtainWanted(_ entry: Entry) {
        if !entry.money.wanted.isEmpty { obtain(entry, smallest: [:]) }
    }

    /// Asks the database for money, for one node run after the other.
    private func obtain(_ entry: Entry, smallest: [Address: [HoldOrder]]) {
        for (address, orders) in smallest { entry.money.smallest[address] = orders }
        // A run that is just being accepted is not stored yet; its acceptance goes on with this.
        guard !entry.money.isAsking, handles.withLock({ $0[entry.handle.id] != nil }) else { return }
        entry.money.isAsking = true
        // The driver may be deciding right now; what is shown of the run has the same facts.
        let (id, epoch, facts) = (entry.handle.id, entry.epoch, entry.handle.snapshot.run.facts)
        Task(executorPreference: loop) { await self.obtain(id, epoch, facts) }
    }

    private func obtain(_ id: ExecutionID, _ epoch: Int64, _ facts: RunFacts) async {
        while let entry = entry(id), entry.epoch == epoch {
            guard let address = entry.money.wanted.keys.first,
                let wanted = entry.money.wanted.removeValue(forKey: address)
            else {
                entry.money.isAsking = false
                return
            }
            let smallest = entry.money.smallest.removeValue(forKey: address) ?? wanted
            do throws(StorageError) {
                let isHeld = try await hold(wanted, orElse: smallest, id, epoch, facts)
                guard let entry = self.entry(id), entry.epoch == epoch else { return }
                if let isHeld {
                    entry.money.add(isHeld)
                    entry.money.pass(address, isHeld)
                    askAgain(id, address)
                } else {
                    try await database.noteMoneyWait(id, facts.account, at: services.now())
                    send(id, .unaffordable(address))
                }
            } catch {
                guard let entry = self.entry(id), entry.epoch == epoch else { return }
                guard error != .fenced else {
                    drop(entry, stopsAttempts: false)
                    return await loadAgain(entry)
                }
                services.log("Money for \(id) cannot be held: \(error)")
                try? await loop.sleep(for: .seconds(1))
                entry.money.wanted[address] = wanted
                entry.money.smallest[address] = smallest
            }
        }
    }

    /// Holds what is wanted, or what is needed at least.
    private func hold(
        _ wanted: [HoldOrder],
        orElse smallest: [HoldOrder],
        _ id: ExecutionID,
        _ epoch: Int64,
        _ facts: RunFacts
    ) async throws(StorageError) -> [HoldOrder]? {
        for orders in wanted == smallest ? [wanted] : [wanted, smallest] {
            let shortage = try await database.hold(orders, for: id, facts.payer, epoch: epoch, at: services.now())
            if shortage == nil { return orders }
        }
        return nil
    }
}
