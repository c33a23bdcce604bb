import HTTPServer
import HTTPValues
import Storage
import Values

/// One request with everything that is known about it.
struct Exchange: Sendable {
    let request: HTTPRequest
    /// Names the request in answers and logs.
    let id: String
    /// The values of the route's parameters, in order.
    let parameters: [String]
    /// The items of the query in order.
    let query: [(name: String, value: String)]
    /// When it arrived.
    let now: Instant
    /// Who asks; `nil` on open routes.
    let principal: Principal?
    /// The address of the client; that of a proxy only when it is not trusted.
    let client: IPAddress
    /// Whether the client speaks TLS to a trusted proxy.
    var isSecure = false
    /// What is asked for: the identifier of the operation.
    var action = ""
    /// Whether it has recorded what it did.
    let trail = AuditTrail()
    /// What the request names itself by; `nil` when it does not.
    var named: NamedRequest?
    /// The account that pays on an open route.
    var owner: AccountID?
    /// The one execution that a token lets the client see.
    var visible: ExecutionID?

    /// The account that asks.
    var account: AccountID { principal?.account ?? owner ?? AccountID(high: 0, low: 0) }

    /// The API key that asks; `nil` for a person.
    var keyID: APIKeyID? { principal?.key?.id }

    /// - Throws: ``APIError`` when whoever asks lacks a scope.
    func require(_ scope: String) throws(APIError) {
        guard let principal else { throw APIError(.missingAuthorization, "Missing Authorization header") }
        try principal.require(scope)
    }

    /// The first value of that name in the query.
    func query(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// A parameter of the path as an identifier.
    ///
    /// - Throws: ``APIError`` with that code when it is none.
    func identifier<Kind>(_ place: Int, orElse error: @autoclosure () -> APIError) throws(APIError) -> Identifier<Kind>
    {
        guard let id = Identifier<Kind>(parameters[place]) else { throw error() }
        return id
    }

    /// A whole number of the query within a range.
    func integer(_ name: String, _ range: ClosedRange<Int>, orElse standard: Int) throws(APIError) -> Int {
        guard let text = query(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw .field(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The longest body where nothing else is said.
    static let bodyBytes = 1 << 20

    /// The body as it came.
    ///
    /// - Throws: ``APIError`` when it is too long or does not come in time.
    func bytes(atMost limit: Int) async throws(APIError) -> [UInt8] {
        if let named { return named.body }
        do {
            return try await request.body.collect(atMost: limit)
        } catch {
            throw APIError(error, limit: limit)
        }
    }

    /// The media type of the body in lower case, without parameters.
    var mediaType: String? {
        request.headers["content-type"]?.split(separator: ";").first?.filter { $0 != " " }.lowercased()
    }

    /// The body as a JSON object; an empty one is an object without members, but where it says what is to change.
    ///
    /// - Throws: ``APIError`` when it is of another type, too long, too deep, no JSON or no object.
    func object(atMost limit: Int = bodyBytes) async throws(APIError) -> JSONObject {
        let bytes = try await bytes(atMost: limit)
        guard !bytes.isEmpty else {
            guard request.method != .patch else {
                throw APIError(
                    .invalidJSON,
                    "The body is empty. Send a JSON object with what is to change.",
                    ["line": 1, "column": 1]
                )
            }
            return JSONObject()
        }
        guard let type = mediaType, type == "application/json" || type.hasSuffix("+json") else {
            throw APIError(
                .unsupportedMediaType,
                "The body must be sent as application/json, not as \(mediaType ?? "an unnamed type")."
            )
        }
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: .request)
        } catch {
            throw APIError(json: error)
        }
        guard let object = json.object else {
            throw APIError(
                .invalidJSON,
                "The body must be a JSON object, not a \(json.kind).",
                ["line": 1, "column": 1]
            )
        }
        return object
    }

    /// How long a call may wait for the end of a run; `nil` when it does not ask to wait.
    func waitTime() throws(APIError) -> Duration? {
        guard let name = ["wait", "sync"].first(where: { query($0) != nil }) else { return nil }
        return .seconds(try integer(name, 1...60, orElse: 1))
    }
}

extension APIError {
    /// A text that is no JSON.
    init(json error: JSONError) {
        if case .tooDeep(let maximum) = error.reason {
            self.init(.jsonTooDeep, "\(error)", ["maxDepth": .int(Int64(maximum))])
        } else {
            self.init(
                .invalidJSON,
                "\(error)",
                ["line": .int(Int64(error.line)), "column": .int(Int64(error.column))]
            )
        }
    }

    /// What a body that could not be read means.
    init(_ error: HTTPExchangeError, limit: Int) {
        switch error.status {
        case 413:
            self.init(.bodyTooLarge, "The body is longer than \(limit) bytes.", ["maxBytes": .int(Int64(limit))])
        case 408: self.init(.requestTimeout, "The body did not come in time.")
        default: self.init(.badRequest, error.description)
        }
    }
}
