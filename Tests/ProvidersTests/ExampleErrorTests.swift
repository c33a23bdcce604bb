import Assets
import Catalog
import Engine
import HTTPServer
import HTTPValues
import TestSupport
import Testing
import Values

/// What the answers of vendors mean by the rules of the example manifests.
@Suite(.timeLimit(.minutes(3)))
struct ExampleErrorTests {
    /// An answer to a submit call and what it means.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let type: String
        let status: Int
        var body: JSON = [:]
        var headers: [String: String] = [:]
        let failure: FailureClass
        var accepted = Certainty.no
        var charged: Certainty?
        var retryAfter: Duration?
        var message: String?

        var testDescription: String { "\(type) \(status) \(body.text)" }

        init(
            _ type: String,
            _ status: Int,
            _ body: JSON = [:],
            _ failure: FailureClass,
            _ accepted: Certainty = .no,
            charged: Certainty? = nil,
            headers: [String: String] = [:],
            retryAfter: Duration? = nil,
            message: String? = nil
        ) {
            self.type = type
            self.status = status
            self.body = body
            self.headers = headers
            self.failure = failure
            self.accepted = accepted
            self.charged = charged ?? accepted
            self.retryAfter = retryAfter
            self.message = message
        }
    }

    static let openAI: [Refusal] = {
        let type = "llm:openai_chat"
        return [
            Refusal(
                type,
                429,
                ["error": ["type": "insufficient_quota", "message": "Pay."]],
                .payment,
                message: "Pay."
            ),
            Refusal(type, 400, ["error": ["code": "context_length_exceeded"]], .invalidInput),
            Refusal(type, 400, ["error": ["code": "content_policy_violation"]], .contentPolicy),
            Refusal(type, 503, ["error": ["code": "server_is_overloaded"]], .overloaded),
            Refusal(type, 429, ["error": ["code": "slow_down"]], .overloaded),
            Refusal(type, 401, [:], .auth), Refusal(type, 403, [:], .permission), Refusal(type, 404, [:], .notFound),
            Refusal(type, 429, [:], .rateLimited, headers: ["retry-after-ms": "1500"], retryAfter: .milliseconds(1500)),
            Refusal(type, 429, [:], .rateLimited, headers: ["retry-after": "3"], retryAfter: .seconds(3)),
            Refusal(type, 408, [:], .timeout, .unknown), Refusal(type, 409, [:], .timeout, .unknown),
            Refusal(type, 500, ["error": nil], .providerInternal, .unknown),
            Refusal(type, 502, "<html>", .providerInternal, .unknown), Refusal(type, 422, [:], .invalidInput),
        ]
    }()

    static let anthropic: [Refusal] = {
        let type = "llm:claude_messages"
        return [
            Refusal(type, 529, [:], .overloaded),
            Refusal(type, 500, ["error": ["type": "overloaded_error"]], .overloaded),
            Refusal(type, 400, ["error": ["details": ["error_code": "enforced_spend_limit_reached"]]], .payment),
            Refusal(
                type,
                429,
                ["error": ["type": "rate_limit_error"]],
                .rateLimited,
                headers: ["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"]
            ),
            Refusal(type, 401, ["error": ["type": "authentication_error"]], .auth),
            Refusal(type, 403, ["error": ["type": "permission_error"]], .permission),
            Refusal(type, 400, ["error": ["type": "billing_error"]], .payment),
            Refusal(
                type,
                400,
                ["error": ["type": "invalid_request_error", "message": "Your credit balance is too low."]],
                .payment,
                message: "Your credit balance is too low."
            ),
            Refusal(type, 404, ["error": ["type": "not_found_error"]], .notFound),
            Refusal(type, 400, ["error": ["type": "invalid_request_error"]], .invalidInput),
            Refusal(type, 413, ["error": ["type": "request_too_large"]], .invalidInput),
            Refusal(type, 504, ["error": ["type": "timeout_error"]], .timeout, .unknown),
            Refusal(type, 500, "oops", .providerInternal, .unknown), Refusal(type, 418, [:], .invalidInput),
        ]
    }()

    static let fal: [Refusal] = {
        let type = "edit:flux_2_pro_edit"
        return [
            Refusal(
                type,
                422,
                ["detail": [["type": "content_policy_violation", "msg": "No."]]],
                .contentPolicy,
                message: "No."
            ),
            Refusal(type, 401, [:], .auth),
            Refusal(type, 403, ["detail": "Exhausted balance."], .payment, message: "Exhausted balance."),
            Refusal(type, 403, ["detail": [["msg": "No."]]], .permission), Refusal(type, 404, [:], .notFound),
            Refusal(type, 429, [:], .rateLimited, headers: ["retry-after": "2"], retryAfter: .seconds(2)),
            Refusal(type, 500, ["detail": "x"], .providerInternal, .unknown), Refusal(type, 422, [:], .invalidInput),
        ]
    }()

    static let replicate: [Refusal] = {
        let type = "upscale:clarity_pro"
        return [
            Refusal(type, 401, [:], .auth), Refusal(type, 402, ["title": "Pay."], .payment, message: "Pay."),
            Refusal(type, 404, [:], .notFound), Refusal(type, 422, ["detail": "Bad."], .invalidInput, message: "Bad."),
            Refusal(type, 429, ["detail": "It resets in ~12s."], .rateLimited, retryAfter: .seconds(12)),
            Refusal(type, 500, [:], .providerInternal, .unknown),
            Refusal(
                type,
                201,
                ["id": "p", "urls": ["get": "x", "cancel": "y"], "status": "failed"],
                .providerInternal,
                .yes,
                charged: .unknown
            ),
            Refusal(
                type,
                201,
                ["id": "p", "urls": ["get": "x", "cancel": "y"], "status": "failed", "error": "NSFW content"],
                .contentPolicy,
                .yes,
                charged: .unknown
            ),
        ]
    }()

    static let kling: [Refusal] = {
        let type = "video:kling_video_2_5_i2v"
        let codes: [(Int64, FailureClass)] = [
            (1000, .auth), (1003, .auth), (1099, .auth), (1101, .payment), (1102, .payment), (1100, .permission),
            (1103, .permission), (1301, .contentPolicy), (1302, .rateLimited), (1303, .concurrency), (1203, .notFound),
            (1200, .invalidInput), (1299, .invalidInput),
        ]
        var refusals = codes.map { code, failure in
            Refusal(type, 429, ["code": .int(code), "message": "No."], failure, message: "No.")
        }
        refusals.append(Refusal(type, 200, ["code": 1102], .payment))
        refusals.append(Refusal(type, 200, ["code": 5000], .providerInternal, .unknown))
        refusals.append(Refusal(type, 502, "<html>", .providerInternal, .unknown))
        return refusals
    }()

    static let stability: [Refusal] = {
        let type = "generate:stability_ultra"
        return [
            Refusal(type, 400, ["name": "content_moderation"], .contentPolicy), Refusal(type, 403, [:], .contentPolicy),
            Refusal(type, 400, ["finish_reason": "CONTENT_FILTERED"], .contentPolicy, .yes, charged: .unknown),
            Refusal(type, 401, [:], .auth), Refusal(type, 402, [:], .payment),
            Refusal(type, 400, ["name": "payment_required"], .payment), Refusal(type, 404, [:], .notFound),
            Refusal(type, 429, [:], .rateLimited), Refusal(type, 500, [:], .providerInternal, .unknown),
            Refusal(type, 400, ["errors": ["a", "b"]], .invalidInput, message: "a; b"),
        ]
    }()

    /// The least inputs of every type.
    private func inputs(_ type: String, _ bench: VendorBench) async throws -> [String: Value] {
        let media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let ports = try #require(bench.catalog.nodeTypes[type]).inputs.filter(\.isRequired)
        return Dictionary(
            uniqueKeysWithValues: ports.map { port in
                let value: Value = port.type == .text ? .text("hello") : .media(media)
                return (port.id, port.isList ? .list([value]) : value)
            }
        )
    }

    @Test(arguments: openAI + anthropic + fal + replicate + kling + stability)
    func `an answer that is no success has its class`(refusal: Refusal) async throws {
        let answer: HTTPResponse
        if let text = refusal.body.string {
            answer = HTTPResponse(
                status: refusal.status,
                headers: ["content-type": "text/html"],
                body: Array(text.utf8)
            )
        } else {
            var headers = HTTPFields()
            for (name, value) in refusal.headers { if let name = HTTPFieldName(name) { headers[name] = value } }
            answer = .json(refusal.body, status: refusal.status, headers: headers)
        }
        let quick: (name: String, changes: JSON) = ("replicate", ["media": ["order": ["dataurl"]]])
        let bench = try await Examples.bench(patch: quick) { [answer] _, _ in answer }
        let outcome = try await bench.perform(refusal.type, inputs: try await inputs(refusal.type, bench))
        guard case .failed(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.failure == refusal.failure && error.accepted == refusal.accepted)
        #expect(error.charged == refusal.charged)
        if let retryAfter = refusal.retryAfter { #expect(error.retryAfter == retryAfter) }
        if let message = refusal.message { #expect(error.message.hasSuffix(message), "\(error.message)") }
        // What may or must be tried again is the engine's to decide; a mere look-up buys nothing.
        #expect(bench.vendor.requests.filter { $0.method == "POST" }.count <= 2)
        await bench.stop()
    }

    // MARK: Jobs

    /// The answer to a later call of a job and what it means.
    struct JobEnd: Sendable, CustomTestStringConvertible {
        let type: String
        let target: String
        let status: Int
        let body: JSON
        let failure: FailureClass
        let charged: Certainty
        var testDescription: String { "\(type) \(target) \(status) \(body.text)" }
    }

    private static func end(
        _ type: String,
        _ target: String,
        _ status: Int,
        _ body: JSON,
        _ failure: FailureClass,
        _ charged: Certainty
    ) -> JobEnd {
        JobEnd(type: type, target: target, status: status, body: body, failure: failure, charged: charged)
    }

    static let ends: [JobEnd] = [
        end("edit:flux_2_pro_edit", "/r", 504, ["error_type": "request_timeout"], .timeout, .no),
        end("edit:flux_2_pro_edit", "/r", 503, ["error_type": "runner_disconnected"], .overloaded, .no),
        end(
            "edit:flux_2_pro_edit",
            "/r",
            422,
            ["detail": [["type": "content_policy_violation"]]],
            .contentPolicy,
            .unknown
        ),
        end("edit:flux_2_pro_edit", "/r", 500, ["detail": "boom"], .providerInternal, .no),
        end("edit:flux_2_pro_edit", "/r", 422, ["detail": "bad"], .invalidInput, .unknown),
        end("edit:flux_2_pro_edit", "/s", 200, ["status": "FAILED"], .providerInternal, .unknown),
        end(
            "upscale:clarity_pro",
            "/s",
            200,
            ["status": "failed", "error": "E005: flagged"],
            .contentPolicy,
            .unknown
        ),
        end("upscale:clarity_pro", "/s", 200, ["status": "failed"], .providerInternal, .unknown),
        end("upscale:clarity_pro", "/s", 200, ["status": "aborted"], .expired, .no),
        end(
            "video:kling_video_2_5_i2v",
            "/v1/videos/image2video/t1",
            200,
            ["code": 0, "data": ["task_status": "failed", "task_status_msg": "Failure by risk control"]],
            .contentPolicy,
            .unknown
        ),
        end(
            "video:kling_video_2_5_i2v",
            "/v1/videos/image2video/t1",
            200,
            ["code": 0, "data": ["task_status": "failed"]],
            .providerInternal,
            .unknown
        ),
        end("upscale:stability_creative", "/v2beta/results/g1", 404, ["errors": ["gone"]], .expired, .yes),
        end("upscale:stability_creative", "/v2beta/results/g1", 403, [:], .contentPolicy, .no),
    ]

    @Test(arguments: ends)
    func `a job that comes to nothing has its class`(end: JobEnd) async throws {
        let bench = try await Examples.bench(patch: ("replicate", ["media": ["order": ["dataurl"]]])) { request, host in
            if request.target == end.target { return .json(end.body, status: end.status) }
            if request.target == "/s" { return .json(["status": "COMPLETED"]) }
            return .json([
                "request_id": "j", "status_url": .string("http://\(host)/s"),
                "response_url": .string("http://\(host)/r"), "cancel_url": .string("http://\(host)/c"),
                "urls": ["get": .string("http://\(host)/s"), "cancel": .string("http://\(host)/c")],
                "id": "g1", "status": "starting", "code": 0, "data": ["task_id": "t1"],
            ])
        }
        let outcome = try await bench.perform(end.type, inputs: try await inputs(end.type, bench))
        guard case .failed(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.failure == end.failure && error.accepted == .yes && error.charged == end.charged)
        #expect(bench.vendor.requests.filter { $0.target == end.target }.count == 1)
        await bench.stop()
    }
}
