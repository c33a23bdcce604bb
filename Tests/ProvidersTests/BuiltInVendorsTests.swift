import Assets
import Catalog
import Engine
import HTTPServer
import HTTPValues
import Providers
import TestSupport
import Testing
import Values

/// The built-in manifests against a server that answers as their vendors do.
@Suite(.timeLimit(.minutes(1)))
struct BuiltInVendorsTests {
    private static func chat(_ content: String) -> HTTPResponse {
        .json([
            "id": "chatcmpl-1", "object": "chat.completion", "model": "m",
            "choices": [
                ["index": 0, "message": ["role": "assistant", "content": .string(content)], "finish_reason": "stop"]
            ],
            "usage": ["prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100],
        ])
    }

    private func outputs(_ outcome: RunInput.Outcome) throws -> (outputs: [String: Value], cost: Money) {
        guard case .succeeded(let outputs, let cost, _) = outcome else {
            Issue.record("\(outcome)")
            throw NodeError("none", "There are no outputs.")
        }
        return (outputs, cost)
    }

    @Test func `asks a chat model as OpenAI's wire wants it`() async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { _, _ in Self.chat("Hello.") }
        let made = try outputs(
            try await bench.perform(
                "llm:chat",
                inputs: ["prompt": .text("Say hello"), "system_prompt": .text("Be brief")],
                parameters: ["temperature": 0.5]
            )
        )
        #expect(made.outputs["text"] == .text("Hello."))
        #expect(made.outputs["usage"]?.asJSON["total_tokens"] == 1100)
        // 1,000 tokens at 0.75 and 100 at 4.50 dollars a million.
        #expect(made.cost == Money(nano: 1_200_000))
        let request = try #require(bench.vendor.requests.first)
        #expect(request.target == "/v1/chat/completions" && request.headers["authorization"] == "Bearer secret-key")
        #expect(
            request.json == [
                "model": "gpt-5.4-mini", "temperature": 0.5, "max_completion_tokens": 1024,
                "messages": [
                    ["role": "system", "content": "Be brief"], ["role": "user", "content": "Say hello"],
                ],
            ]
        )
        await bench.stop()
    }

    @Test func `asks any model by its name, with pictures and a schema`() async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { _, _ in Self.chat("{}") }
        let media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let made = try outputs(
            try await bench.perform(
                "llm:openai_chat",
                inputs: ["prompt": .text("What is this?"), "images": .list([.media(media)])],
                parameters: ["model": "llama3:8b", "json_schema": ["type": "object"], "seed": 7]
            )
        )
        // A model that is not known is taken for the dearest one that is: 10 and 50 dollars a million.
        #expect(made.cost == Money(nano: 15_000_000))
        let body = try #require(bench.vendor.requests.first?.json)
        #expect(body["model"] == "llama3:8b" && body["seed"] == 7)
        #expect(body["response_format"]?["json_schema"]?["schema"] == ["type": "object"])
        let content = try #require(body["messages"]?[0]?["content"])
        #expect(content[0] == ["type": "text", "text": "What is this?"])
        #expect(content[1]?["image_url"]?["url"]?.string?.hasPrefix("data:image/png;base64,") == true)
        await bench.stop()
    }

    @Test(arguments: [
        #"{"label": "praise", "confidence": 0.75}"#, "```json\n{\"confidence\": 0.75,\n \"label\": \"praise\"}\n```",
    ])
    func `sorts a text into one of the labels`(content: String) async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { _, _ in Self.chat(content) }
        let made = try outputs(
            try await bench.perform(
                "llm:classify",
                inputs: ["text": .text("Wonderful!")],
                parameters: ["labels": ["praise", "complaint"]]
            )
        )
        #expect(made.outputs == ["label": .text("praise"), "confidence": .json(0.75)])
        let body = try #require(bench.vendor.requests.first?.json)
        let schema = try #require(body["response_format"]?["json_schema"]?["schema"])
        #expect(schema["properties"]?["label"]?["enum"] == ["praise", "complaint"])
        #expect(body["messages"]?[1] == ["role": "user", "content": "Wonderful!"])
        #expect(body["messages"]?[0]?["content"]?.string?.contains(#"["praise","complaint"]"#) == true)
        await bench.stop()
    }

    @Test(arguments: ["praise", #"{"label": "other", "confidence": 1}"#, "{broken"])
    func `takes no label that was not given`(content: String) async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { _, _ in Self.chat(content) }
        let outcome = try await bench.perform(
            "llm:classify",
            inputs: ["text": .text("Wonderful!")],
            parameters: ["labels": ["praise", "complaint"]]
        )
        guard case .failed(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.failure == .contract)
        await bench.stop()
    }

    @Test func `summarizes`() async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { _, _ in Self.chat("Short.") }
        let made = try outputs(
            try await bench.perform(
                "llm:summarize",
                inputs: ["text": .text("A long text")],
                parameters: ["length": "bullets"]
            )
        )
        #expect(made.outputs == ["text": .text("Short.")])
        let system = bench.vendor.requests.first?.json["messages"]?[0]?["content"]?.string
        #expect(system?.contains("as at most five bullet points") == true)
        await bench.stop()
    }

    // MARK: fal

    /// fal's queue: the job is done at the first question, and its result holds a picture and a film.
    private static func queue(_ request: FakeVendor.Request, _ host: String) -> HTTPResponse {
        let base = "http://\(host)/acme/requests/1"
        switch (request.method, request.target) {
        case ("GET", "/file.png"):
            return HTTPResponse(status: 200, headers: ["content-type": "image/png"], body: VendorBench.png)
        case ("GET", "/file.mp4"):
            let film = [0, 0, 0, 24] + Array("ftypisom".utf8) + [UInt8](repeating: 0, count: 12)
            return HTTPResponse(status: 200, headers: ["content-type": "video/mp4"], body: film)
        case ("GET", "/acme/requests/1/status"): return .json(["status": "COMPLETED"])
        case ("GET", "/acme/requests/1"):
            return .json([
                "images": [["url": .string("http://\(host)/file.png"), "content_type": "image/png"]],
                "video": ["url": .string("http://\(host)/file.mp4"), "content_type": "video/mp4"],
            ])
        default:
            return .json([
                "request_id": "1", "status": "IN_QUEUE", "response_url": .string(base),
                "status_url": .string("\(base)/status"), "cancel_url": .string("\(base)/cancel"),
            ])
        }
    }

    struct Job: Sendable, CustomTestStringConvertible {
        var type: String
        var media: [String] = []
        var parameters: [String: JSON] = [:]
        var target: String
        var body: JSON
        var output: String
        var upper: Int64
        var testDescription: String { "\(type) \(media)" }
    }

    private static let picture: JSON = "data:image/png;base64,"
    private static let voice: JSON = "data:audio/wav;base64,"

    @Test(arguments: [
        Job(
            type: "generate:flux_2",
            parameters: ["aspect_ratio": "16:9", "num_images": 2],
            target: "/fal-ai/flux-2",
            body: ["prompt": "hello", "image_size": "landscape_16_9", "num_images": 2, "output_format": "png"],
            output: "images",
            upper: 150_000_000
        ),
        Job(
            type: "generate:flux_2",
            media: ["images"],
            parameters: ["seed": 5],
            target: "/fal-ai/flux-2/edit",
            body: [
                "prompt": "hello", "image_size": "square_hd", "num_images": 1, "output_format": "png", "seed": 5,
                "image_urls": [picture],
            ],
            output: "images",
            upper: 90_000_000
        ),
        Job(
            type: "generate:flux_2_pro",
            target: "/fal-ai/flux-2-pro",
            body: ["prompt": "hello", "image_size": "square_hd", "safety_tolerance": "2", "output_format": "jpeg"],
            output: "images",
            upper: 75_000_000
        ),
        Job(
            type: "generate:nano_banana_pro",
            target: "/fal-ai/nano-banana-pro",
            body: [
                "prompt": "hello", "aspect_ratio": "1:1", "resolution": "1K", "num_images": 1, "output_format": "png",
            ],
            output: "images",
            upper: 134_000_000
        ),
        Job(
            type: "generate:nano_banana_2_1",
            media: ["images"],
            parameters: ["resolution": "4K"],
            target: "/google/nano-banana-2.1/edit",
            body: [
                "prompt": "hello", "aspect_ratio": "1:1", "resolution": "4K", "num_images": 1, "output_format": "png",
                "image_urls": [picture],
            ],
            output: "images",
            upper: 134_000_000
        ),
        Job(
            type: "edit:flux_2_edit",
            media: ["images"],
            target: "/fal-ai/flux-2/edit",
            body: ["prompt": "hello", "num_images": 1, "output_format": "png", "image_urls": [picture]],
            output: "images",
            upper: 90_000_000
        ),
        Job(
            type: "upscale:crystal",
            media: ["image"],
            target: "/clarityai/crystal-upscaler",
            body: ["image_url": picture, "scale_factor": 2],
            output: "image",
            upper: 32_000_000
        ),
        Job(
            type: "talking:veed_fabric",
            media: ["image", "audio"],
            parameters: ["resolution": "720p"],
            target: "/veed/fabric-1.0",
            body: ["image_url": picture, "audio_url": voice, "resolution": "720p"],
            output: "video",
            upper: 450_000_000
        ),
        Job(
            type: "video:kling_video_2_5_i2v",
            media: ["image", "end_image"],
            parameters: ["duration": "10"],
            target: "/fal-ai/kling-video/v2.5-turbo/pro/image-to-video",
            body: [
                "prompt": "hello", "image_url": picture, "tail_image_url": picture, "duration": "10",
                "negative_prompt": "blur, distort, and low quality", "cfg_scale": 0.5,
            ],
            output: "video",
            upper: 700_000_000
        ),
    ])
    func `has a job done by fal`(job: Job) async throws {
        let bench = try await VendorBench(documents: BuiltInCatalog.documents) { Self.queue($0, $1) }
        let image = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let sound = MediaReference(
            hash: try await bench.assets.keep(bytes: Self.silence, mimeType: nil, at: VendorBench.now()).hash,
            mimeType: "audio/wav",
            bytes: Int64(Self.silence.count),
            durationMs: 2000
        )
        let type = try #require(bench.catalog.nodeTypes[job.type])
        var inputs: [String: Value] = type.input("prompt") == nil ? [:] : ["prompt": .text("hello")]
        for port in job.media {
            let media = Value.media(port == "audio" ? sound : image)
            inputs[port] = type.input(port)?.isList == true ? .list([media]) : media
        }
        let offer = try #require(type.offers.first)
        var prepared = Prepared(inputs: inputs, parameters: job.parameters)
        for parameter in type.parameters where prepared.parameters[parameter.id] == nil {
            prepared.parameters[parameter.id] = parameter.defaultValue
        }
        let grant = try bench.vendors.quote(offer, of: type, prepared, timeout: nil, now: VendorBench.now())
        #expect(grant.upper == Money(nano: job.upper))
        let made = try outputs(try await bench.perform(job.type, inputs: inputs, parameters: job.parameters))
        let media = try #require(made.outputs[job.output]?.media.first)
        #expect(media.mimeType == (job.output == "video" ? "video/mp4" : "image/png"))
        let request = try #require(bench.vendor.requests.first)
        #expect(request.target == job.target && request.headers["authorization"] == "Key id:key")
        #expect(shortened(request.json) == job.body)
        #expect(bench.milestones.all == ["submitted 1", "ready"])
        await bench.stop()
    }

    /// Data URLs without their data.
    private func shortened(_ json: JSON) -> JSON {
        switch json {
        case .string(let text) where text.hasPrefix("data:"):
            .string(text.prefix { $0 != "," } + ",")
        case .array(let list): .array(list.map(shortened))
        case .object(let object):
            .object(JSONObject(object.map { JSONObject.Member(key: $0.key, value: shortened($0.value)) }))
        default: json
        }
    }

    /// A WAV file without a sample.
    private static let silence: [UInt8] =
        Array("RIFF".utf8) + [36, 0, 0, 0] + Array("WAVEfmt ".utf8)
        + [16, 0, 0, 0, 1, 0, 1, 0, 0x22, 0x56, 0, 0, 0x44, 0xAC, 0, 0, 2, 0, 16, 0] + Array("data".utf8)
        + [0, 0, 0, 0]
}
