import Assets
import Catalog
import Engine
import EventLoop
import Providers
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(3)))
struct SandboxTests {
    let bench: ToolBench
    let catalog: Catalog

    init() throws {
        bench = try ToolBench()
        catalog = try Catalog([Catalog.Document(file: "test.json", bytes: Array(types.utf8))])
    }

    private let prompt: [String: Value] = ["prompt": .text("The tides of the North Sea")]

    private func answer(
        _ type: String,
        _ inputs: [String: Value]? = nil,
        _ parameters: [String: JSON] = [:],
        settings: [String: JSON] = [:],
        from bench: ToolBench? = nil
    ) async throws -> [String: Value] {
        let bench = bench ?? self.bench
        return try await Sandbox(assets: bench.assets, tools: bench.tools).answer(
            for: try #require(catalog.nodeTypes[type]),
            inputs: inputs ?? prompt,
            parameters: parameters,
            settings: settings,
            deadline: ToolBench.now + .seconds(100),
            now: { ToolBench.now }
        )
    }

    @Test func `says that it is a sandbox, and what it was asked`() async throws {
        let text = try #require(try await answer("llm:chat")["text"]?.text)
        #expect(text.contains("sandbox answer") && text.contains("tides of the North Sea"))
        #expect(text.hasSuffix("."))
        let long = (1...200).map { "word\($0)" }.joined(separator: " ")
        let answer = try #require(try await answer("llm:chat", ["prompt": .text(long)])["text"]?.text)
        #expect(answer.split(separator: " ").count <= 40)
        #expect(answer.contains("word1 ") && answer.contains("word200"))
    }

