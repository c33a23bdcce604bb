import Admission
import Assets
import Catalog
import Engine
import EventLoop
import Expressions
import HTTPClient
import HTTPValues
import Values

/// One attempt through a vendor: submit, ask until it is done, fetch the result.
///
/// A thousand may wait at once for a vendor's answer, each in half a dozen functions: they pass a reference.
final class VendorAttempt: Sendable {
    let vendors: Vendors
    let order: Vendors.Call
    let plan: OfferPlan
    let credential: Credentials.Credential
    let client: OutgoingClient
    /// Until when the attempt must have ended.
    let clock: AttemptClock
    /// Names the attempt to the vendor, 32 hexadecimal digits.
    let key: String
    /// The address under which the vendor can call us; `nil` when it cannot, or is not to.
    let webhook: String?
    let milestone: @Sendable (VendorMilestone) async -> Void
    /// The media that the vendor has by now.
    let uploads = UploadedMedia()

    init(
        _ order: Vendors.Call,
        _ plan: OfferPlan,
        _ credential: Credentials.Credential,
        _ client: OutgoingClient,
        key: String,
        webhook: String?,
        in vendors: Vendors,
        milestone: @escaping @Sendable (VendorMilestone) async -> Void
    ) {
        self.vendors = vendors
        self.order = order
        self.plan = plan
        self.credential = credential
        self.client = client
        clock = AttemptClock(deadline: order.grant.deadline)
        self.key = key
        self.webhook = webhook
        self.milestone = milestone
    }

    var type: NodeType { order.type }
    var assets: AssetStore { vendors.assets }
    func now() -> Instant { vendors.now() }

    /// How far a job has come.
    enum VendorMilestone: Sendable {
        case submitted(keep: JSON)
        case ready(keep: JSON)
        case asked
        case cut
    }

    /// Where an attempt begins.
    enum Stage: Hashable {
        case fresh
        /// An earlier process may have sent it.
        case doubtful
        case submitted(JSON)
        case ready(JSON)
    }

    /// What came of it.
    struct Result {
        let outputs: [String: Value]
        let cost: Money
        let requestID: String?
    }

    func perform(_ prepared: Prepared, from stage: Stage) async throws(NodeError) -> Result {
        var scope = baseScope(prepared)
        var answer: Answer?
        switch stage {
        case .fresh:
            let (first, kept) = try await submit(&scope)
            if let first, plan.envelope.mode == .inline { return try await finish(first, scope) }
            await milestone(.submitted(keep: kept))
            if let first, plan.envelope.mode == .either, try phase(.submit, first, scope).isDone {
                await milestone(.ready(keep: kept))
                answer = first
            } else {
                answer = try await waitForJob(&scope, kept, isFirst: true)
            }
        case .doubtful:
            let error = NodeError(
                .unknownOutcome,
                "The server stopped while the call was under way; whether \(plan.provider) took it is unknown.",
                accepted: .unknown,
                charged: .unknown
            )
            // The vendor knows our key: sending the call again buys nothing twice.
            if isKeyed { return try await perform(prepared, from: .fresh) }
            let kept = try await findOut(scope, after: error)
            scope.set("keep", CELValue(kept))
            await milestone(.submitted(keep: kept))
            answer = try await waitForJob(&scope, kept, isFirst: false)
        case .submitted(let kept):
            scope.set("keep", CELValue(kept))
            answer = try await waitForJob(&scope, kept, isFirst: false)
        case .ready(let kept):
            scope.set("keep", CELValue(kept))
            if let callback = order.callback { answer = try believed(callback, scope) }
        }
        return try await result(answer, &scope)
    }

    /// What a job that is done has made.
    private func result(_ answer: Answer?, _ scope: inout VendorScope) async throws(NodeError) -> Result {
        do throws(NodeError) {
            return try await finish(try await resultAnswer(answer, &scope), scope)
        } catch {
            // The address of a result dies before the result does: the vendor is asked for a fresh one, once.
            guard error.failure == .expired, !Task.isCancelled else { throw error }
            let fresh = try await ask(.status, &scope)
            guard let kept = try? keep(try call(.status), fresh, fresh.scope(scope), before: kept(scope)) else {
                throw error
            }
            scope.set("keep", CELValue(kept))
            return try await finish(try await resultAnswer(fresh, &scope), scope)
        }
    }

    /// The answer that holds the result; after a restart the status answer is asked for once more.
    private func resultAnswer(_ answer: Answer?, _ scope: inout VendorScope) async throws(NodeError) -> Answer {
        if let answer, answer.call == .callback { return answer }
        if plan.envelope.calls[.result] != nil { return try await ask(.result, &scope) }
        if let answer { return answer }
        return try await ask(.status, &scope)
    }

