import Assets
import Catalog
import Engine
import HTTPServer
import HTTPValues
import Synchronization
import TestSupport
import Testing
import Values

/// The example manifests of OpenAI and Anthropic: bodies, answers whole and in pieces, prices.
@Suite(.timeLimit(.minutes(3)))
struct ExampleChatTests {
    private static let openAI: JSON = [
        "choices": [["message": ["role": "assistant", "content": "Hi."], "finish_reason": "stop"]],
        "usage": [
            "prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": ["cached_tokens": 200],
        ],
    ]
    private static let anthropic: JSON = [
        "content": [
            ["type": "thinking", "thinking": "…"], ["type": "text", "text": "H"], ["type": "text", "text": "i."],
        ],
        "stop_reason": "end_turn",
        "usage": [
            "input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 500,
            "cache_creation_input_tokens": 100,
        ],
    ]

    @Test func `OpenAI is asked with the least, and with everything`() async throws {
        let bench = try await Examples.bench(environment: ["OPENAI_ORG_ID": "org-1"]) { _, _ in
            .json(Self.openAI, headers: ["x-request-id": "req-1"])
        }
        let first = try Examples.made(try await bench.perform("llm:openai_chat"))
        #expect(first.outputs["text"] == .text("Hi.") && first.requestID == "req-1")
        #expect(first.outputs["usage"]?.asJSON["prompt_tokens"] == 1000)
        // 800 tokens at 0.75, 200 at 0.075 and 100 at 4.50 dollars a million.
        #expect(first.cost == Money(nano: 1_065_000))
        let picture = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        _ = try await bench.perform(
            "llm:openai_chat",
            inputs: [
                "prompt": .text("What is it?"), "system_prompt": .text("Be brief."), "images": .list([.media(picture)]),
            ],
            parameters: [
                "model": "gpt-6-luna", "temperature": 0.5, "seed": 7, "max_tokens": 10,
                "json_schema": ["type": "object"],
            ]
        )
        let requests = bench.vendor.requests
        #expect(requests.map(\.target) == ["/v1/chat/completions", "/v1/chat/completions"])
        #expect(requests[0].headers["authorization"] == "Bearer key")
        #expect(requests[0].headers["openai-organization"] == "org-1")
        #expect(
            requests[0].json == [
                "model": "gpt-5.4-mini", "max_completion_tokens": 1024,
                "messages": [["role": "user", "content": [["type": "text", "text": "hello"]]]],
            ]
        )
        let url = "data:image/png;base64,\(Base64.encode(VendorBench.png))"
        #expect(
            requests[1].json == [
                "model": "gpt-6-luna", "temperature": 0.5, "max_completion_tokens": 10, "seed": 7,
                "response_format": [
                    "type": "json_schema",
                    "json_schema": ["name": "out", "strict": true, "schema": ["type": "object"]],
                ],
                "messages": [
                    ["role": "system", "content": "Be brief."],
                    [
                        "role": "user",
                        "content": [
                            ["type": "text", "text": "What is it?"],
                            ["type": "image_url", "image_url": ["url": .string(url)]],
                        ],
                    ],
                ],
            ]
        )
        await bench.stop()
    }

    @Test func `the most a chat can cost follows from bytes, pictures and the longest answer`() async throws {
        let bench = try await Examples.bench { _, _ in .json([:]) }
        let picture = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let words: [String: Value] = ["prompt": .text("hello"), "system_prompt": .text("é")]
        // 5 + 2 + 2 + 256 bytes at 0.75 and 1,024 tokens at 4.50.
        #expect(try bench.upper("llm:openai_chat", inputs: words) == Money(nano: 4_806_750))
        let more = words.merging(["images": .list([.media(picture)])]) { $1 }
        #expect(try bench.upper("llm:openai_chat", inputs: more) == Money(nano: 4_806_750 + 2_250_000))
        // 5 + 2 + 256 bytes at 2 and 1,024 tokens at 10; of Haiku at the prices of long questions.
        #expect(try bench.upper("llm:claude_messages", inputs: words) == Money(nano: 10_766_000))
        let haiku: [String: JSON] = ["model": "claude-haiku-5-5"]
        #expect(try bench.upper("llm:claude_messages", inputs: words, parameters: haiku) == Money(nano: 2_691_500))
        await bench.stop()
    }

    @Test func `an organisation that is not set is not sent`() async throws {
        let bench = try await Examples.bench { _, _ in .json(Self.openAI) }
        _ = try await bench.perform("llm:openai_chat")
        #expect(bench.vendor.requests.first?.headers.contains("openai-organization") == false)
        await bench.stop()
    }

    @Test func `Anthropic is asked with pictures as links and as bytes`() async throws {
        let bench = try await Examples.bench { _, _ in .json(Self.anthropic, headers: ["request-id": "req-2"]) }
        let linked = try await Examples.bench(link: { "https://here.example/\($0.id)" }) { _, _ in .json(Self.anthropic)
        }
        let picture = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let inputs: [String: Value] = ["prompt": .text("What is it?"), "images": .list([.media(picture)])]
        let made = try Examples.made(try await bench.perform("llm:claude_messages", inputs: inputs))
        #expect(made.outputs["text"] == .text("Hi.") && made.requestID == "req-2")
        // 1,000 tokens at 2, 500 at 0.1, 100 at 2.5 and 100 at 10 dollars a million.
        #expect(made.cost == Money(nano: 3_300_000))
        _ = try await linked.perform("llm:claude_messages", inputs: inputs)
        let request = try #require(bench.vendor.requests.first)
        #expect(request.target == "/v1/messages" && request.headers["x-api-key"] == "key")
        #expect(request.headers["anthropic-version"] == "2026-10-21")
        func body(_ source: JSON) -> JSON {
            [
                "model": "claude-sonnet-5-5", "max_tokens": 1024,
                "messages": [
                    [
                        "role": "user",
                        "content": [["type": "image", "source": source], ["type": "text", "text": "What is it?"]],
                    ]
                ],
            ]
        }
        let data = Base64.encode(VendorBench.png)
        #expect(request.json == body(["type": "base64", "media_type": "image/png", "data": .string(data)]))
        let link = "https://here.example/\(picture.id)"
        #expect(linked.vendor.requests.first?.json == body(["type": "url", "url": .string(link)]))
        await bench.stop()
        await linked.stop()
    }

    @Test func `a long question costs the long price`() async throws {
        var answer = Self.anthropic
        answer = answer.merging([
            "usage": [
                "input_tokens": 200_000, "output_tokens": 10, "cache_read_input_tokens": nil,
                "cache_creation_input_tokens": nil,
            ]
        ])
        let bench = try await Examples.bench { [answer] _, _ in .json(answer) }
        let made = try Examples.made(
            try await bench.perform("llm:claude_messages", parameters: ["model": "claude-haiku-5-5"])
        )
        #expect(made.cost == Money(nano: 100_025_000))
        await bench.stop()
    }

    // MARK: Pieces

    private final class Pieces: Sendable {
        private let texts = Mutex<[String]>([])
        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    private static func events(_ events: [String]) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: ["content-type": "text/event-stream"],
            body: Array(events.map { "data: \($0)\n\n" }.joined().utf8)
        )
    }

    @Test func `OpenAI's answer in pieces gives the same as a whole one`() async throws {
        let bench = try await Examples.bench { _, _ in
            Self.events([
                #"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
                #"{"choices":[{"delta":{"content":"H"}}]}"#, #"{"choices":[{"delta":{"content":"i."}}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#, "[DONE]",
            ])
        }
        let pieces = Pieces()
        let made = try Examples.made(
            try await bench.perform("llm:openai_chat") { port, text in pieces.add("\(port): \(text)") }
        )
        #expect(made.outputs["text"] == .text("Hi.") && pieces.all == ["text: H", "text: i."])
        #expect(made.cost == Money(nano: 1_200_000))
        let body = try #require(bench.vendor.requests.first?.json)
        #expect(body["stream"] == true && body["stream_options"] == ["include_usage": true])
        await bench.stop()
    }

    @Test func `Anthropic's answer in pieces adds its usage up over two events`() async throws {
        let bench = try await Examples.bench { _, _ in
            Self.events([
                #"{"type":"message_start","message":{"usage":{"input_tokens":1000,"output_tokens":1}}}"#,
                #"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi."}}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":100}}"#,
                #"{"type":"message_stop"}"#,
            ])
        }
        let made = try Examples.made(try await bench.perform("llm:claude_messages") { _, _ in })
        #expect(made.outputs["text"] == .text("Hi."))
        #expect(made.outputs["usage"]?.asJSON == ["input_tokens": 1000, "output_tokens": 100])
        #expect(made.cost == Money(nano: 3_000_000))
        await bench.stop()
    }

    @Test(arguments: [
        ([#"{"error":{"type":"overloaded_error","message":"later"}}"#], FailureClass.overloaded),
        ([#"{"type":"content_block_delta","delta":{"text":"H"}}"#], .network),
        (
            [
                #"{"type":"message_delta","delta":{"stop_reason":"refusal"}}"#, #"{"type":"message_stop"}"#,
            ], .contentPolicy
        ),
    ])
    func `an answer in pieces that ends badly has its class`(events: [String], failure: FailureClass) async throws {
        let bench = try await Examples.bench { _, _ in Self.events(events) }
        guard case .failed(let error, _) = try await bench.perform("llm:claude_messages", partial: { _, _ in }) else {
            Issue.record("It must fail.")
            return
        }
        #expect(error.failure == failure && error.accepted == .yes)
        await bench.stop()
    }
}
