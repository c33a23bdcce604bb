import Catalog
import Engine
import Values

extension ToolCall {
    /// Makes a film of a picture and a sound, with the text as captions when there is one.
    func assembleFilm() async throws(NodeError) -> Value {
        let sound = try await sound(try media("audio"), as: "in-audio")
        let image = try await image("image")
        let captions = try captions(in: sound.seconds)
        return try await assemble(image, sound, seconds: sound.seconds, captions: captions)
    }

    /// A caption with the time for which it is shown, in seconds.
    struct Caption: Sendable {
        let text: String
        let seconds: Double
    }

    /// Makes a film of a picture.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - sound: The sound; `nil` for silence.
    ///   - seconds: The length of the film.
    ///   - captions: What is written on the picture, one after the other; together as long as the film.
    /// - Returns: The film.
    /// - Throws: ``NodeError`` when it cannot be made.
    func assemble(
        _ image: ImageFile,
        _ sound: MediaFile?,
        seconds: Double,
        captions: [Caption]
    ) async throws(NodeError) -> Value {
        let fps = try settings.number("fps", 1...60, or: 25)
        let size = try filmSize(of: image)
        let frame = try await self.frame(image, size)
        var input: [String]
        if captions.isEmpty {
            input = ["-loop", "1", "-framerate", fps.short, "-f", "image2", "-i", frame.name]
        } else {
            var list = "ffconcat version 1.0\n"
            for (index, caption) in captions.enumerated() {
                let name = "caption\(index).png"
                let steps = try await overlay(caption.text, try captionSettings(size.height), on: frame)
                try await run(.convert, frame.reading + steps + ["-strip", "-depth", "8", "png24:\(name)"])
                list += "file \(name)\nduration \(caption.seconds.short)\n"
            }
            // The last picture is named twice: only what follows it gives it its time.
            list += "file caption\(captions.count - 1).png\n"
            try await write(Array(list.utf8), as: "captions.txt")
            input = ["-safe", "1", "-f", "concat", "-i", "captions.txt"]
        }
        input = ["-protocol_whitelist", "file"] + input + (sound?.input ?? [])
        var output = ["-map", "0:v:0", "-vf", "fps=\(fps.short),setsar=1"] + FilmFormat.picture(fps)
        output += ["-tune", "stillimage", "-g", "\(Int(fps * 2))"]
        if sound != nil { output += ["-map", "1:a:0"] + FilmFormat.sound }
        return try await makeFilm(input + output + ["-t", seconds.short], title: "film")
    }

    private func filmSize(of image: ImageFile) throws(NodeError) -> (width: Int, height: Int) {
        let word = try settings.word("size", ["same", "1280x720", "1920x1080", "720x1280", "1080x1920", "1080x1080"])
        let sides = word.split(separator: "x").compactMap { Int($0) }
        if sides.count == 2 { return (sides[0], sides[1]) }
        // As large as the picture, but not larger than screens are.
        let factor = min(1, 1920 / Double(max(image.width, image.height)))
        return (
            Self.even(max(16, Int(Double(image.width) * factor))),
            Self.even(max(16, Int(Double(image.height) * factor)))
        )
    }

    /// The picture in the size of the film, without transparency.
    private func frame(_ image: ImageFile, _ size: (width: Int, height: Int)) async throws(NodeError) -> ImageFile {
        let background = try settings.color("background", or: "black")
        let exact = "\(size.width)x\(size.height)"
        try await run(
            .convert,
            image.reading + [
                "-background", background, "-alpha", "remove", "-colorspace", "sRGB", "-filter", "lanczos",
                "-resize", exact, "-gravity", "center", "-extent", exact, "-strip", "-depth", "8", "png24:frame.png",
            ]
        )
        return ImageFile(name: "frame.png", format: .png, width: size.width, height: size.height)
    }

    private func captionSettings(_ height: Int) throws(NodeError) -> Settings {
        // A line of a subtitle takes about a twentieth of the height.
        let size = try settings.optionalInteger("caption_size", 6...400) ?? max(10, height / 18)
        var members = parameters.filter { ["color", "font"].contains($0.key) }
        members["bold"] = true
        members["size"] = .int(Int64(size))
        members["position"] = parameters["caption_position"] ?? "bottom"
        members["box_color"] = parameters["caption_box_color"] ?? "#000000b0"
        members["width_percent"] = 90
        return Settings(members: members, place: nil)
    }

    /// The text as captions of a readable length, each shown for as long as its share of the text.
    private func captions(in seconds: Double) throws(NodeError) -> [Caption] {
        guard let text = optionalText("text"), !text.allSatisfy(\.isWhitespace) else { return [] }
        let most = try settings.integer("caption_characters", 20...400, or: 90)
        let pieces = Self.captionPieces(try self.text("text"), atMost: most)
        guard pieces.count <= 300 else {
            throw NodeError(.invalidInput, "The text makes \(pieces.count) captions; at most 300 are possible.")
        }
        let total = Double(pieces.reduce(0) { $0 + $1.count })
        return pieces.map { Caption(text: $0, seconds: seconds * Double($0.count) / max(1, total)) }
    }

    /// Breaks at the ends of sentences, and inside of those that are too long.
    static func captionPieces(_ text: String, atMost limit: Int) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            if !piece.isEmpty, piece.count + word.count + 1 > limit {
                pieces.append(piece)
                piece = ""
            }
            piece += piece.isEmpty ? String(word) : " \(word)"
            if let last = word.last, ".!?…".contains(last), piece.count >= limit / 3 {
                pieces.append(piece)
                piece = ""
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
