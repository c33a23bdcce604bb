import Foundation
import Testing
import Values

/// What the pipelines that ship with the server really make.
@Suite(.timeLimit(.minutes(3)))
struct MediaTests {
    @Test func `a film is made of a topic without any vendor, and another topic makes another film`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(template: "narrated-explainer")
        var films: [Data] = []
        for topic in ["copper lantern harbor", "velvet glacier falcon"] {
            let run = try await server.run(workflow, ["inputs": ["topic": .string(topic)]])
            #expect(run["status"] == "COMPLETED", "\(run.text)")
            let film = try await server.download(run["finalOutput"]?["url"])
            let folder = try Media.folder(film, "film.mp4")
            let streams = try Media.run(
                "ffprobe",
                ["-v", "error", "-show_entries", "stream=codec_name,codec_type", "-of", "csv=p=0", "film.mp4"],
                in: folder
            )
            #expect(streams.contains("h264") && streams.contains("aac"), "\(streams)")
            _ = try Media.run(
                "ffmpeg",
                ["-v", "error", "-ss", "1", "-i", "film.mp4", "-frames:v", "1", "frame.png"],
                in: folder
            )
            let seen = try Media.text(of: "frame.png", in: folder)
            for word in topic.split(separator: " ") { #expect(seen.contains(word), "\(word) is not in: \(seen)") }
            #expect(try Media.loudness("film.mp4", in: folder) > -50)
            films.append(film)
        }
        #expect(films[0] != films[1])
    }

    @Test func `without ffmpeg a poster and a voice are made`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(template: "narrated-explainer-poster")
        let run = try await server.run(workflow, ["inputs": ["topic": "amber quartz raven"]])
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let outputs = try #require(run["finalOutput"]?["outputs"]?.object)
        let picture = try #require(outputs.first { $0.value["mimeType"]?.string?.hasPrefix("image/") == true }?.value)
        let voice = try #require(outputs.first { $0.value["mimeType"]?.string?.hasPrefix("audio/") == true }?.value)
        let folder = try Media.folder(try await server.download(picture["url"]), "poster.png")
        let seen = try Media.text(of: "poster.png", in: folder)
        for word in ["amber", "quartz", "raven"] { #expect(seen.contains(word), "\(word) is not in: \(seen)") }
        let sound = try Media.folder(try await server.download(voice["url"]), "voice.wav")
        #expect(try Media.loudness("voice.wav", in: sound) > -50)
    }

