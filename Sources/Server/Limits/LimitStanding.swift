import HTTPValues
import Values

/// What calls are counted in (contract §4.3); the raw value is the word on the wire.
enum Bucket: String, Sendable {
    /// Calls with a key that are counted nowhere else, in a minute.
    case requests
    /// Looks at executions, in a minute.
    case polls
    /// Calls that start executions, in a minute.
    case executions
    /// Executions, on a day.
    case daily
    /// Calls of a webhook from one address, in a minute.
    case webhook
    /// Calls from one address that prove no right, in a minute.
    case authentication

    /// How long its window is, in seconds.
    var window: Int64 { self == .daily ? 86_400 : 60 }
}

/// How a bucket stands for a caller.
struct LimitStanding: Sendable {
    let bucket: Bucket
    let limit: Int
    let remaining: Int
    /// When the bucket is full again, in seconds since 1970.
    let reset: Int64
    /// For how many seconds that is not so.
    let wait: Int64
    /// All buckets of the caller's plan, as they stand in `RateLimit-Policy`; `nil` for this bucket only.
    var policy: String?

    init(_ bucket: Bucket, limit: Int, used: Int, at now: Instant, policy: String? = nil) {
        self.bucket = bucket
        self.limit = limit
        remaining = max(0, limit - used)
        let seconds = now.seconds
        let window = bucket.window
        reset = bucket == .daily ? (now.day + 1) * window : (now.minute + 1) * window
        wait = max(1, reset - seconds)
        self.policy = policy
    }

    /// What stands for no limit: the greatest whole number that every client can read.
    static let unlimited = 2_147_483_647

    /// The header fields that tell it (contract §3.2).
    var fields: HTTPFields {
        [
            "x-ratelimit-limit": "\(limit)", "x-ratelimit-remaining": "\(remaining)", "x-ratelimit-reset": "\(reset)",
            "ratelimit-policy": policy ?? Self.policy(bucket, limit),
            "ratelimit": "\"\(bucket.rawValue)\";r=\(remaining);t=\(wait)",
        ]
    }

    /// A bucket as it stands in `RateLimit-Policy`.
    static func policy(_ bucket: Bucket, _ limit: Int) -> String {
        "\"\(bucket.rawValue)\";q=\(limit);w=\(bucket.window)"
    }
}

extension APIError {
    /// The refusal of a call whose bucket is empty (contract §6.6).
    init(_ standing: LimitStanding) {
        let (code, message): (ErrorCode, String) =
            switch standing.bucket {
            case .executions:
                (.executionRateLimited, "Too many workflow executions. Please try again later.")
            case .daily: (.dailyExecutionLimit, "Too many workflow executions. Please try again later.")
            case .requests, .polls, .webhook: (.rateLimited, "Too many requests. Please try again later.")
            case .authentication:
                (.rateLimited, "Too many calls of this address without a valid key. Please try again later.")
            }
        self.init(
            code,
            message,
            [
                "bucket": .string(standing.bucket.rawValue), "limit": .int(Int64(standing.limit)),
                "windowMs": .int(standing.bucket.window * 1000), "retryAfter": .int(standing.wait),
                "resetAt": .int(standing.reset),
            ]
        )
        headers = standing.fields
        headers["retry-after"] = "\(standing.wait)"
    }
}
