import Catalog
import Engine
import Expressions
import HTTPClient
import Values

/// What a vendor answered to a call.
struct Answer {
    let call: CallKind
    let status: Int
    var headers: [String: String]
    /// The JSON body; `nil` when it is none.
    let json: JSON?
    let bytes: [UInt8]
    /// How long the call took.
    let milliseconds: Double
    /// What came in pieces; `nil` when the answer came as a whole.
    var streamed: StreamedAnswer?

    init(_ call: CallKind, _ response: OutgoingResponse) {
        self.init(call, response.head, response.body, within: response.facts.totalTime)
    }

    /// What a vendor has told by calling us, in place of an answer.
    init(_ call: CallKind, _ json: JSON) {
        self.call = call
        status = 200
        headers = [:]
        bytes = []
        self.json = json
        milliseconds = 0
    }

    @inline(never)  // Kept out of the frames of calls that wait.
    init(_ call: CallKind, _ head: OutgoingHead, _ body: [UInt8], within time: Duration) {
        self.call = call
        status = head.status
        var headers: [String: String] = [:]
        for (name, value) in head.headers where headers[name] == nil { headers[name] = value }
        self.headers = headers
        bytes = body
        json = try? JSON(parsing: body, limits: .answer)
        milliseconds = time / .milliseconds(1)
    }

    /// The scope with what the answer adds to it.
    func scope(_ scope: VendorScope) -> VendorScope {
        var scope = scope
        var http: [String: CELValue] = [
            "status": .double(Double(status)), "ms": .double(milliseconds),
        ]
        if json == nil {
            http["text"] = .string(String(decoding: bytes.prefix(64 << 10), as: UTF8.self))
            http["bytes"] = .host(AnswerBytes(bytes: bytes))
        }
        scope.set("http", .members(http))
        scope.set("headers", .members(headers.mapValues(CELValue.string)))
        scope.set("body", CELValue(json ?? .object(JSONObject()), nullsAreMissing: true))
        return scope
    }
}

/// Says what an answer means, by the ordered rules of its manifest and then by those every vendor shares
/// (media manifests §3.6).
struct AnswerJudge {
    let plan: OfferPlan
    let context: EvaluationContext
    /// The time of the answer.
    let now: Instant

    /// Why an answer is a failure, or `nil` when it is good.
    func failure(_ answer: Answer, _ call: CallPlan, _ scope: VendorScope) -> NodeError? {
        let isGood =
            call.okStatuses.isEmpty ? (200...299).contains(answer.status) : call.okStatuses.contains(answer.status)
        if isGood, holds(call.okWhen ?? plan.envelope.okWhen, scope) ?? true { return nil }
        return judged(answer, scope)
    }

    /// Why a job has failed, by the answer that says so.
    func jobFailure(_ phase: JobPhase, _ answer: Answer, _ scope: VendorScope) -> NodeError {
        if let failure = hiddenFailure(answer, scope) { return failure }
        if let rule = rule(for: answer, scope) {
            let what = "The job at \(plan.provider) ended as \(phase.rawValue)"
            return error(rule.failure, accepted: .yes, charged: rule.charged, answer, scope, what)
        }
        let (failure, charged, what): (FailureClass, Certainty, String) =
            switch phase {
            case .expired: (.expired, .yes, "The job at \(plan.provider) has expired")
            case .cancelled: (.providerInternal, .unknown, "The job was cancelled at \(plan.provider)")
            default: (.providerInternal, .unknown, "The job at \(plan.provider) failed")
            }
        return error(failure, accepted: .yes, charged: charged, answer, scope, what)
    }

    /// An event of an answer in pieces that is an error.
    func streamFailure(_ answer: Answer, _ scope: VendorScope) -> NodeError {
        let rule = rule(for: answer, scope)
        return error(
            rule?.failure ?? .providerInternal,
            accepted: .yes,
            charged: rule?.charged ?? .unknown,
            answer,
            scope,
            "\(plan.provider) broke its answer off"
        )
    }

    /// Why a good answer is a failure all the same, or `nil`.
    func hiddenFailure(_ answer: Answer, _ scope: VendorScope) -> NodeError? {
        guard let rule = plan.envelope.failures.first(where: { holds($0.when, scope) == true }) else { return nil }
        return error(
            rule.failure,
            accepted: .yes,
            charged: rule.charged,
            answer,
            scope,
            "The vendor's result is refused by a rule"
        )
    }

