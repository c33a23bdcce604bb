import Crypto
public import Engine
public import HTTPValues
public import Runtime
public import Storage
public import Values

/// Tells whoever wants to know about the end of a run, signed as Standard Webhooks are (contract §7.10).
public struct CallbackSender: Sendable {
    /// Posts a message; gives the status, or why there is none.
    public typealias Post = @Sendable (HTTPURL, HTTPFields, [UInt8]) async -> Result<Int, NodeError>

    let database: Database
    let links: MediaLinks
    let names: AccountNames
    let publicURL: String?
    let credit: Money
    let clock: @Sendable () -> Instant
    let post: Post

    /// A sender over these parts.
    ///
    /// - Parameters:
    ///   - database: Keeps the ended runs.
    ///   - links: Signs links to media.
    ///   - names: Opens what messages are signed with.
    ///   - publicURL: The address under which others reach this server.
    ///   - credit: The price of a credit.
    ///   - clock: The time.
    ///   - post: Posts a message.
    public init(
        database: Database,
        links: MediaLinks,
        names: AccountNames,
        publicURL: String?,
        credit: Money,
        clock: @escaping @Sendable () -> Instant,
        post: @escaping Post
    ) {
        self.database = database
        self.links = links
        self.names = names
        self.publicURL = publicURL
        self.credit = credit
        self.clock = clock
        self.post = post
    }

    /// Tells about the end of a run; the same identifier again is the same message.
    public func send(_ execution: ExecutionID, _ id: DeliveryID) async -> CallbackResult {
        let view: RunView
        do {
            guard let row = try await database.execution(execution), let ended = try APIServer.view(row) else {
                return .unneeded
            }
            view = ended
        } catch {
            return .refused("The result cannot be read: \(error)")
        }
        guard let order = view.facts.callback, let url = try? HTTPURL(order.url) else { return .unneeded }
        let now = clock()
        let values = ValueWriter(links: links, base: publicURL ?? "", now: now)
        let body: JSON = [
            "type": .string("execution.\(view.status.lowercased())"),
            "timestamp": .string((view.endedAt ?? now).description),
            "data": .object(RunWriter(view: view, values: values, credit: credit).poll(now: now)),
        ]
        var headers: HTTPFields = [
            "content-type": "application/json", "webhook-id": id.description, "webhook-timestamp": "\(now.seconds)",
        ]
        let secret: String?
        do {
            secret = try await names.opened(order, of: view.facts.account)
        } catch {
            return .refused("The message cannot be signed: \(error)")
        }
        if let secret {
            headers["webhook-signature"] = Self.signature(of: body.bytes, id: id.description, at: now, secret: secret)
        }
        switch await post(url, headers, body.bytes) {
        case .success(let status) where (200..<300).contains(status): return .taken
        case .success(let status): return .refused("\(url.host) answered \(status).")
        case .failure(let error): return .refused(error.message)
        }
    }

    /// The signature of a message; a secret that begins with `whsec_` is base 64, as the standard has it.
    static func signature(of body: [UInt8], id: String, at now: Instant, secret: String) -> String {
        let code = HMAC.sha256(Array("\(id).\(now.seconds).".utf8) + body, key: Seals.bytes(of: secret))
        return "v1,\(Base64.encode(code))"
    }
}
