public import Catalog
public import Engine
public import EventLoop
public import HTTPClient
public import Values

import HTTPValues

/// Calls whatever HTTP address a workflow names: the node `action:http_request`.
///
/// Every call passes the outgoing guard and follows no redirect. Secrets are put in here, for hosts that they are for,
/// and taken out of everything that comes back.
public struct HTTPRequestTool: Sendable {
    /// The tool as an offer names it.
    public static let tool = "http_request"
    /// The most bytes of an answer.
    public static let maximumBytes = 16 << 20

    /// A secret with the hosts it may be sent to.
    public struct Secret: Sendable {
        /// The value.
        public var value: String
        /// The hosts; `*.` before one stands for all below it.
        public var hosts: [String]

        /// A secret for these hosts.
        public init(value: String, hosts: [String]) {
            self.value = value
            self.hosts = hosts
        }
    }

    private let clients: [OutgoingClient]
    private let secret: @Sendable (AccountID, String) async throws(NodeError) -> Secret?
    private let userAgent: String
    private let now: @Sendable () -> Instant

    /// A tool with a client for each loop.
    ///
    /// - Parameters:
    ///   - clients: One for each loop.
    ///   - version: The version of the server, told to whoever is called.
    ///   - now: The time.
    ///   - secret: The secret of an account by its name; `nil` when there is none.
    public init(
        clients: [OutgoingClient],
        version: String,
        now: @escaping @Sendable () -> Instant,
        secret: @escaping @Sendable (AccountID, String) async throws(NodeError) -> Secret?
    ) {
        self.clients = clients
        self.secret = secret
        self.now = now
        userAgent = "Millrace/\(version)"
    }

    /// What sending a request twice would mean: nothing for one that only reads.
    public static func effect(of prepared: Prepared) -> EffectClass {
        ["GET", "HEAD"].contains(method(prepared)) ? .repeatable : .once
    }

    private static func method(_ prepared: Prepared) -> String {
        (prepared.parameters["method"]?.string ?? "GET").uppercased()
    }

    /// Makes the call of a node.
    ///
    /// - Parameters:
    ///   - prepared: Its inputs.
    ///   - account: Whose secrets are used.
    ///   - deadline: When it must have ended.
    ///   - loop: The loop it is made on.
    ///   - mayBegin: Whether it may begin, asked right before the first byte.
    ///   - isDoubtful: Whether an earlier process may have sent it.
    /// - Returns: The answer as the outputs of the node.
    /// - Throws: ``NodeError`` in words that hold no secret.
    public func call(
        _ prepared: Prepared,
        of account: AccountID,
        deadline: Instant,
        on loop: Loop,
        mayBegin: @escaping @Sendable () -> Bool,
        isDoubtful: Bool
    ) async throws(NodeError) -> RunInput.Outcome {
        if isDoubtful, Self.effect(of: prepared) == .once {
            throw NodeError(
                .unknownOutcome,
                "The server stopped while the call was under way; whether it arrived is unknown.",
                accepted: .unknown,
                charged: .unknown
            )
        }
        var request = try request(prepared)
        let redaction = try await addSecrets(prepared, account, &request)
        request.totalTime = max(.milliseconds(1), deadline - now())
        request.maximumResponseBytes = Self.maximumBytes
        request.mayBegin = mayBegin
        guard let client = clients.first(where: { $0.loop === loop }) ?? clients.first else {
            throw NodeError("internal_error", "There is no HTTP client.")
        }
        let response: OutgoingResponse
        do {
            response = try await client.send(request)
        } catch {
            throw redaction.error(VendorAttempt.translate(error, provider: request.url.host, isSubmit: true))
        }
        if !(200...299).contains(response.status), prepared.parameters["allowErrors"]?.bool != true {
            throw redaction.error(Self.refusal(response, request.url.host))
        }
        return redaction.outcome(.succeeded(outputs: Self.outputs(response), cost: .zero, requestID: nil))
    }

    // MARK: The request