    /// A good answer that is not what the manifest describes.
    func contractBroken(_ what: String, _ answer: Answer, _ scope: VendorScope) -> NodeError {
        let isAccepted = answer.call != .submit
        return NodeError(
            .contract,
            "\(plan.provider) answered with something its description does not cover: \(what)",
            accepted: isAccepted ? .yes : .unknown,
            charged: .unknown,
            httpStatus: answer.status,
            requestID: requestID(scope)
        )
    }

    /// The vendor's identifier of the request.
    func requestID(_ scope: VendorScope) -> String? {
        guard let expression = plan.envelope.requestID, let value = try? expression.evaluate(in: scope, with: context)
        else {
            return nil
        }
        return value.unwrapped?.string.map { String($0.prefix(200)) }
    }

    /// Whether a failure that came after the vendor took the job may go away by itself.
    static func mayPass(_ failure: FailureClass) -> Bool {
        switch failure {
        case .rateLimited, .concurrency, .overloaded, .providerInternal, .timeout, .network: true
        default: false
        }
    }

    /// The rule that fits an answer; the first one counts.
    func rule(for answer: Answer, _ scope: VendorScope) -> ErrorRule? {
        plan.envelope.errors.first { $0.applies(to: answer.call) && holds($0.when, scope) == true }
    }

    private func judged(_ answer: Answer, _ scope: VendorScope) -> NodeError {
        let isSubmit = answer.call == .submit
        if let rule = rule(for: answer, scope) {
            return error(
                rule.failure,
                accepted: isSubmit ? rule.accepted : .yes,
                charged: rule.charged,
                answer,
                scope,
                "\(plan.provider) answered with status \(answer.status)"
            )
        }
        let (failure, accepted): (FailureClass, Certainty) =
            // By these rules every vendor's answers are judged that its manifest does not cover.
            switch answer.status {
            case 401: (.auth, .no)
            case 402: (.payment, .no)
            case 403: (.permission, .no)
            case 404: (.notFound, .no)
            case 408: (.timeout, .unknown)
            case 425: (.overloaded, .no)
            case 429: (.rateLimited, .no)
            case 300...399: (.contract, .no)
            case 400...499: (.invalidInput, .no)
            case 500...: (.providerInternal, .unknown)
            default: (.contract, .unknown)
            }
        return error(
            failure,
            accepted: isSubmit ? accepted : .yes,
            charged: accepted,
            answer,
            scope,
            "\(plan.provider) answered with status \(answer.status)"
        )
    }

    private func error(
        _ failure: FailureClass,
        accepted: Certainty,
        charged: Certainty,
        _ answer: Answer,
        _ scope: VendorScope,
        _ what: String
    ) -> NodeError {
        NodeError(
            failure,
            text(scope).map { "\(what): \($0)" } ?? "\(what).",
            accepted: accepted,
            charged: charged,
            httpStatus: answer.status,
            requestID: requestID(scope),
            retryAfter: retryAfter(scope)
        )
    }

    /// What the vendor itself says, cut after 500 characters.
    private func text(_ scope: VendorScope) -> String? {
        for expression in plan.envelope.errorText {
            guard let value = try? expression.evaluate(in: scope, with: context).unwrapped else { continue }
            let text = value.string ?? (try? value.json())?.text
            if let text, !text.isEmpty { return String(text.prefix(500)) }
        }
        return nil
    }

    private func retryAfter(_ scope: VendorScope) -> Duration? {
        for expression in plan.envelope.retryAfter {
            guard let value = try? expression.evaluate(in: scope, with: context).unwrapped else { continue }
            let seconds: Double? =
                switch value {
                case .double(let seconds): seconds
                case .int(let seconds): Double(seconds)
                case .string(let text): Double(text) ?? Instant(httpDate: text).map { ($0 - now) / .seconds(1) }
                default: nil
                }
            if let seconds, seconds >= 0, seconds < 86_400 { return .milliseconds(Int64(seconds * 1000)) }
        }
        return nil
    }

    /// Whether a condition holds; one that meets a missing key does not.
    func holds(_ expression: Expression?, _ scope: VendorScope) -> Bool? {
        guard let expression else { return nil }
        return (try? expression.isTrue(in: scope, with: context)) ?? false
    }
}