    @Test func `what the vendor says is what is drawn and spoken, not the topic`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(template: "narrated-explainer-poster")
        let run = try await server.run(workflow, ["inputs": ["topic": "zephyr"]])
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let chat = try #require(run["nodes"]?.array?.first { $0["nodeType"]?.string == "llm:chat" })
        #expect(chat["provider"] == "openai")
        #expect(chat["attempts"]?.array?.count == 1)
        let outputs = try #require(run["finalOutput"]?["outputs"]?.object)
        let picture = try #require(outputs.first { $0.value["mimeType"]?.string?.hasPrefix("image/") == true }?.value)
        let folder = try Media.folder(try await server.download(picture["url"]), "poster.png")
        let seen = try Media.text(of: "poster.png", in: folder)
        #expect(seen.contains("lanterns") && seen.contains("harbor"), "\(seen)")
        #expect(!seen.contains("zephyr"))
    }

    @Test func `an upscale by 4 is four times as large and looks like its source`() async throws {
        let vendor = try await MockVendor()
        let server = try MillraceServer(vendor: vendor)
        try await server.start()
        let workflow = try await server.make(
            [
                .node("image", "generate:flux_2", ["prompt": "x"]), .node("up", "upscale:local", ["scale": 4]),
                .node("out", "output:image"),
            ],
            [.edge("image.images", "up.image", data: ["take": "first"]), .edge("up.image", "out.image")]
        )
        let run = try await server.run(workflow)
        #expect(run["status"] == "COMPLETED", "\(run.text)")
        let small = try #require(run.row("image")?["output"]?["images"]?[0])
        let large = try #require(run.row("up")?["output"]?["image"])
        #expect(large["width"]?.integer == small["width"]?.integer.map { $0 * 4 })
        #expect(large["height"]?.integer == small["height"]?.integer.map { $0 * 4 })
        let folder = try Media.folder(try await server.download(small["url"]), "small.png")
        try await server.download(large["url"]).write(to: URL(filePath: "\(folder)/large.png"))
        // The mean difference of the large picture scaled down again, as a share of full scale.
        let difference = try Media.run(
            "bash",
            [
                "-c",
                "convert large.png -resize 25% down.png; compare -metric MAE small.png down.png null: 2>&1 || true",
            ],
            in: folder
        )
        let share = try #require(difference.split(separator: "(").last.flatMap { Double($0.prefix { $0 != ")" }) })
        #expect(share < 0.05, "\(difference)")
        #expect(try #require(run["timing"]?["durationMs"]?.integer) < 30_000)
    }

    @Test(arguments: ["product-copy-image", "image-upscale", "classify-route"])
    func `every other template runs without a network`(template: String) async throws {
        let server = try MillraceServer()
        try await server.start()
        let workflow = try await server.make(template: template)
        let needed = try await server.get("/api/v1/workflows/\(workflow)/run").json["data"]?["inputs"]?.array ?? []
        var inputs = JSONObject()
        for input in needed where input["required"]?.bool == true {
            inputs[input["name"]?.string ?? ""] = "a red canoe"
        }
        let run = try await server.run(workflow, ["inputs": .object(inputs)])
        #expect(run["status"] == "COMPLETED", "\(run.text)")
    }

    @Test func `media is given in ranges, with a tag, and only to those who may see it`() async throws {
        let server = try MillraceServer()
        try await server.start()
        let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 1, count: 92))
        let upload = try await server.send("POST", "/api/v1/media/upload", png, headers: ["Content-Type": "image/png"])
        #expect(upload.status == 201)
        let link = try #require(upload.json["data"]?["url"]?.string)
        #expect(try await server.download(upload.json["data"]?["url"]) == png)
        let part = try await server.get(link, key: nil, headers: ["Range": "bytes=10-19"])
        #expect(part.status == 206)
        #expect(part.body == png[10..<20])
        #expect(part.headers["content-range"] == "bytes 10-19/100")
        #expect(try await server.get(link, key: nil, headers: ["Range": "bytes=500-"]).status == 416)
        let tag = try #require(part.headers["etag"])
        #expect(try await server.get(link, key: nil, headers: ["If-None-Match": tag]).status == 304)
        let bare = String(link.prefix { $0 != "?" })
        #expect(try await server.get(bare, key: nil).status == 401)
        #expect(try await server.get(bare).status == 200)
        #expect(try await server.get(link + "x", key: nil).json["code"] == "invalid_access_token")
    }
}

/// Looks at media with programs that the server's code does not share.
enum Media {
    static func folder(_ bytes: Data, _ name: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millrace-media-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try bytes.write(to: URL(filePath: "\(folder)/\(name)"))
        return folder
    }

    @discardableResult
    static func run(_ program: String, _ arguments: [String], in folder: String) throws -> String {
        try Program.run(program, arguments, in: folder).output
    }

    /// The words in a picture, in lower case.
    static func text(of name: String, in folder: String) throws -> String {
        try run("tesseract", [name, "-"], in: folder).lowercased()
    }

    /// The mean loudness in dB; silence is far below −60.
    static func loudness(_ name: String, in folder: String) throws -> Double {
        let text = try run("ffmpeg", ["-i", name, "-af", "volumedetect", "-f", "null", "-"], in: folder)
        let line = text.split(separator: "\n").first { $0.contains("mean_volume:") }
        return line?.split(separator: " ").compactMap { Double($0) }.last ?? -1000
    }
}
