import Assets
import Catalog
import Engine
import EventLoop
import Expressions
import HTTPClient
import HTTPValues
import Values

/// One attempt through a vendor: submit, ask until it is done, fetch the result.
struct VendorAttempt {
    let plan: OfferPlan
    let type: NodeType
    let credential: Credentials.Credential
    let client: OutgoingClient
    let assets: AssetStore
    let now: @Sendable () -> Instant
    let deadline: Instant
    let startedAt: Instant
    /// Names the attempt to the vendor, 32 hexadecimal digits.
    let key: String
    let userAgent: String
    let milestone: @Sendable (VendorMilestone) async -> Void

    /// How far a job has come.
    enum VendorMilestone: Sendable {
        case submitted(keep: JSON)
        case ready(keep: JSON)
    }

    /// Where an attempt begins.
    enum Stage: Hashable {
        case fresh
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
            guard plan.mode == .job else { return try await finish(first, scope, prepared) }
            await milestone(.submitted(keep: kept))
            answer = try await waitForJob(&scope, kept, isFirst: true)
        case .submitted(let kept):
            scope.set("keep", CELValue(kept))
            answer = try await waitForJob(&scope, kept, isFirst: false)
        case .ready(let kept): scope.set("keep", CELValue(kept))
        }
        guard plan.calls[.result] != nil else {
            // The status answer holds the result; after a restart it is asked for once more.
            guard let answer else { return try await finish(try await ask(.status, &scope), scope, prepared) }
            return try await finish(answer, scope, prepared)
        }
        return try await finish(try await ask(.result, &scope), scope, prepared)
    }

    /// Tells the vendor that a job is not wanted any more, as far as the vendor can be told.
    func cancel(_ prepared: Prepared, _ kept: JSON) async {
        guard plan.calls[.cancel] != nil else { return }
        var scope = baseScope(prepared)
        scope.set("keep", CELValue(kept))
        _ = try? await send(.cancel, scope, timeout: .seconds(10))
    }

    // MARK: Calls

    private func submit(_ scope: inout VendorScope) async throws(NodeError) -> (Answer, JSON) {
        guard let call = plan.calls[.submit] else { throw NodeError(.contract, "\(plan.provider) has no submit call.") }
        if let input = plan.input {
            do {
                scope.set("request", try input.render(in: scope, with: context) ?? .map([:]))
            } catch {
                throw NodeError(.contract, "The request to \(plan.provider) cannot be made: \(error)")
            }
        }
        let answer = try await send(.submit, scope, timeout: remaining(call.timeout))
        let full = answer.scope(scope)
        if let failure = judge.failure(answer, call, full) { throw failure }
        let kept = try keep(call, answer, full, before: .object(JSONObject()))
        scope.set("keep", CELValue(kept))
        return (answer, kept)
    }

    private func waitForJob(
        _ scope: inout VendorScope,
        _ submitted: JSON,
        isFirst: Bool
    ) async throws(NodeError) -> Answer {
        var pause = isFirst ? plan.poll.first : .zero
        var kept = submitted
        while true {
            try await sleep(pause)
            let answer = try await ask(.status, &scope)
            guard let call = plan.calls[.status] else {
                throw NodeError(.contract, "\(plan.provider) has no status call.")
            }
            let full = answer.scope(scope)
            kept = try keep(call, answer, full, before: kept)
            scope.set("keep", CELValue(kept))
            switch phase(call, full) {
            case .ready, .succeeded:
                await milestone(.ready(keep: kept))
                return answer
            case .failed:
                throw judge.hiddenFailure(answer, full)
                    ?? NodeError(
                        .providerInternal,
                        "The job at \(plan.provider) failed.",
                        accepted: .yes,
                        charged: .unknown,
                        requestID: judge.requestID(full)
                    )
            case .cancelled:
                throw NodeError(
                    .providerInternal,
                    "The job was cancelled at \(plan.provider).",
                    accepted: .yes,
                    charged: .unknown
                )
            case .expired:
                throw NodeError(.expired, "The job at \(plan.provider) has expired.", accepted: .yes, charged: .yes)
            case .queued, .running, nil: break
            }
            pause =
                pause == .zero || pause == plan.poll.first
                ? plan.poll.every : min(pause * plan.poll.factor, plan.poll.longest)
        }
    }

    /// Makes a call that may be repeated freely, until it gives an answer that counts.
    private func ask(_ kind: CallKind, _ scope: inout VendorScope) async throws(NodeError) -> Answer {
        guard let call = plan.calls[kind] else {
            throw NodeError(.contract, "\(plan.provider) has no \(kind.rawValue) call.")
        }
        var pause = Duration.milliseconds(500)
        while true {
            do throws(NodeError) {
                let answer = try await send(kind, scope, timeout: remaining(call.timeout ?? .seconds(60)))
                let full = answer.scope(scope)
                guard let failure = judge.failure(answer, call, full) else { return answer }
                guard let known = failure.failure, AnswerJudge.mayPass(known), !judge.isFinal(answer, full) else {
                    throw failure
                }
                pause = failure.retryAfter ?? pause
            } catch {
                guard let known = error.failure, AnswerJudge.mayPass(known), error.httpStatus == nil, !Task.isCancelled
                else {
                    throw error
                }
            }
            try await sleep(pause)
            pause = min(pause * 2, .seconds(15))
        }
    }

    private func send(_ kind: CallKind, _ scope: VendorScope, timeout: Duration) async throws(NodeError) -> Answer {
        guard let call = plan.calls[kind] else {
            throw NodeError(.contract, "\(plan.provider) has no \(kind.rawValue) call.")
        }
        let (url, isOurs) = try address(call, scope)
        var headers: HTTPFields = ["accept": "application/json, */*;q=0.5"]
        headers["user-agent"] = userAgent
        let writer = RequestWriter(assets: assets, mediaLimit: plan.inlineMediaBytes)
        for (name, value) in try await texts(call.headers, scope, writer) {
            if let name = HTTPFieldName(name) { headers.append(name, value) }
        }
        if call.sendsCredential, isOurs {
            for (header, template) in plan.auth {
                var authScope = scope
                authScope.set("secrets", .members(credential.fields.mapValues { .host(SecretValue(text: $0)) }))
                // Without a key there is no such header: an operator's own server may need none.
                guard let value = try? template.render(in: authScope, with: context), let name = HTTPFieldName(header)
                else {
                    continue
                }
                headers[name] = try await writer.text(value)
            }
        }
        var target = url
        var query: [String] = []
        for (name, value) in try await texts(call.query, scope, writer) {
            query.append("\(PercentEncoding.query(name))=\(PercentEncoding.query(value))")
        }
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
        var request = OutgoingRequest(method: HTTPMethod(rawValue: call.method) ?? .get, url: try parsed(target))
        if let body = call.body, let value = try render(body, scope) {
            request.body = .bytes(try await writer.json(value).bytes)
            headers["content-type"] = "application/json"
        }
        request.headers = headers
        request.totalTime = timeout
        request.maximumResponseBytes = 64 << 20
        do {
            return Answer(kind, try await client.send(request))
        } catch {
            throw Self.translate(error, provider: plan.provider, isSubmit: kind == .submit)
        }
    }

    /// The address of a call, and whether the credential may go there.
    private func address(_ call: CallPlan, _ scope: VendorScope) throws(NodeError) -> (String, Bool) {
        let rendered: URLTemplate.Rendered
        do {
            rendered = try call.url.render(in: scope, with: context)
        } catch {
            throw NodeError(.contract, "The address of \(plan.provider) cannot be made: \(error)")
        }
        let base = credential.baseURL ?? plan.manifest?.baseURL ?? ""
        let ownHost = (try? HTTPURL(base))?.host
        switch rendered {
        case .written(let text):
            guard !text.hasPrefix("http") else { return (text, (try? HTTPURL(text)).map(isCredentialed) ?? false) }
            return ((base.hasSuffix("/") ? String(base.dropLast()) : base) + text, true)
        case .answered(let text):
            let url = try parsed(text)
            guard url.host == ownHost || isCredentialed(url) else {
                throw NodeError(
                    .contract,
                    "\(plan.provider) named \(url.host) for its job, which is not among its hosts.",
                    accepted: .yes,
                    charged: .unknown
                )
            }
            return (text, true)
        }
    }

    private func isCredentialed(_ url: HTTPURL) -> Bool {
        url.scheme == .https && plan.credentialedHosts.contains { Hosts.matches(url.host, $0) }
    }

    private func parsed(_ text: String) throws(NodeError) -> HTTPURL {
        do {
            return try HTTPURL(text)
        } catch {
            throw NodeError(
                .contract,
                "The address \(text.prefix(200)) of \(plan.provider) cannot be used: \(error.description)"
            )
        }
    }

    // MARK: Results

    private func finish(_ answer: Answer, _ scope: VendorScope, _ prepared: Prepared) async throws(NodeError) -> Result
    {
        let full = answer.scope(scope)
        if let failure = judge.hiddenFailure(answer, full) { throw failure }
        let capture = Capture(
            plan: plan,
            type: type,
            assets: assets,
            client: client,
            ownHost: credential.baseURL.flatMap { try? HTTPURL($0) }?.host,
            context: context,
            now: now,
            timeout: remaining(.seconds(600))
        )
        let outputs = try await capture.outputs(full)
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

    private func keep(_ call: CallPlan, _ answer: Answer, _ scope: VendorScope, before: JSON) throws(NodeError) -> JSON
    {
        var kept = before.object ?? JSONObject()
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

    private func phase(_ call: CallPlan, _ scope: VendorScope) -> JobPhase? {
        guard let expression = call.phaseOf,
            let word = try? expression.evaluate(in: scope, with: context).unwrapped?.string
        else { return nil }
        return call.phases[word]
    }

    // MARK: Small parts

    private var functions: HostFunctions {
        HostFunctions(forms: plan.handOver, megapixel: plan.price?.megapixel ?? 1_000_000)
    }

    private var context: EvaluationContext { functions.context(now: startedAt) }

    private var judge: AnswerJudge { AnswerJudge(plan: plan, context: context) }

    private func baseScope(_ prepared: Prepared) -> VendorScope {
        VendorScope.request(
            prepared,
            plan,
            key: key,
            deadlineMs: max(0, (deadline - now()).wholeMilliseconds)
        )
    }

    private func remaining(_ limit: Duration?) -> Duration {
        let left = max(.milliseconds(1), deadline - now())
        return limit.map { min($0, left) } ?? left
    }

    private func sleep(_ pause: Duration) async throws(NodeError) {
        let spread = 1 + plan.poll.jitter * Double.random(in: -1...1)
        let pause = max(.zero, pause * spread)
        guard now() + pause < deadline else {
            throw NodeError(
                .timeout,
                "The job at \(plan.provider) was not done in time.",
                accepted: .yes,
                charged: .unknown
            )
        }
        do {
            try await client.loop.sleep(for: pause)
        } catch {
            throw NodeError(.network, "The attempt was stopped.", accepted: .yes, charged: .unknown)
        }
    }

    private func render(_ template: JSONTemplate, _ scope: VendorScope) throws(NodeError) -> CELValue? {
        do {
            return try template.render(in: scope, with: context)
        } catch {
            throw NodeError(.contract, "The request to \(plan.provider) cannot be made: \(error)")
        }
    }

    private func texts(
        _ template: JSONTemplate?,
        _ scope: VendorScope,
        _ writer: RequestWriter
    ) async throws(NodeError) -> [(String, String)] {
        guard let template, case .map(let map) = try render(template, scope) else { return [] }
        var texts: [(String, String)] = []
        for entry in map.entries {
            guard case .string(let key) = entry.key else { continue }
            texts.append((key, try await writer.text(entry.value)))
        }
        return texts
    }

    static func translate(_ error: HTTPClientError, provider: String, isSubmit: Bool) -> NodeError {
        let accepted: Certainty = !isSubmit ? .yes : error.mayHaveSent ? .unknown : .no
        let failure: FailureClass =
            switch error {
            case .timedOut(let sent): sent ? .timeout : .network
            case .connectionLost(let sent): sent ? .timeout : .network
            case .couldNotConnect, .tls, .unavailable, .cancelled, .file: .network
            case .tooManyRequests: .overloaded
            case .badURL, .refusedAddress, .badRedirect, .badResponse, .tooLarge: .contract
            }
        return NodeError(
            failure,
            "\(provider): \(error)",
            accepted: accepted,
            charged: accepted == .no ? .no : .unknown
        )
    }
}

extension VendorScope {
    /// What is known before anything is sent.
    static func request(_ prepared: Prepared, _ plan: OfferPlan, key: String, deadlineMs: Int64) -> VendorScope {
        var scope = VendorScope()
        scope.set("inputs", .members(prepared.inputs.mapValues { CELValue($0) }))
        scope.set("params", .members(prepared.parameters.mapValues { CELValue($0) }))
        scope.set("vars", CELValue(plan.variables))
        scope.set(
            "run",
            .members([
                "attemptKey": .string(key), "deadlineMs": .double(Double(deadlineMs)),
                "startDeadlineMs": .double(Double(max(2000, deadlineMs / 2))), "wantsStream": .bool(false),
                "sandbox": .bool(false),
            ])
        )
        scope.set("webhook", .map([:]))
        scope.set("keep", .map([:]))
        return scope
    }
}

extension CELValue {
    /// The result of a price formula.
    var nano: Money? {
        switch self {
        case .double(let value): Money(rounding: value)
        case .int(let value): value >= 0 ? Money(nano: value) : nil
        default: nil
        }
    }
}

/// Escapes in queries (RFC 3986, section 3.4).
enum PercentEncoding {
    static func query(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += Array("%\([byte].hex.uppercased())".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
