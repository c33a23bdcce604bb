import Engine
import Values

extension ToolCall {
    /// Reads a text aloud into a WAV file.
    func speak() async throws(NodeError) -> Value {
        try await speak(try text("text"))
    }

    func speak(_ text: String) async throws(NodeError) -> Value {
        let voice = settings.text("voice") ?? "en-us"
        guard (2...24).contains(voice.utf8.count), voice.first?.isLetter == true,
            voice.utf8.allSatisfy({ (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == UInt8(ascii: "-") })
        else { throw settings.error("voice", "must be the name of a voice such as en-us") }
        let speed = try settings.integer("speed", 80...450, or: 160)
        let pitch = try settings.integer("pitch", 0...99, or: 50)
        let volume = try settings.integer("volume", 0...200, or: 100)
        try await write(Array(Self.spoken(text).utf8), as: "text.txt")
        try await run(
            .espeak,
            [
                "-b", "1", "-v", voice, "-s", "\(speed)", "-p", "\(pitch)", "-a", "\(volume)", "-f", "text.txt",
                "-w", "speech.wav",
            ]
        )
        return try await keep("speech.wav", mimeType: "audio/wav", title: "speech")
    }

    /// The text without control characters, and without `[[`, with which espeak-ng begins its own phonetic spelling.
    private static func spoken(_ text: String) -> String {
        String(
            text.map { character in
                let isControl = character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
                return isControl && !character.isNewline ? " " : character
            }
        ).replacing("[[", with: "[ [")
    }
}
