import HTTPValues
import Runtime
import Storage
import Synchronization
import Values

/// Who is asking, as far as it is known yet: decides which limits the answer tells.
struct Caller {
    var bucket: Bucket?
    var account: AccountID?
}

extension Route {
    /// The bucket in which its calls are counted; `nil` for what needs no key.
    var bucket: Bucket? {
        guard scopes != nil else { return nil }
        switch row {
        case 20, 22: return .executions
        case 43 where method == .post: return .executions
        case 60 where path.hasSuffix("/trigger"): return .executions
        case 23, 24, 27, 34: return .polls
        default: return .requests
        }
    }
}

extension APIServer {
    /// Finds out who asks, and counts where nothing was proven (contract §4.3).
    ///
    /// - Throws: ``APIError`` with 401, or with 429 when there were too many of them from the address.
    func countingFailures<Right>(
        from address: IPAddress,
        at now: Instant,
        _ body: () async throws(APIError) -> Right
    ) async throws(APIError) -> Right {
        do {
            return try await body()
        } catch {
            throw error.code.status == 401 ? failedAuthentication(error, from: address, at: now) : error
        }
    }

    /// Counts a failed attempt to prove a right.
    ///
    /// - Returns: What is answered: the error with how many more may follow, or 429.
    func failedAuthentication(_ error: APIError, from address: IPAddress, at now: Instant) -> APIError {
        let limit = configuration.failedAuthenticationsPerMinute
        let left = failures.withLock { $0.count(address.subscriber, atMost: limit, at: now) }
        let standing = LimitStanding(.authentication, limit: limit, used: limit - (left ?? 0), at: now)
        guard left != nil else { return APIError(standing) }
        var error = error
        for field in standing.fields {
            if let name = HTTPFieldName(field.name) { error.headers[name] = field.value }
        }
        return error
    }

    /// Counts a call of a webhook from one address.
    ///
    /// - Parameters:
    ///   - webhook: The webhook.
    ///   - limit: The most calls from one address in a minute.
    ///   - address: The client.
    ///   - now: When it called.
    /// - Returns: The header fields about the bucket, for the answer.
    /// - Throws: ``APIError`` with 429 when there were enough.
    func chargeWebhook(
        _ webhook: String,
        atMost limit: Int,
        from address: IPAddress,
        at now: Instant
    ) throws(APIError) -> HTTPFields {
        let caller = WebhookCaller(webhook: webhook, address: address.subscriber)
        let part = runs.share.part(of: limit)
        let left = webhookCalls.withLock { $0.count(caller, atMost: part, at: now) }
        let standing = LimitStanding(.webhook, limit: part, used: part - (left ?? 0), at: now)
        guard left != nil else { throw APIError(standing) }
        return standing.fields
    }
}

/// A client of a webhook.
struct WebhookCaller: Hashable {
    let webhook: String
    let address: IPAddress
}
