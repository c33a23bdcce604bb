import Catalog
import Engine
import Values

/// How films are written: H.264 and AAC in MP4, in the form every browser plays.
enum FilmFormat {
    /// The options for the picture; `-bitexact` leaves out what differs from run to run.
    static func picture(_ fps: Double) -> [String] {
        [
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-profile:v", "high",
            "-r", fps.short, "-threads", "2",
        ]
    }

    static let sound = ["-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2"]

    static let file = [
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
        "-movflags", "+faststart", "-f", "mp4", "film.mp4",
    ]

    /// What brings a picture to a size without changing its form, with bars where it does not fill it.
    static func fitting(_ width: Int, _ height: Int) -> String {
        "scale=\(width):\(height):force_original_aspect_ratio=decrease,"
            + "pad=\(width):\(height):(ow-iw)/2:(oh-ih)/2:color=black,setsar=1"
    }
}

extension ToolCall {
    static let ffmpeg = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]

    /// Makes a film by ffmpeg and keeps it.
    func makeFilm(_ arguments: [String], title: String) async throws(NodeError) -> Value {
        try await run(.ffmpeg, Self.ffmpeg + arguments + FilmFormat.file)
        let made = try await probeFile("film.mp4", "mov")
        guard made.picture != nil, made.durationMs > 0 else {
            throw NodeError(.invalidInput, "The film came out empty.")
        }
        return try await keep("film.mp4", mimeType: "video/mp4", title: title, facts: made.facts)
    }

    /// A film at a port, which must have a picture.
    func film(_ media: MediaReference, as name: String) async throws(NodeError) -> MediaFile {
        let file = try await mediaFile(media, as: name)
        guard file.picture != nil, file.durationMs > 0 else {
            throw NodeError(.invalidInput, "The media has no moving picture.")
        }
        return file
    }

    /// A sound at a port; of a film its sound.
    func sound(_ media: MediaReference, as name: String) async throws(NodeError) -> MediaFile {
        let file = try await mediaFile(media, as: name)
        guard file.hasSound, file.durationMs > 0 else { throw NodeError(.invalidInput, "The media has no sound.") }
        return file
    }

    /// The next smaller even number, as H.264 wants sides to be.
    static func even(_ side: Int) -> Int { max(2, side - side % 2) }
}
