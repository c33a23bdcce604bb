import Crypto
import EventLoop
import HTTPServer
import HTTPValues
import Storage
import Values

/// Finds the browser session of a request; sessions that were found are remembered for a few seconds.
final class SessionRing: Sendable {
    /// The name of the cookie (contract §3.1).
    static let cookie = "mr_session"

    private let database: Database
    private let secret: [UInt8]
    private let known = AccessCache<BrowserSession>()

    init(database: Database, secret: [UInt8]) {
        self.database = database
        self.secret = secret
    }

    /// The session of a token.
    ///
    /// - Throws: ``APIError`` when there is none, or it is over.
    func session(_ token: String, at now: Instant, on loop: Loop) async throws(APIError) -> BrowserSession {
        let over = APIError(.invalidSession, "The session is over. Sign in again.")
        guard token.utf8.count <= 100, let hash = KeyRing.hash(of: token) else { throw over }
        do {
            let found = try await known.value(of: hash, at: now) { () throws(StorageError) in
                try await self.database.browserSession(hash: hash)
            }
            guard let (session, isNew) = found, session.expiresAt > now else { throw over }
            if isNew, now - session.seenAt > .seconds(300) {
                // Nobody waits for the note, and the next use makes it when this one fails.
                Task(executorPreference: loop) { try? await self.database.noteUse(ofSession: hash, at: now) }
            }
            return session
        } catch let error as StorageError {
            throw APIError(storage: error)
        } catch let error as APIError {
            throw error
        } catch {
            throw over
        }
    }

    /// Forgets all sessions, because one has changed.
    func forget() { known.forget() }

    /// What a page sends with each change, so that other pages cannot do so in its name.
    func csrfToken(_ session: BrowserSession) -> String {
        Base64.encode(HMAC.sha256(Array("csrf".utf8) + session.hash.bytes, key: secret), .url)
    }

    /// - Throws: ``APIError`` when a change comes without the token of its session.
    func check(_ request: HTTPRequest, _ session: BrowserSession) throws(APIError) {
        guard ![HTTPMethod.get, .head, .options].contains(request.method) else { return }
        let sent = Array((request.headers["x-csrf-token"] ?? "").utf8)
        guard equalInConstantTime(sent, Array(csrfToken(session).utf8)) else {
            throw APIError(
                .invalidCSRFToken,
                "A change needs the X-CSRF-Token of the session. Take it from GET /api/v1/auth/session."
            )
        }
    }
}

extension HTTPRequest {
    /// The value of a cookie.
    func cookie(_ name: String) -> String? {
        for field in headers.values(of: "cookie") {
            for part in field.split(separator: ";") {
                let text = part.drop { $0 == " " }
                if text.hasPrefix("\(name)=") { return String(text.dropFirst(name.utf8.count + 1)) }
            }
        }
        return nil
    }
}

extension APIServer {
    /// Who sends a request: an API key, or a person by the cookie of a session.
    ///
    /// - Throws: ``APIError`` when it is neither.
    func principal(of request: HTTPRequest, at now: Instant) async throws(APIError) -> Principal {
        let client = configuration.trustedProxies.client(of: request)
        return try await countingFailures(from: client, at: now) { () throws(APIError) in
            if !request.headers.contains("authorization"), let token = request.cookie(SessionRing.cookie) {
                let session = try await self.sessions.session(token, at: now, on: request.loop)
                try self.sessions.check(request, session)
                return Principal(session)
            }
            return Principal(try await self.keys.key(request.headers["authorization"], at: now, on: request.loop))
        }
    }
}
