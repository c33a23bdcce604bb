import Catalog
import Engine
import Values

/// The formats of pictures that are read and written; the raw value is ImageMagick's name, which always stands before a
/// file name so that nothing is guessed.
enum ImageFormat: String, Sendable, CaseIterable {
    case png
    case jpeg
    case webp
    case gif
    case bmp
    case tiff

    init?(mimeType: String) {
        let name = mimeType.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        guard name.hasPrefix("image/"), let format = ImageFormat(rawValue: String(name.dropFirst(6))) else {
            return nil
        }
        self = format
    }

    var mimeType: String { "image/\(rawValue)" }

    /// What can be asked for; the first one keeps the format of the picture where it can be written.
    static let choices = ["same", "png", "jpeg", "webp", "gif"]
}

/// A picture in the folder of a call.
struct ImageFile: Sendable {
    /// The name of the file.
    let name: String
    let format: ImageFormat
    /// The width in pixels, turned as the camera says.
    let width: Int
    /// The height in pixels, turned as the camera says.
    let height: Int

    /// The picture as ImageMagick's arguments: of several pictures in the file the first, the right way up.
    var reading: [String] { ["\(format.rawValue):\(name)[0]", "-auto-orient", "+repage"] }
}

extension ToolCall {
    /// The picture at a port, in the folder.
    func image(_ port: String) async throws(NodeError) -> ImageFile {
        try await image(try media(port), as: "in-\(port)")
    }

    func image(_ media: MediaReference, as name: String) async throws(NodeError) -> ImageFile {
        guard let format = ImageFormat(mimeType: media.mimeType) else {
            throw NodeError(
                .invalidInput,
                "\(media.mimeType) cannot be worked on here. Use PNG, JPEG, WebP, GIF, BMP or TIFF."
            )
        }
        try await bring(media, as: name)
        let said = try await run(
            .identify,
            ["-ping", "-format", "%w %h %[orientation]\n", "\(format.rawValue):\(name)[0]"]
        )
        let words = said.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, let width = Int(words[0]), let height = Int(words[1]), width > 0, height > 0 else {
            throw NodeError(.invalidInput, "The picture cannot be read.")
        }
        guard width * height <= tools.limits.pixels * 2 else {
            throw NodeError(.invalidInput, "The picture of \(width) × \(height) pixels is too large.")
        }
        // The four ways to lie on a side (Exif 2.3, orientation 5 to 8).
        let isTurned = words.count > 2 && ["LeftTop", "RightTop", "RightBottom", "LeftBottom"].contains(words[2])
        return ImageFile(
            name: name,
            format: format,
            width: isTurned ? height : width,
            height: isTurned ? width : height
        )
    }

    /// Makes a picture by ImageMagick and keeps it.
    ///
    /// - Parameters:
    ///   - source: The picture it comes from, whose format is kept unless another one is set.
    ///   - arguments: What is read and done.
    ///   - title: The file name for people, without its extension.
    /// - Returns: The picture.
    /// - Throws: ``NodeError`` when it cannot be made.
    func makeImage(from source: ImageFile?, _ arguments: [String], title: String) async throws(NodeError) -> Value {
        let format = try outputFormat(source)
        let quality = try settings.integer("quality", 1...100, or: 90)
        var finish = ["-strip", "-depth", "8"]
        if format == .jpeg || format == .bmp {
            finish = ["-background", try settings.color("background", or: "white"), "-alpha", "remove"] + finish
        }
        if format == .jpeg || format == .webp { finish += ["-quality", "\(quality)"] }
        try await run(.convert, arguments + finish + ["\(format.rawValue):result"])
        return try await keep("result", mimeType: format.mimeType, title: title)
    }

    private func outputFormat(_ source: ImageFile?) throws(NodeError) -> ImageFormat {
        let word = try settings.word("format", ImageFormat.choices, or: source == nil ? "png" : nil)
        if let format = ImageFormat(rawValue: word) { return format }
        guard let source, [.png, .jpeg, .webp].contains(source.format) else { return .png }
        return source.format
    }

    /// Refuses a picture that would be too large.
    func check(width: Int, height: Int) throws(NodeError) {
        let limits = tools.limits
        guard width >= 1, height >= 1, width <= limits.side, height <= limits.side, width * height <= limits.pixels
        else {
            throw NodeError(
                .invalidInput,
                "A picture of \(width) × \(height) pixels cannot be made: a side has 1 to \(limits.side) pixels, and "
                    + "all have at most \(limits.pixels)."
            )
        }
    }
}
