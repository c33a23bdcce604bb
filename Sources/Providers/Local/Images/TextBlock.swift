import Engine

/// How a text looks.
struct TextStyle: Sendable {
    var face = Typeface.sans
    var color = "white"
    /// The color of the plate behind the text; `none` for no plate.
    var plate = "none"
    /// Where the lines begin.
    var align = Align.center

    enum Align: String, Sendable, CaseIterable {
        case left
        case center
        case right

        static let words = allCases.map(\.rawValue)

        var magick: String {
            switch self {
            case .left: "west"
            case .center: "center"
            case .right: "east"
            }
        }
    }
}

extension Settings {
    /// How a text looks by the settings `font`, `bold`, `color`, `box_color` and `align`.
    func textStyle(or standard: TextStyle) throws(NodeError) -> TextStyle {
        let families = ["sans", "serif", "mono"]
        let align = try word("align", TextStyle.Align.words, or: standard.align.rawValue)
        return TextStyle(
            face: Typeface(try word("font", families), isBold: try flag("bold", or: standard.face == .sansBold)),
            color: try color("color", or: standard.color),
            plate: try color("box_color", or: standard.plate),
            align: TextStyle.Align(rawValue: align) ?? .center
        )
    }
}

/// A text as a small picture of its own.
struct TextBlock: Sendable {
    /// What makes the picture, as ImageMagick's arguments in parentheses.
    let arguments: [String]
    /// The width in pixels.
    let width: Int
    /// The height in pixels.
    let height: Int
}

extension ToolCall {
    /// A text in a rectangle, as large as it fits.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - width: The width of the rectangle in pixels.
    ///   - height: The height of the rectangle in pixels.
    ///   - sizes: The sizes of the type that may be used, in pixels.
    ///   - style: How it looks.
    /// - Returns: The steps that make it, with its size.
    /// - Throws: ``NodeError`` when there is no typeface.
    func block(
        _ text: String,
        width: Int,
        height: Int,
        sizes: ClosedRange<Int>,
        style: TextStyle
    ) async throws(NodeError) -> TextBlock {
        let (path, metrics) = try await typeface(style.face)
        let hasPlate = style.plate != "none" && style.plate != "transparent"
        let padding = hasPlate ? max(4, min(width, height) / 40) : 0
        // A little room at the sides: some letters reach beyond their width.
        let layout = TextLayout(
            text,
            width: max(8, width - 2 * padding - 4),
            height: max(8, height - 2 * padding),
            sizes: sizes,
            metrics: metrics
        )
        let size = (width: layout.width + 2 * padding + 4, height: layout.height + 2 * padding)
        return TextBlock(
            arguments: [
                "(", "-size", "\(size.width)x\(size.height)", "xc:\(style.plate)", "-font", path,
                "-pointsize", "\(layout.size)", "-fill", style.color, "-stroke", "none",
                "-gravity", style.align.magick, "-annotate", style.align == .center ? "+0+0" : "+\(padding + 2)+0",
                MagickText.escaped(layout.lines), ")",
            ],
            width: size.width,
            height: size.height
        )
    }
}

/// Text as the argument of `-annotate`.
enum MagickText {
    /// The lines with a backslash before everything that is no letter, digit or space.
    ///
    /// `-annotate` takes the next argument whatever it is, so that no text becomes an option or a file name. In it,
    /// ImageMagick gives a meaning to `@` at the start, `%`, `&` and the backslash, which takes the meaning from the
    /// character that follows. Debian's policy forbids to read the text from a file (`@file`).
    static func escaped(_ lines: [String]) -> String {
        lines.map { line in
            var text = ""
            for scalar in line.unicodeScalars {
                if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar), scalar != " " {
                    text += "\\"
                }
                text.unicodeScalars.append(scalar)
            }
            return text
        }.joined(separator: "\n")
    }
}
