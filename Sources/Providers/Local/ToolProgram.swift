/// A Debian package that tools need.
enum ToolPackage: String, Sendable, Hashable, CaseIterable {
    case imageMagick = "imagemagick"
    case fonts = "fonts-dejavu-core"
    case espeak = "espeak-ng"
    case tesseract = "tesseract-ocr"
    case ffmpeg
    case markdown = "cmark-gfm"

    /// The programs in it that are used.
    var programs: [ToolProgram] { ToolProgram.allCases.filter { $0.package == self } }
}

/// A program that tools start.
enum ToolProgram: String, Sendable, Hashable, CaseIterable {
    case convert
    case identify
    case ffmpeg
    case ffprobe
    case espeak = "espeak-ng"
    case tesseract
    case markdown = "cmark-gfm"

    var package: ToolPackage {
        switch self {
        case .convert, .identify: .imageMagick
        case .ffmpeg, .ffprobe: .ffmpeg
        case .espeak: .espeak
        case .tesseract: .tesseract
        case .markdown: .markdown
        }
    }

    /// What the program works on, for messages.
    var matter: String {
        switch self {
        case .convert, .identify: "picture"
        case .ffmpeg, .ffprobe: "film or sound"
        case .espeak, .markdown: "text"
        case .tesseract: "text in the picture"
        }
    }
}

/// A typeface of the DejaVu family, which is always named by its file.
enum Typeface: String, Sendable, Hashable, CaseIterable {
    case sans = "DejaVuSans.ttf"
    case sansBold = "DejaVuSans-Bold.ttf"
    case serif = "DejaVuSerif.ttf"
    case serifBold = "DejaVuSerif-Bold.ttf"
    case mono = "DejaVuSansMono.ttf"
    case monoBold = "DejaVuSansMono-Bold.ttf"

    init(_ family: String, isBold: Bool) {
        self =
            switch family {
            case "serif": isBold ? .serifBold : .serif
            case "mono": isBold ? .monoBold : .mono
            default: isBold ? .sansBold : .sans
            }
    }
}
