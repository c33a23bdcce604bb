import HTTPServer
import HTTPValues
import Values

/// What a handler answers.
enum Reply: Sendable {
    /// A JSON value.
    case json(JSON, status: Int = 200, headers: HTTPFields = [:])
    /// No content.
    case empty(headers: HTTPFields = [:])
    /// Anything else, complete with its headers.
    case raw(HTTPResponse)
}

/// What can be asked of the server at a path, and who may ask.
struct Route: Sendable {
    /// What answers; throws nothing but ``APIError``.
    typealias Handler = @Sendable (APIServer, Exchange) async throws -> Reply

    /// The row of contract §2.
    let row: Int
    /// The method.
    let method: HTTPMethod
    /// The path below `/api/v1`, or the whole path of a route at the root.
    let path: String
    /// The scopes a key needs; `nil` where no key is asked for.
    let scopes: [String]?
    /// Whether the path stands at the root, and not below `/api/v1`.
    var isAtRoot = false
    /// Other paths of the same meaning; those that begin with `//` stand at the root.
    var aliases: [String] = []
    /// The longest body of a request that may name itself by a key; `nil` where such keys are ignored.
    var keyedBody: Int?
    /// Whether its answer holds a secret, which is not stored readably where the answer can be given again.
    var answersSecret = false
    /// What it does, for the OpenAPI document; `nil` for what people look at and no client calls.
    var operation: Operation?
    /// What answers.
    let handler: Handler
}