    private func kept(_ scope: VendorScope) -> JSON {
        (try? scope.value(ofRoot: "keep")?.json()) ?? .object(JSONObject())
    }

    /// Tells the vendor that a job is not wanted any more, as far as the vendor can be told.
    func cancel(_ prepared: Prepared, _ kept: JSON) async {
        guard let call = plan.envelope.calls[.cancel] else { return }
        var scope = baseScope(prepared)
        scope.set("keep", CELValue(kept))
        _ = try? await exchange(.cancel, call, scope, timeout: .seconds(10))
    }

    // MARK: Submit

    /// The answer and what is kept of it; no answer when a look-up found the job instead.
    private func submit(_ scope: inout VendorScope) async throws(NodeError) -> (Answer?, JSON) {
        let call = try call(.submit)
        if let input = plan.envelope.input {
            do {
                scope.set("request", try input.render(in: scope, with: context) ?? .map([:]))
            } catch {
                throw NodeError(.contract, "The request to \(plan.provider) cannot be made: \(error)")
            }
        }
        var resends = isKeyed ? 2 : 0
        while true {
            do throws(NodeError) {
                let (answer, failure) = try await exchange(.submit, call, scope, timeout: remaining(call.timeout))
                if let failure { throw failure }
                let kept = try keep(call, answer, answer.scope(scope), before: .object(JSONObject()))
                scope.set("keep", CELValue(kept))
                return (answer, kept)
            } catch {
                guard error.accepted == .unknown, !Task.isCancelled else { throw error }
                guard resends > 0 else {
                    let kept = try await findOut(scope, after: error)
                    scope.set("keep", CELValue(kept))
                    return (nil, kept)
                }
                // The vendor knows our key and does nothing twice.
                resends -= 1
                let lost = error
                do throws(NodeError) {
                    if let message = try await sleep(.seconds(1)), let kept = named(message) { return (nil, kept) }
                } catch {
                    throw lost
                }
            }
        }
    }

    // MARK: Jobs

    private func waitForJob(
        _ scope: inout VendorScope,
        _ submitted: JSON,
        isFirst: Bool
    ) async throws(NodeError) -> Answer {
        let poll = isCalledBack ? plan.envelope.calledBackPoll : plan.envelope.poll
        let call = try call(.status)
        // After a restart every vendor is asked at once, but not all of its jobs at the same moment.
        var pause = isFirst ? poll.first : plan.envelope.poll.every * Double.random(in: 0...0.5)
        var kept = submitted
        var questions = 0
        var isQueued = false
        var message = order.callback
        while true {
            if message == nil { message = try await sleep(pause) }
            if let said = message {
                message = nil
                kept = kept.merging(said.keep)
                scope.set("keep", CELValue(kept))
                if let answer = try believed(said, scope) {
                    await milestone(.ready(keep: kept))
                    return answer
                }
            } else if isQueued, !poll.countsQueue {
                clock.prolong(by: pause)
            }
            let answer = try await ask(.status, &scope)
            if questions == 0 { await milestone(.asked) }
            kept = try keep(call, answer, answer.scope(scope), before: kept)
            scope.set("keep", CELValue(kept))
            let phase = try phase(.status, answer, scope)
            if phase.isDone {
                await milestone(.ready(keep: kept))
                return answer
            }
            isQueued = phase == .queued
            questions += 1
            pause = questions == 1 ? poll.every : min(pause * poll.factor, poll.longest)
        }
    }

    /// Whether the vendor tells us by itself when a job is done, so that asking is only the safety net.
    private var isCalledBack: Bool { webhook != nil }

    /// What an answer says of the job; one that says that it has failed throws, a word nobody knows counts as running.
    private func phase(_ kind: CallKind, _ answer: Answer, _ scope: VendorScope) throws(NodeError) -> JobPhase {
        let full = answer.scope(scope)
        guard let plan = try call(kind).phase,
            let word = (try? plan.word.evaluate(in: full, with: context))?.unwrapped?.string,
            let phase = plan.meanings[word]
        else { return .running }
        switch phase {
        case .failed, .cancelled, .expired: throw judge.jobFailure(phase, answer, full)
        case .queued, .running, .ready, .succeeded: return phase
        }
    }

    /// Makes a call that may be repeated freely, until it gives an answer that counts.
    private func ask(_ kind: CallKind, _ scope: inout VendorScope) async throws(NodeError) -> Answer {
        try await ask(kind, try call(kind), scope)
    }

