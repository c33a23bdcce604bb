import Assets
import Catalog
import Engine
import Expressions
import HTTPClient
import HTTPValues
import Values

extension VendorAttempt {
    /// Makes a call, once more with a new token where a rule says so, and judges its answer.
    func exchange(
        _ kind: CallKind,
        _ call: CallPlan,
        _ scope: VendorScope,
        timeout: Duration
    ) async throws(NodeError) -> (Answer, NodeError?) {
        var isFirst = true
        while true {
            let (answer, failure) = try await attended(kind, call, scope, timeout: timeout)
            guard isFirst, failure != nil, judge.rule(for: answer, answer.scope(scope))?.renewsCredential == true else {
                return (answer, failure)
            }
            isFirst = false
        }
    }

    /// Makes a call when it is its turn, and tells admission what came of it.
    private func attended(
        _ kind: CallKind,
        _ call: CallPlan,
        _ scope: VendorScope,
        timeout: Duration
    ) async throws(NodeError) -> (Answer, NodeError?) {
        // The turn of the submit call came with the permission.
        if kind != .submit { await order.pace(kind) }
        do throws(NodeError) {
            let answer = try await send(kind, call, scope, timeout: timeout)
            let failure = judge.failure(answer, call, answer.scope(scope))
            tell(kind, failure, answer.headers)
            return (answer, failure)
        } catch {
            tell(kind, error, [:])
            throw error
        }
    }

    /// Makes a call.
    func send(
        _ kind: CallKind,
        _ call: CallPlan,
        _ scope: VendorScope,
        timeout: Duration
    ) async throws(NodeError) -> Answer {
        let stream =
            kind == .submit ? plan.stream.flatMap { judge.holds($0.when, scope) == true ? $0 : nil } : nil
        var request = try await written(kind, scope) { writer throws(NodeError) in
            try self.request(kind, call, stream, scope, &writer)
        }
        request.totalTime = timeout
        // Asked as late as can be, when there is a connection: what comes after the end of a lease must not begin.
        if kind == .submit { request.mayBegin = order.mayBegin }
        do {
            guard let stream else { return Answer(kind, try await client.send(request)) }
            return try await streamed(request, stream, scope)
        } catch {
            throw failure(error, of: kind)
        }
    }

    @inline(never)  // Kept out of the frames of calls that wait.
    private func failure(_ error: any Error, of kind: CallKind) -> NodeError {
        switch error {
        case HTTPClientError.tooLarge(let limit): tooLong(limit)
        case let error as HTTPClientError: Self.translate(error, provider: plan.provider, isSubmit: kind == .submit)
        case let error as NodeError: error
        case is EventReader.TooLong: tooLong(EventReader.lineBytes)
        default: NodeError("internal_error", "\(error)")
        }
    }

    /// The failure by an answer that is not read to its end: the vendor has done the work all the same.
    func tooLong(_ limit: Int) -> NodeError {
        NodeError(
            .contract,
            "\(plan.provider) answered with more than \(limit >> 20) MiB.",
            accepted: .yes,
            charged: .unknown
        )
    }

    @inline(never)  // Kept out of the frames of calls that wait.
    private func request(
        _ kind: CallKind,
        _ call: CallPlan,
        _ stream: StreamPlan?,
        _ scope: VendorScope,
        _ writer: inout RequestWriter
    ) throws(NodeError) -> OutgoingRequest {
        let (url, isOurs) = try address(call, scope)
        var target = url
        var query: [String] = []
        for (name, value) in try texts(call.query, scope, &writer) {
            query.append("\(PercentEncoding.query(name))=\(PercentEncoding.query(value))")
        }
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
        var request = OutgoingRequest(method: HTTPMethod(rawValue: call.method) ?? .get, url: try parsed(target))
        request.headers = ["accept": "application/json, */*;q=0.5"]
        request.headers["user-agent"] = vendors.userAgent
        try setBody(call, stream, &request, scope, &writer)
        for template in [plan.envelope.headers, call.headers] {
            for (name, value) in try texts(template, scope, &writer) {
                if let name = HTTPFieldName(name) { request.headers[name] = value }
            }
        }
        if kind == .submit, let key = plan.envelope.onUnknown.key, let name = HTTPFieldName(key.header),
            let value = try render(key.value, scope)
        {
            request.headers[name] = try writer.text(value)
        }
        if call.sendsCredential, isOurs {
            for (name, value) in try credentialHeaders(scope) {
                if let name = HTTPFieldName(name) { request.headers[name] = value }
            }
        }
        request.maximumResponseBytes = 64 << 20
        return request
    }

