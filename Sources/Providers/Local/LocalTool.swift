/// What this machine can do itself: the closed list that offers of the provider `local` choose from.
public enum LocalTool: String, Sendable, Hashable, CaseIterable {
    /// Reads a text aloud.
    case speech
    /// Draws a picture of texts and shapes.
    case draw
    /// Changes the size of a picture.
    case resize
    /// Cuts a part out of a picture.
    case crop
    /// Changes the format of a picture.
    case convert
    /// Turns, mirrors, pads and recolours a picture.
    case transform
    /// Writes a text on a picture.
    case overlayText = "overlay_text"
    /// Lays pictures on a picture.
    case composite
    /// Makes a picture larger by resampling.
    case upscale
    /// Reads the text in a picture.
    case ocr
    /// Takes pictures out of a film.
    case frames = "video_frames"
    /// Joins films end to end.
    case filmConcat = "video_concat"
    /// Makes a film of a picture and a sound.
    case assemble = "video_assemble"
    /// Lays texts, pictures and colours on a film.
    case filmComposite = "video_composite"
    /// Gives a film another sound.
    case muxAudio = "mux_audio"
    /// Cuts a part out of a sound.
    case soundTrim = "audio_trim"
    /// Joins sounds end to end.
    case soundConcat = "audio_concat"
    /// Changes the format of a sound.
    case soundConvert = "audio_convert"
    /// Tells what some media is.
    case probe = "media_probe"
    /// Reads the rows of a table.
    case csvRows = "csv_rows"
    /// Writes Markdown as HTML.
    case markdown

    /// What must be installed for it.
    var needs: [ToolPackage] {
        switch self {
        case .speech: [.espeak]
        case .draw, .overlayText: [.imageMagick, .fonts]
        case .resize, .crop, .convert, .transform, .composite, .upscale: [.imageMagick]
        case .ocr: [.imageMagick, .tesseract]
        case .frames, .filmConcat, .muxAudio, .soundTrim, .soundConcat, .soundConvert: [.ffmpeg]
        case .assemble, .filmComposite: [.imageMagick, .fonts, .ffmpeg]
        // What needs no program, such as the length of a WAV file, is known without one.
        case .probe, .csvRows: []
        case .markdown: [.markdown]
        }
    }
}

/// Whether a tool can be used on this machine.
public struct ToolAvailability: Sendable, Hashable {
    /// The Debian packages that are missing, sorted.
    public let missingPackages: [String]

    init(missing: [ToolPackage]) {
        missingPackages = missing.map(\.rawValue).sorted()
    }

    /// Whether nothing is missing.
    public var isAvailable: Bool { missingPackages.isEmpty }

    /// The command that installs what is missing, or `nil` when nothing is.
    public var installCommand: String? {
        isAvailable ? nil : "sudo apt-get install \(missingPackages.joined(separator: " "))"
    }
}
