import Catalog
import Engine
import Expressions
import HTTPClient
import Values

/// What a vendor answered to a call.
struct Answer {
    let call: CallKind
    let status: Int
    let headers: [String: String]
    /// The JSON body; `nil` when it is none.
    let json: JSON?
    let bytes: [UInt8]

    init(_ call: CallKind, _ response: OutgoingResponse) {
        self.call = call
        status = response.status
        var headers: [String: String] = [:]
        for (name, value) in response.headers where headers[name] == nil { headers[name] = value }
        self.headers = headers
        bytes = response.body
        json = try? JSON(parsing: response.body, limits: .answer)
    }

    /// The scope with what the answer adds to it.
    func scope(_ scope: VendorScope) -> VendorScope {
        var scope = scope
        var http: [String: CELValue] = ["status": .double(Double(status))]
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

    /// Why an answer is a failure, or `nil` when it is good.
    func failure(_ answer: Answer, _ call: CallPlan, _ scope: VendorScope) -> NodeError? {
        let isGood =
            call.okStatuses.isEmpty ? (200...299).contains(answer.status) : call.okStatuses.contains(answer.status)
        if isGood, holds(call.okWhen, scope) ?? true { return nil }
        return judged(answer, scope)
    }

    /// Why a good answer is a failure all the same, or `nil`.
    func hiddenFailure(_ answer: Answer, _ scope: VendorScope) -> NodeError? {
        guard let rule = plan.failures.first(where: { holds($0.when, scope) == true }) else { return nil }
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
        guard let expression = plan.requestID, let value = try? expression.evaluate(in: scope, with: context) else {
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

    /// Whether the rule that fits says that repeating the call is no use.
    func isFinal(_ answer: Answer, _ scope: VendorScope) -> Bool {
        plan.errors.first { $0.applies(to: answer.call) && holds($0.when, scope) == true }?.isFinal ?? false
    }

    private func judged(_ answer: Answer, _ scope: VendorScope) -> NodeError {
        let isSubmit = answer.call == .submit
        if let rule = plan.errors.first(where: { $0.applies(to: answer.call) && holds($0.when, scope) == true }) {
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
        for expression in plan.errorText {
            guard let value = try? expression.evaluate(in: scope, with: context).unwrapped else { continue }
            let text = value.string ?? (try? value.json())?.text
            if let text, !text.isEmpty { return String(text.prefix(500)) }
        }
        return nil
    }

    private func retryAfter(_ scope: VendorScope) -> Duration? {
        for expression in plan.retryAfter {
            guard let value = try? expression.evaluate(in: scope, with: context).unwrapped else { continue }
            let seconds: Double? =
                switch value {
                case .double(let seconds): seconds
                case .int(let seconds): Double(seconds)
                case .string(let text): Double(text)
                default: nil
                }
            if let seconds, seconds >= 0, seconds < 86_400 { return .milliseconds(Int64(seconds * 1000)) }
        }
        return nil
    }

    /// Whether a condition holds; one that meets a missing key does not.
    private func holds(_ expression: Expression?, _ scope: VendorScope) -> Bool? {
        guard let expression else { return nil }
        return (try? expression.isTrue(in: scope, with: context)) ?? false
    }
}
