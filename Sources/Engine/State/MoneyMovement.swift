public import Values

/// What an event did to the money of a run; the ledger is written from these, in the commit of the event.
public struct MoneyMovement: Sendable, Hashable {
    /// What happened.
    public enum Kind: String, Sendable, Hashable {
        /// An attempt holds the most it can cost.
        case reserve
        /// An attempt has ended: what it cost is booked, and the rest let go of.
        case settle
        /// A job has come to an end that the run had stopped waiting for.
        case late
        /// What was held for attempts of unknown cost is let go of.
        case release
    }

    /// What happened.
    public var kind: Kind
    /// The number of the event.
    public var event: Int64
    /// When.
    public var at: Instant
    /// The node run; `nil` for what concerns the whole run.
    public var address: Address?
    /// The attempt after the event.
    public var attempt: Attempt?
    /// What was booked.
    public var cost: Money = .zero
    /// What the attempt, or the run, held before.
    public var heldBefore: Money = .zero
    /// What it holds now.
    public var heldAfter: Money = .zero
    /// What all attempts of the node had cost before.
    public var nodeBefore: Money = .zero
    /// What was used.
    public var usage = Usage()
    /// Whether it counts as an attempt that has ended.
    public var isEnd = false

    /// What was let go of.
    public var released: Money { max(.zero, heldBefore - heldAfter - cost) }
    /// The credits that the node costs more than before, each node rounded up once.
    public func credits(at price: Money) -> Int64 {
        (nodeBefore + cost).credits(at: price) - nodeBefore.credits(at: price)
    }
}

extension Grant {
    /// Whether an attempt may cost something.
    public var isPaid: Bool { !isSandbox && (upper > .zero || isUnbounded) }
}

extension Run {
    /// Notes what an event did to the money of an attempt.
    mutating func note(
        _ kind: MoneyMovement.Kind,
        _ address: Address,
        _ attempt: Attempt,
        cost: Money = .zero,
        heldBefore: Money,
        usage: Usage = Usage(),
        isEnd: Bool = false
    ) {
        let before = nodes[address.node].spent
        nodes[address.node].spent += cost
        guard attempt.grant.isPaid || cost != .zero else { return }
        var movement = MoneyMovement(kind: kind, event: lastEvent, at: time, address: address, attempt: attempt)
        movement.cost = cost
        movement.heldBefore = heldBefore
        movement.heldAfter = attempt.reserved
        movement.nodeBefore = before
        movement.usage = usage
        movement.isEnd = isEnd
        movements.append(movement)
    }

    /// Lets go of what an attempt of unknown outcome holds, because somebody has said what to do about it.
    mutating func answer(_ run: inout NodeRun, of address: Address) {
        guard case .waiting(.unknownOutcome, _) = run.state, let last = run.attempts.indices.last else { return }
        let held = run.attempts[last].reserved
        budget.release(&run.attempts[last])
        note(.settle, address, run.attempts[last], heldBefore: held, isEnd: true)
    }
}

extension Usage {
    /// What outputs show of what was used to make them: pictures and lengths, and tokens where the vendor tells them.
    public init(of outputs: [String: Value]) {
        self.init()
        for media in outputs.values.flatMap(\.media) {
            switch media.portType {
            case .image:
                images += 1
                pixels = pixels.heldSum(with: Int64(media.width ?? 0) * Int64(media.height ?? 0))
            case .video, .audio: milliseconds = milliseconds.heldSum(with: media.durationMs ?? 0)
            default: continue
            }
        }
        guard case .json(let told)? = outputs["usage"] else { return }
        func count(_ names: [String]) -> Int64 {
            names.lazy.compactMap { told[$0]?.number }.first.map { Int64(min(max($0, 0), 1e15)) } ?? 0
        }
        tokensIn = count(["prompt_tokens", "input_tokens", "tokensIn"])
        tokensOut = count(["completion_tokens", "output_tokens", "tokensOut"])
    }
}