    @Test func `counts tokens, and fills a schema`() async throws {
        let schema: JSON = [
            "type": "object",
            "properties": [
                "title": ["type": "string"], "count": ["type": "integer", "minimum": 3],
                "tags": ["type": "array", "items": ["type": "string", "enum": ["a", "b"]]], "ok": ["type": "boolean"],
            ],
        ]
        let outputs = try await answer(
            "llm:structured",
            ["prompt": .text("cheese")],
            ["json_schema": schema]
        )
        #expect(
            outputs["data"]?.asJSON == ["title": "Sandbox: cheese", "count": 3, "tags": ["a"], "ok": true]
        )
        #expect(outputs["usage"]?.asJSON["total_tokens"]?.integer ?? 0 > 0)
        #expect(outputs["score"]?.asJSON == 0.8)
        #expect(outputs["flagged"]?.asJSON == false)
    }

    @Test func `picks a label of those given, always the same one for the same text`() async throws {
        let labels: JSON = ["praise", "complaint", "question"]
        func label(_ text: String) async throws -> String? {
            try await answer("llm:classify", ["text": .text(text)], ["labels": labels])["label"]?.text
        }
        #expect(try await label("I have a complaint about the soup") == "complaint")
        var seen: Set<String> = []
        for number in 0..<30 {
            let first = try #require(try await label("text \(number)"))
            #expect(try await label("text \(number)") == first)
            seen.insert(first)
        }
        #expect(seen == ["praise", "complaint", "question"])
    }

    @Test(
        arguments: [
            ([:], 1024, 1024), (["width": 300, "height": 200], 300, 200), (["aspect_ratio": "16:9"], 1360, 768),
            (["image_size": "landscape_4_3"], 1024, 768), (["image_size": ["width": 640, "height": 480]], 640, 480),
            (["size": "1536x1024"], 1536, 1024), (["aspect_ratio": "auto"], 1024, 1024),
            (["width": 9000, "height": 4500], 2048, 1024),
            (["size": "infxinf"], 2048, 2048), (["width": 1e300, "height": "inf"], 2048, 2048),
        ] as [([String: JSON], Int, Int)]
    )
    func `draws in the size that was asked for`(parameters: [String: JSON], width: Int, height: Int) async throws {
        let outputs = try await answer("generate:image", prompt, parameters)
        let image = try #require(outputs["images"]?.media.first)
        #expect(image.mimeType == "image/png" && image.width == width && image.height == height)
    }

    @Test(.enabled(if: Installed.images))
    func `draws the prompt and says that it is a sandbox`() async throws {
        let outputs = try await answer("generate:image", prompt, ["num_images": 2])
        let images = try #require(outputs["images"]?.media)
        #expect(images.count == 2 && images[0] != images[1])
        let read = try await bench.reading(images[0])
        #expect(read.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("tides of the North Sea"))
        #expect(read.lowercased().contains("sandbox"))
        #expect(try await answer("generate:image", prompt, ["num_images": 2]) == outputs)
    }

    @Test(.enabled(if: Installed.images), arguments: [(4, 4), (1e300, 8)] as [(JSON, Int)])
    func `really makes a picture larger`(scale: JSON, factor: Int) async throws {
        let image = try await bench.image("small", ["width": 320, "height": 200])
        let outputs = try await answer("upscale:image", ["image": .media(image)], ["scale_factor": scale])
        let larger = try #require(outputs["image"]?.media.first)
        #expect(larger.width == 320 * factor && larger.height == 200 * factor)
    }

    @Test(.enabled(if: Installed.sounds))
    func `reads a text aloud, and hums where there is none`() async throws {
        let voice = try #require(try await answer("audio:speech", ["text": .text("hello there")])["audio"]?.media.first)
        #expect(voice.mimeType == "audio/wav" && (500...5000).contains(voice.durationMs ?? 0))
        let tone = try #require(try await answer("audio:music", prompt, ["duration": 3])["audio"]?.media.first)
        #expect(tone.mimeType == "audio/wav" && tone.durationMs == 3000)
    }

    @Test(.enabled(if: Installed.films))
    func `makes a film of what came in`() async throws {
        let silent = try #require(try await answer("video:film", prompt, ["duration": "2"])["video"]?.media.first)
        #expect(silent.mimeType == "video/mp4" && silent.width == 640 && silent.height == 360)
        #expect(abs((silent.durationMs ?? 0) - 2000) < 100)
        let image = try await bench.image("face", ["width": 400, "height": 300])
        let voice = try await bench.speech("some words to say")
        let inputs: [String: Value] = ["image": .media(image), "audio": .media(voice)]
        let talking = try #require(try await answer("talking:film", inputs)["video"]?.media.first)
        #expect(talking.width == 400 && talking.height == 300)
        #expect(abs((talking.durationMs ?? 0) - (voice.durationMs ?? 0)) < 150)
        #expect(try await answer("talking:film", inputs)["video"]?.media.first?.hash == talking.hash)
    }

    @Test func `gives a model that begins as binary glTF does`() async throws {
        let model = try #require(try await answer("3d:model")["model"]?.media.first)
        #expect(model.mimeType == "model/gltf-binary")
        let bytes = try await bench.bytes(model)
        #expect(bytes.count == Int(bytes[8]) | Int(bytes[9]) << 8)
    }

    @Test func `answers where nothing is installed, but for films`() async throws {
        let bare = try ToolBench(programs: try TemporaryFolder(), fonts: [])
        let image = try #require(
            try await answer("generate:image", prompt, ["width": 100, "height": 80], from: bare)["images"]?.media.first
        )
        #expect(image.mimeType == "image/png" && image.width == 100 && image.height == 80)
        if Installed.images {
            // Another program finds nothing wrong with it.
            let kept = try await bench.assets.keep(
                bytes: try await bare.bytes(image),
                mimeType: "image/png",
                at: ToolBench.now
            )
            let read = try await bench.media(.convert, ["image": .media(kept)], ["format": "jpeg"], port: "image")
            #expect(read.width == 100 && read.height == 80)
        }
        let voice = try await answer("audio:speech", ["text": .text("hello")], from: bare)["audio"]?.media.first
        #expect(voice?.durationMs == 2000)
        let error = try await bench.error { try await answer("video:film", from: bare) }
        #expect(error.code == "not_found" && error.message.contains("sudo apt-get install"))
        #expect(error.message.contains("ffmpeg"))
    }

    @Test(arguments: FailureClass.allCases)
    func `fails as it is told to`(fault: FailureClass) async throws {
        let error = try await bench.error {
            try await answer("llm:chat", settings: ["sandbox_fault": .string(fault.rawValue)])
        }
        #expect(error.failure == fault)
    }

    @Test func `takes as long as it is told to, at most until the deadline`() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await answer("llm:chat", settings: ["sandbox_latency_ms": 120])
        #expect(clock.now - start >= .milliseconds(120))
        let task = Task {
            try await bench.error { try await answer("llm:chat", settings: ["sandbox_latency_ms": 60_000]) }
        }
        task.cancel()
        #expect(try await task.value.code == "cancelled")
        let wrong = try await bench.error { try await answer("llm:chat", settings: ["sandbox_fault": "unknown"]) }
        #expect(wrong.code == "invalid_input")
    }
}

private let types = """
    [
     {"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example"},
     {"kind": "node", "type": "llm:chat", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "llm:structured", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "data", "type": "JSON"}, {"id": "usage", "type": "JSON"}, {"id": "score", "type": "NUMBER"},
                  {"id": "flagged", "type": "BOOLEAN"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "llm:classify", "inputs": [{"id": "text", "type": "TEXT"}],
      "outputs": [{"id": "label", "type": "TEXT"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "generate:image", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "images", "type": "IMAGE", "list": true}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "upscale:image", "inputs": [{"id": "image", "type": "IMAGE"}],
      "outputs": [{"id": "image", "type": "IMAGE"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "audio:speech", "inputs": [{"id": "text", "type": "TEXT"}],
      "outputs": [{"id": "audio", "type": "AUDIO"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "audio:music", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "audio", "type": "AUDIO"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "video:film", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "video", "type": "VIDEO"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "talking:film",
      "inputs": [{"id": "image", "type": "IMAGE"}, {"id": "audio", "type": "AUDIO"}],
      "outputs": [{"id": "video", "type": "VIDEO"}], "offers": [{"id": "a", "provider": "vendor"}]},
     {"kind": "node", "type": "3d:model", "inputs": [{"id": "prompt", "type": "TEXT"}],
      "outputs": [{"id": "model", "type": "MODEL_3D"}], "offers": [{"id": "a", "provider": "vendor"}]}
    ]
    """