    private func setBody(
        _ call: CallPlan,
        _ stream: StreamPlan?,
        _ request: inout OutgoingRequest,
        _ scope: VendorScope,
        _ writer: inout RequestWriter
    ) throws(NodeError) {
        switch call.body {
        case nil: break
        case .json(let template):
            guard let value = try render(template, scope) else { break }
            var json = try writer.json(value)
            if let patch = try stream?.request.flatMap({ template throws(NodeError) in try render(template, scope) }) {
                json = json.merging(try writer.json(patch))
                request.headers["accept"] = "text/event-stream, application/json;q=0.9"
            }
            request.body = .bytes(json.bytes)
            request.headers["content-type"] = "application/json"
        case .multipart(let parts):
            var values: [(name: String, value: CELValue, isFile: Bool)] = []
            for part in parts {
                if let value = try render(part.value, scope) { values.append((part.name, value, part.isFile)) }
            }
            let form = try writer.form(values, boundary: "millrace-\(key)")
            request.body = .bytes(form.bytes)
            request.headers["content-type"] = form.contentType
        case .bytes(let expression):
            guard let value = try? expression.evaluate(in: scope, with: context), case .host(let host) = value,
                let media = MediaReference(host)
            else { throw NodeError(.contract, "The request to \(plan.provider) cannot be made: there is no media.") }
            try writer.check(media)
            request.body = .file(path: assets.path(of: media.hash), offset: 0, length: Int(media.bytes))
            request.headers["content-type"] = media.mimeType
        }
    }

    // MARK: Credentials

    /// The headers that carry the credential, by the first way for which there are secrets.
    func credentialHeaders(_ scope: VendorScope) throws(NodeError) -> HTTPFields {
        // A token is valid from now on, not from the time of the attempt.
        try credential.headers(plan.envelope, scope, functions.context(now: now()))
    }

    /// Whether an address may be sent the credential: the operator's own server, or a host of the vendor over TLS.
    func isCredentialed(_ url: HTTPURL) -> Bool {
        if credential.baseURL != nil { return url.host == ownHost }
        return url.scheme == .https && plan.envelope.credentialedHosts.contains { HostName.matches(url.host, $0) }
    }

    /// The host of the operator's own server in place of the vendor's.
    var ownHost: String? { credential.baseURL.flatMap { try? HTTPURL($0) }?.host }

    // MARK: Addresses

    /// The address of a call, and whether the credential may go there.
    private func address(_ call: CallPlan, _ scope: VendorScope) throws(NodeError) -> (String, Bool) {
        let rendered: URLTemplate.Rendered
        do {
            rendered = try call.url.render(in: scope, with: context)
        } catch {
            throw NodeError(.contract, "The address of \(plan.provider) cannot be made: \(error)")
        }
        let base = credential.baseURL ?? plan.manifest?.baseURL ?? ""
        switch rendered {
        case .written(let text):
            guard !text.hasPrefix("http") else { return (text, isCredentialed(try parsed(text))) }
            return ((base.hasSuffix("/") ? String(base.dropLast()) : base) + text, true)
        case .answered(let text):
            let url = try parsed(text)
            // What needs no credential, such as an upload, may go wherever the guard of addresses lets it.
            guard isCredentialed(url) || !call.sendsCredential && (url.scheme == .https || url.host == ownHost) else {
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

    // MARK: Templates

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
        _ writer: inout RequestWriter
    ) throws(NodeError) -> [(String, String)] {
        guard let template, case .map(let map) = try render(template, scope) else { return [] }
        var texts: [(String, String)] = []
        for entry in map.entries {
            guard case .string(let key) = entry.key else { continue }
            texts.append((key, try writer.text(entry.value)))
        }
        return texts
    }

    static func translate(_ error: HTTPClientError, provider: String, isSubmit: Bool) -> NodeError {
        let accepted: Certainty = !isSubmit ? .yes : error.mayHaveSent ? .unknown : .no
        let failure: FailureClass =
            switch error {
            case .timedOut(let sent): sent ? .timeout : .network
            case .connectionLost(let sent): sent ? .timeout : .network
            case .couldNotConnect, .tls, .unavailable, .cancelled, .withdrawn, .file: .network
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
