import Assets
import Engine
import Providers
import TestSupport
import Testing
import Values

@Suite(.enabled(if: Installed.films), .timeLimit(.minutes(5)))
struct FilmToolTests {
    let bench: ToolBench

    init() throws {
        bench = try ToolBench()
    }

    private func facts(_ media: MediaReference) async throws -> JSON {
        try #require(try await bench.run(.probe, ["file": .media(media)])["data"]?.asJSON)
    }

    private func film(_ text: String, width: Int64 = 640, height: Int64 = 360) async throws -> MediaReference {
        let image = try await bench.image(text, ["width": .int(width), "height": .int(height)])
        let speech = try await bench.speech(text)
        return try await bench.media(
            .assemble,
            ["image": .media(image), "audio": .media(speech)],
            port: "video"
        )
    }

    @Test func `makes a film of a picture and a sound that browsers play`() async throws {
        let image = try await bench.image("A still picture", ["width": 641, "height": 361])
        let speech = try await bench.speech("This sentence is heard while the picture stands still.")
        let film = try await bench.media(
            .assemble,
            ["image": .media(image), "audio": .media(speech)],
            port: "video"
        )
        #expect(film.mimeType == "video/mp4" && film.width == 640 && film.height == 360 && film.fps == 25)
        #expect(abs(try #require(film.durationMs) - (try #require(speech.durationMs))) < 120)
        let facts = try await facts(film)
        let streams = try #require(facts["streams"]?.array)
        #expect(streams.compactMap { $0["codec_name"]?.string }.sorted() == ["aac", "h264"])
        #expect(streams.first?["pix_fmt"]?.string == "yuv420p")
        // Browsers begin to play before the whole file is there: what describes it stands before the data.
        let head = String(decoding: try await bench.bytes(film).prefix(4096), as: UTF8.self)
        #expect(head.contains("moov"))
    }

    @Test func `writes the text as captions`() async throws {
        let image = try await bench.image(" ", ["width": 1280, "height": 720, "background": "black"])
        let text = "The first caption is about rivers. The second caption tells something about mountains."
        let speech = try await bench.speech(text)
        let film = try await bench.media(
            .assemble,
            ["image": .media(image), "audio": .media(speech), "text": .text(text)],
            ["caption_characters": 60],
            port: "video"
        )
        #expect(abs(try #require(film.durationMs) - (try #require(speech.durationMs))) < 120)
        let first = try await bench.media(.frames, ["video": .media(film)], ["mode": "first"], port: "images")
        let last = try await bench.media(.frames, ["video": .media(film)], ["mode": "last"], port: "images")
        #expect(try await bench.reading(first).contains("rivers"))
        #expect(try await bench.reading(last).contains("mountains"))
    }

    @Test(
        arguments: [
            (["mode": "first"], 1), (["mode": "last"], 1), (["mode": "every", "every": 1], 3),
            (["mode": "count", "count": 4], 4),
            (["mode": "nth", "nth": 10, "max_frames": 2], 2),
        ] as [([String: JSON], Int)]
    )
    func `takes pictures out of a film`(parameters: [String: JSON], count: Int) async throws {
        let image = try await bench.image("frame", ["width": 320, "height": 180])
        let speech = try await bench.speech("one two three four five six seven")
        let sound = try await bench.media(.soundTrim, ["audio": .media(speech)], ["duration": 2.4], port: "audio")
        #expect(try #require(sound.durationMs) > 2000)
        let film = try await bench.media(.assemble, ["image": .media(image), "audio": .media(sound)], port: "video")
        let outputs = try await bench.run(.frames, ["video": .media(film)], parameters)
        let frames = try #require(outputs["images"]?.media)
        #expect(frames.count == count)
        #expect(frames.allSatisfy { $0.mimeType == "image/png" && $0.width == 320 && $0.height == 180 })
    }

    @Test func `joins films of different sizes, also silent ones`() async throws {
        let first = try await film("one", width: 640, height: 360)
        let second = try await film("two three", width: 400, height: 400)
        let joined = try await bench.media(
            .filmConcat,
            ["videos": .list([.media(first), .media(second)])],
            port: "video"
        )
        #expect(joined.width == 640 && joined.height == 360)
        let sum = try #require(first.durationMs) + (try #require(second.durationMs))
        #expect(abs(try #require(joined.durationMs) - sum) < 250)
        #expect(try await facts(joined)["hasAudio"] == true)
    }

    @Test(arguments: ["video", "audio", "shortest", "longest"])
    func `gives a film another sound`(length: String) async throws {
        let film = try await film("short")
        let speech = try await bench.speech("A sound that is quite a bit longer than the film.")
        let (short, long) = (try #require(film.durationMs), try #require(speech.durationMs))
        #expect(short < long)
        let made = try await bench.media(
            .muxAudio,
            ["video": .media(film), "audio": .media(speech)],
            ["mode": length == "video" ? "mix" : "replace", "length": .string(length)],
            port: "video"
        )
        let expected = length == "audio" || length == "longest" ? long : short
        #expect(abs(try #require(made.durationMs) - expected) < 150)
        #expect(try await facts(made)["hasAudio"] == true)
    }

    @Test func `lays texts, pictures and colors on a film`() async throws {
        let film = try await film("seven eight nine", width: 1280, height: 720)
        let badge = try await bench.image("B", ["width": 60, "height": 60])
        let made = try await bench.media(
            .filmComposite,
            [
                "background": .media(film),
                "layers": .json([
                    ["color": "#102030", "opacity": 100],
                    ["text": "windmill '; drawtext=%{localtime}", "position": "center", "start": 0, "end": 60],
                    ["image": badge.json, "x": 10, "y": 10, "width": 30, "end": 1, "opacity": 70],
                ]),
            ],
            port: "video"
        )
        #expect(made.width == 1280 && made.height == 720)
        #expect(abs(try #require(made.durationMs) - (try #require(film.durationMs))) < 120)
        let last = try await bench.media(.frames, ["video": .media(made)], ["mode": "last"], port: "images")
        #expect(try await bench.reading(last).contains("windmill"))
    }

    @Test func `tells what some media is`() async throws {
        let image = try await bench.image("facts", ["width": 320, "height": 200])
        let picture = try await facts(image)
        #expect(picture["kind"] == "image" && picture["width"] == 320 && picture["height"] == 200)
        #expect(picture["mimeType"] == "image/png" && picture["sha256"]?.string == image.hash.description)
        let sound = try await facts(try await bench.speech("facts"))
        #expect(sound["kind"] == "audio" && sound["durationMs"]?.integer ?? 0 > 200)
        let film = try await facts(try await film("facts"))
        #expect(film["kind"] == "video" && film["fps"] == 25 && film["width"] == 640 && film["hasAudio"] == true)
    }

    @Test func `opens nothing but the file itself`() async throws {
        // A playlist that says it is a film: it would have ffmpeg open another file.
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
        let media = try await bench.assets.keep(bytes: Array(list.utf8), mimeType: "video/mp4", at: ToolBench.now)
        let error = try await bench.error { try await bench.run(.frames, ["video": .media(media)]) }
        #expect(error.code == "invalid_input" && !error.message.contains(bench.folder.path), "\(error.message)")
        let other = try await bench.assets.keep(bytes: Array(list.utf8), mimeType: "text/plain", at: ToolBench.now)
        let refused = try await bench.error { try await bench.run(.frames, ["video": .media(other)]) }
        #expect(refused.message.contains("text/plain"))
        #expect(try bench.leftovers == [])
    }
}