    func ask(_ kind: CallKind, _ call: CallPlan, _ scope: VendorScope) async throws(NodeError) -> Answer {
        var pause = Duration.milliseconds(500)
        while true {
            do throws(NodeError) {
                let timeout = remaining(call.timeout ?? .seconds(60))
                let (answer, failure) = try await exchange(kind, call, scope, timeout: timeout)
                guard let failure else { return answer }
                let isFinal = judge.rule(for: answer, answer.scope(scope))?.isFinal ?? false
                guard let known = failure.failure, AnswerJudge.mayPass(known), !isFinal else { throw failure }
                pause = failure.retryAfter ?? pause
            } catch {
                guard let known = error.failure, AnswerJudge.mayPass(known), error.httpStatus == nil, !Task.isCancelled
                else { throw error }
            }
            try await sleep(pause)
            pause = min(pause * 2, .seconds(15))
        }
    }

    // MARK: Results

    private func finish(_ answer: Answer, _ scope: VendorScope) async throws(NodeError) -> Result {
        let full = answer.scope(scope)
        if let failure = judge.hiddenFailure(answer, full) { throw failure }
        let capture = Capture(
            plan: plan,
            type: type,
            assets: assets,
            client: client,
            ownHost: ownHost,
            credential: { [self] url throws(NodeError) in
                isCredentialed(url) ? try credentialHeaders(scope) : [:]
            },
            streamed: answer.streamed?.texts ?? [:],
            context: context,
            now: vendors.now,
            timeout: remaining(.seconds(600))
        )
        let outputs = try await capture.outputs(full)
        if judge.holds(plan.envelope.truncatedWhen, full) == true { await milestone(.cut) }
        let estimated = plan.price?.estimate ?? plan.price?.upper
        let price = plan.price?.actual ?? estimated
        var cost = Money.zero
        if let price {
            let value =
                (try? price.evaluate(in: full, with: context)) ?? (try? estimated?.evaluate(in: full, with: context))
            cost = value?.nano ?? .zero
        }
        return Result(outputs: outputs, cost: cost, requestID: judge.requestID(full))
    }

    func keep(
        _ call: CallPlan,
        _ answer: Answer,
        _ scope: VendorScope,
        before: JSON
    ) throws(NodeError) -> JSON {
        var kept = before.object ?? JSONObject()
        if let streamed = answer.streamed { return JSON.object(kept).merging(.object(streamed.kept)) }
        for (name, expression) in call.keep {
            do {
                if let value = try expression.evaluate(in: scope, with: context).unwrapped {
                    kept[name] = try value.json()
                }
            } catch {
                throw judge.contractBroken("\(name) is missing (\(error.message))", answer, scope)
            }
        }
        return .object(kept)
    }

    // MARK: Small parts

    private func call(_ kind: CallKind) throws(NodeError) -> CallPlan {
        guard let call = plan.envelope.calls[kind] else {
            throw NodeError(.contract, "\(plan.provider) has no \(kind.rawValue) call.")
        }
        return call
    }

    var functions: HostFunctions {
        var outside: Set<MediaPlan.Form> = vendors.link == nil ? [] : [.url]
        // An operator's own server is no place for uploads that go to a fixed address of the vendor.
        if let upload = plan.envelope.media.upload, upload.isRelative || credential.baseURL == nil {
            outside.insert(.upload)
        }
        return HostFunctions(
            media: plan.envelope.media,
            megapixel: plan.price?.megapixel ?? 1_000_000,
            outside: outside
        )
    }

    var context: EvaluationContext { functions.context(now: order.startedAt) }

    var judge: AnswerJudge { AnswerJudge(plan: plan, context: context, now: now()) }

    func baseScope(_ prepared: Prepared) -> VendorScope {
        var scope = VendorScope.request(
            prepared,
            plan,
            key: key,
            deadlineMs: max(0, (clock.deadline - now()).wholeMilliseconds),
            wantsStream: order.partial != nil,
            webhook: webhook
        )
        if !credential.variables.isEmpty {
            scope.set("vars", CELValue(plan.variables.merging(.object(credential.variables))))
        }
        return scope
    }

    func remaining(_ limit: Duration?) -> Duration {
        let left = max(.milliseconds(1), clock.deadline - now())
        return limit.map { min($0, left) } ?? left
    }

    /// Waits, or until the vendor calls us.
    @discardableResult
    private func sleep(_ pause: Duration) async throws(NodeError) -> VendorCallback? {
        let spread = 1 + plan.envelope.poll.jitter * Double.random(in: -1...1)
        let pause = max(.zero, pause * spread)
        guard now() + pause < clock.deadline else {
            throw NodeError(
                .timeout,
                "The job at \(plan.provider) was not done in time.",
                accepted: .yes,
                charged: .unknown
            )
        }
        do {
            return try await order.listen(pause)
        } catch {
            throw NodeError(.network, "The attempt was stopped.", accepted: .yes, charged: .unknown)
        }
    }
}

extension JobPhase {
    /// Whether the vendor has nothing more to do.
    fileprivate var isDone: Bool { self == .ready || self == .succeeded }
}