    private func request(_ prepared: Prepared) throws(NodeError) -> OutgoingRequest {
        let address = prepared.inputs["url"]?.text ?? ""
        let word = Self.method(prepared)
        guard let method = HTTPMethod(rawValue: word) else {
            throw NodeError(.invalidInput, "There is no method \(word).")
        }
        var target = address
        var query: [String] = []
        for member in prepared.inputs["query"]?.asJSON.object ?? JSONObject() where !member.value.isNull {
            let value = member.value.string ?? member.value.text
            query.append("\(PercentEncoding.query(member.key))=\(PercentEncoding.query(value))")
        }
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query.joined(separator: "&") }
        var request: OutgoingRequest
        do {
            request = OutgoingRequest(method: method, url: try HTTPURL(target))
        } catch {
            throw NodeError(.invalidInput, "“\(address.prefix(100))” is no address that can be called: \(error)")
        }
        request.headers = ["accept": "application/json, text/*;q=0.9, */*;q=0.5"]
        request.headers["user-agent"] = userAgent
        if let body = prepared.inputs["body"], ["POST", "PUT", "PATCH", "DELETE"].contains(word) {
            let json = body.asJSON
            request.body = .bytes(json.string.map { Array($0.utf8) } ?? json.bytes)
            request.headers["content-type"] = json.string == nil ? "application/json" : "text/plain; charset=utf-8"
        }
        for member in prepared.inputs["headers"]?.asJSON.object ?? JSONObject() where !member.value.isNull {
            try Self.set(member.key, member.value.string ?? member.value.text, in: &request)
        }
        return request
    }

    /// Adds the headers that prove who calls.
    private func addSecrets(
        _ prepared: Prepared,
        _ account: AccountID,
        _ request: inout OutgoingRequest
    ) async throws(NodeError) -> Redaction {
        var values: [String] = []
        let secrets = prepared.secrets["authentication"] ?? [:]
        for member in prepared.parameters["authentication"]?.object ?? JSONObject() {
            guard let text = secrets[member.key] else {
                try Self.set(member.key, member.value.string ?? member.value.text, in: &request)
                continue
            }
            guard let found = try await secret(account, text.name) else {
                throw NodeError(
                    "unknown_secret",
                    "There is no secret \(text.name). Declare it with PUT /secrets/\(text.name)."
                )
            }
            guard found.hosts.contains(where: { HostName.matches(request.url.host, $0) }) else {
                throw NodeError(
                    "secret_not_allowed",
                    "The secret \(text.name) may not be sent to \(request.url.host). Add the host with PUT /secrets/\(text.name)."
                )
            }
            values.append(found.value)
            try Self.set(member.key, text.text(with: found.value), in: &request)
        }
        return Redaction(values)
    }

    private static func set(_ name: String, _ value: String, in request: inout OutgoingRequest) throws(NodeError) {
        let isClean = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard let field = HTTPFieldName(name), isClean else {
            throw NodeError(
                .invalidInput,
                "The header \(name.prefix(100)) has a name or a value that no header can have."
            )
        }
        request.headers[field] = value
    }

    // MARK: The answer

    private static func outputs(_ response: OutgoingResponse) -> [String: Value] {
        var headers = JSONObject()
        for (name, value) in response.headers where headers["\(name)"] == nil { headers["\(name)"] = .string(value) }
        let text = String(decoding: response.body, as: UTF8.self)
        let isJSON = response.headers["content-type"]?.lowercased().contains("json") ?? false
        let body = isJSON ? (try? JSON(parsing: response.body, limits: .answer)) ?? .string(text) : .string(text)
        return [
            "body": .json(body), "status": .json(.int(Int64(response.status))), "headers": .json(.object(headers)),
        ]
    }

    private static func refusal(_ response: OutgoingResponse, _ host: String) -> NodeError {
        let (failure, accepted): (FailureClass, Certainty) =
            switch response.status {
            case 401: (.auth, .no)
            case 402: (.payment, .no)
            case 403: (.permission, .no)
            case 404, 410: (.notFound, .no)
            case 408: (.timeout, .unknown)
            case 425: (.overloaded, .no)
            case 429: (.rateLimited, .no)
            case 500...: (.providerInternal, .unknown)
            default: (.invalidInput, .no)
            }
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        return NodeError(
            failure,
            "\(host) answered with status \(response.status)\(text.isEmpty ? "." : ": \(text)")",
            accepted: accepted,
            charged: .no,
            httpStatus: response.status,
            retryAfter: response.headers["retry-after"].flatMap { Int64($0) }.flatMap {
                (0...86_400).contains($0) ? .seconds($0) : nil
            }
        )
    }
}
