public import Assets
public import Engine
public import EventLoop
public import HTTPClient
public import Values

import Catalog
public import HTTPValues

/// Fetches what an address holds into the media store: the step between a text and a port that takes media.
///
/// An address is `http`, `https`, `data` with base64, or the path of stored media. Every call passes the outgoing guard;
/// fetching twice does no harm.
public struct MediaFetch: Sendable {
    /// The tool as an offer names it.
    public static let tool = "fetch"
    /// The most bytes of one fetch.
    public static let maximumBytes = 1 << 30

    private let assets: AssetStore
    private let clients: [OutgoingClient]
    private let now: @Sendable () -> Instant

    /// A fetch into a store, with a client for each loop.
    public init(assets: AssetStore, clients: [OutgoingClient], now: @escaping @Sendable () -> Instant) {
        self.assets = assets
        self.clients = clients
        self.now = now
    }

    /// Fetches an address.
    ///
    /// - Parameters:
    ///   - address: The address.
    ///   - account: Whose stored media may be named.
    ///   - limit: The most bytes.
    ///   - deadline: When it must have ended.
    ///   - loop: The loop the call is made on.
    ///   - mayGo: Whether the address, or a redirect, may lead there.
    /// - Returns: The stored media.
    /// - Throws: ``NodeError``: `invalid_input` for what can never be fetched, `timeout`, `network`, `overloaded` or
    ///   `provider_internal` for what may be another time.
    public func fetch(
        _ address: String,
        of account: AccountID,
        atMost limit: Int = maximumBytes,
        deadline: Instant,
        on loop: Loop,
        mayGo: @Sendable (HTTPURL) -> Bool = { _ in true }
    ) async throws(NodeError) -> MediaReference {
        let address = Self.trimmed(address)
        if address.hasPrefix("data:") { return try await keep(data: address) }
        if address.hasPrefix("/media/med_") { return try await stored(address, of: account) }
        let url: HTTPURL
        do {
            url = try HTTPURL(address)
        } catch {
            throw NodeError(.invalidInput, "“\(Self.short(address))” is no address that can be fetched: \(error)")
        }
        guard mayGo(url) else {
            throw NodeError(.invalidInput, "“\(Self.short(address))” is no address that may be fetched.")
        }
        guard let client = clients.first(where: { $0.loop === loop }) ?? clients.first else {
            throw NodeError("internal_error", "There is no HTTP client.")
        }
        var request = OutgoingRequest(url: url)
        request.totalTime = max(.milliseconds(1), deadline - now())
        request.maximumResponseBytes = limit
        do {
            try await assets.admit()
        } catch {
            throw Self.translate(error, url.host)
        }
        let path = assets.newPath()
        let response: OutgoingResponse
        do {
            response = try await client.download(request, to: path, followingRedirects: 5, to: mayGo)
        } catch {
            throw Self.translate(error, url)
        }
        guard (200...299).contains(response.status) else {
            await assets.discard(path)
            throw Self.refusal(response, url)
        }
        let type = response.headers["content-type"].map { String($0.prefix { $0 != ";" }) }
        do throws(AssetError) {
            let name = url.target.prefix { $0 != "?" }.split(separator: "/").last.map { String($0.prefix(120)) }
            let media = try await assets.keep(path, mimeType: type, name: name, at: now())
            guard media.bytes > 0 else {
                throw AssetError.missing(name: url.description)
            }
            return media
        } catch {
            await assets.discard(path)
            throw Self.translate(error, url.host)
        }
    }

    private func keep(data address: String) async throws(NodeError) -> MediaReference {
        guard let comma = address.firstIndex(of: ","), address[..<comma].hasSuffix(";base64"),
            let bytes = Base64.decode(address[address.index(after: comma)...].filter { !$0.isWhitespace }),
            !bytes.isEmpty
        else {
            throw NodeError(.invalidInput, "The data address cannot be read: it must be data:<type>;base64,<bytes>.")
        }
        let type = String(address.dropFirst(5).prefix { $0 != ";" && $0 != "," })
        do throws(AssetError) {
            return try await assets.keep(bytes: bytes, mimeType: type.isEmpty ? nil : type, at: now())
        } catch {
            throw Self.translate(error, "the data address")
        }
    }

    private func stored(_ path: String, of account: AccountID) async throws(NodeError) -> MediaReference {
        let id = MediaID(String(path.dropFirst(7).prefix { $0 != "." && $0 != "?" }))
        let reference: MediaReference?
        do throws(AssetError) {
            reference = if let id { try await assets.reference(id, of: account) } else { nil }
        } catch {
            throw Self.translate(error, path)
        }
        guard let reference else { throw NodeError(.invalidInput, "There is no media at \(Self.short(path)).") }
        return reference
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    // MARK: Errors

    private static func refusal(_ response: OutgoingResponse, _ url: HTTPURL) -> NodeError {
        let failure: FailureClass =
            switch response.status {
            case 408, 425: .timeout
            case 429, 503: .overloaded
            case 500...599: .providerInternal
            default: .invalidInput
            }
        return NodeError(
            failure,
            "\(url.host) answered \(response.status) instead of the media at \(short(url.description)).",
            httpStatus: response.status
        )
    }

    private static func translate(_ error: HTTPClientError, _ url: HTTPURL) -> NodeError {
        let failure: FailureClass =
            switch error {
            case .timedOut: .timeout
            case .connectionLost, .couldNotConnect, .tls, .unavailable, .cancelled, .withdrawn: .network
            case .tooManyRequests: .overloaded
            case .badURL, .refusedAddress, .badRedirect, .badResponse, .tooLarge: .invalidInput
            case .file: .providerInternal
            }
        return NodeError(failure, "\(short(url.description)) cannot be fetched: \(error)")
    }

    private static func translate(_ error: AssetError, _ what: String) -> NodeError {
        // What only lacks room may have it at the next try.
        if case .overQuota = error { return NodeError(.overloaded, error.description) }
        if error == .full { return NodeError(.overloaded, error.description) }
        if case .missing = error { return NodeError(.invalidInput, "\(what) answered without any bytes.") }
        return NodeError("internal_error", error.description)
    }

    private static func short(_ text: String) -> String { text.count > 100 ? text.prefix(100) + "…" : text }
}
