import Engine
import Providers
import Testing
import Values

@Suite(.enabled(if: Installed.sounds), .timeLimit(.minutes(2)))
struct SpeechTests {
    let bench: ToolBench

    init() throws {
        bench = try ToolBench()
    }

    @Test func `reads a text aloud`() async throws {
        let speech = try await bench.speech("The quick brown fox jumps over the lazy dog.")
        #expect(speech.mimeType == "audio/wav")
        let length = try #require(speech.durationMs)
        #expect((1500...6000).contains(length))
        #expect(try await loudness(speech) > 1000)
        let longer = try await bench.speech(
            String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 4)
        )
        #expect(try #require(longer.durationMs) > 3 * length)
    }

    @Test func `sounds the same for the same text`() async throws {
        let first = try await bench.speech("again and again")
        #expect(try await bench.speech("again and again").hash == first.hash)
    }

    @Test(arguments: ["-w /tmp/x.wav", "--voices", "<break time='9s'/> [[@%#]] text", "@/etc/passwd", "\"'`$(id)\n\n"])
    func `reads every text as text`(text: String) async throws {
        let speech = try await bench.speech(text + " word")
        #expect(try await loudness(speech) > 300)
    }

    @Test func `refuses an empty text, a wrong voice and a wrong speed`() async throws {
        for (text, parameters) in [
            (" \n", [:]), ("a", ["voice": "-w"]), ("a", ["voice": "../x"]), ("a", ["voice": "nobody"]),
            ("a", ["speed": 9]),
        ] as [(String, [String: JSON])] {
            let error = try await bench.error { try await bench.run(.speech, ["text": .text(text)], parameters) }
            #expect(error.code == "invalid_input", "\(error)")
        }
        #expect(try bench.leftovers == [])
    }

    /// The loudest sample of a WAV file with 16 bits a sample.
    private func loudness(_ sound: MediaReference) async throws -> Int {
        let bytes = try await bench.bytes(sound).dropFirst(44)
        var loudest = 0
        var place = bytes.startIndex
        while place + 1 < bytes.endIndex {
            let sample = Int16(truncatingIfNeeded: Int(bytes[place]) | Int(bytes[place + 1]) << 8)
            loudest = max(loudest, abs(Int(sample)))
            place += 2
        }
        return loudest
    }
}

@Suite(.enabled(if: Installed.films), .timeLimit(.minutes(5)))
struct SoundToolTests {
    let bench: ToolBench

    init() throws {
        bench = try ToolBench()
    }

    @Test(arguments: [
        ("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("m4a", "audio/mp4"), ("ogg", "audio/ogg"), ("flac", "audio/flac"),
    ])
    func `writes a sound in another format`(format: String, mimeType: String) async throws {
        let speech = try await bench.speech("One sentence in every format.")
        let made = try await bench.media(
            .soundConvert,
            ["audio": .media(speech)],
            ["format": .string(format), "normalize": true, "channels": "stereo", "sample_rate": 44_100],
            port: "audio"
        )
        #expect(made.mimeType == mimeType)
        #expect(abs(try #require(made.durationMs) - (try #require(speech.durationMs))) < 150)
        // What was written can be read again, and keeps its format.
        let again = try await bench.media(.soundTrim, ["audio": .media(made)], ["duration": 0.5], port: "audio")
        #expect(again.mimeType == mimeType)
        #expect(abs(try #require(again.durationMs) - 500) < 80)
    }

    @Test func `cuts a part out of a sound`() async throws {
        let speech = try await bench.speech("A sentence that is long enough to cut some of it away at both ends.")
        let part = try await bench.media(
            .soundTrim,
            ["audio": .media(speech)],
            ["start": 0.5, "end": 1.75, "fade_in": 0.1, "fade_out": 0.1],
            port: "audio"
        )
        #expect(abs(try #require(part.durationMs) - 1250) < 20)
        let error = try await bench.error {
            try await bench.run(.soundTrim, ["audio": .media(speech)], ["start": 1000])
        }
        #expect(error.code == "invalid_input")
    }

    @Test func `joins sounds with a pause between them`() async throws {
        let first = try await bench.speech("First.")
        let second = try await bench.speech("And the second one.")
        let joined = try await bench.media(
            .soundConcat,
            ["audios": .list([.media(first), .media(second), .media(first)])],
            ["gap": 0.5, "format": "mp3"],
            port: "audio"
        )
        let sum = try #require(first.durationMs) * 2 + #require(second.durationMs) + 1000
        #expect(abs(try #require(joined.durationMs) - sum) < 200)
    }
}
