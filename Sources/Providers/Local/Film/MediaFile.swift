import Catalog
import Assets
import Engine
import Values

/// A film or sound in the folder of a call, with what ffprobe says about it.
struct MediaFile: Sendable {
    /// The name of the file.
    let name: String
    /// ffmpeg's name for the format of the file; it is always given, so that nothing is guessed.
    let demuxer: String
    /// The length in milliseconds.
    let durationMs: Int64
    /// The width in pixels, turned as the camera says; 0 without a picture.
    let width: Int
    /// The height in pixels, turned as the camera says; 0 without a picture.
    let height: Int
    /// The pictures per second; 0 without a picture.
    let fps: Double
    /// The codec of the picture, with its way to store colors.
    let picture: String?
    /// Whether there is a sound.
    let hasSound: Bool
    /// The sound's samples per second; 0 without a sound.
    let sampleRate: Int
    /// What ffprobe says of each stream.
    let streams: [JSON]

    /// The file as ffmpeg's input; it may open nothing but files.
    var input: [String] { ["-protocol_whitelist", "file", "-f", demuxer, "-i", name] }

    var seconds: Double { Double(durationMs) / 1000 }

    var facts: MediaFacts {
        MediaFacts(
            width: width > 0 ? width : nil,
            height: height > 0 ? height : nil,
            durationMs: durationMs,
            fps: fps > 0 ? fps : nil
        )
    }

    /// ffmpeg's name for the format of a MIME type, or `nil` when it is none of ours.
    static func demuxer(of mimeType: String) -> String? {
        let bare = mimeType.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        return switch bare {
        case "video/mp4", "video/quicktime", "audio/mp4", "audio/x-m4a": "mov"
        case "video/webm", "video/x-matroska", "audio/webm": "matroska"
        case "audio/wav", "audio/x-wav", "audio/wave": "wav"
        case "audio/mpeg", "audio/mp3": "mp3"
        case "audio/ogg", "audio/opus", "video/ogg": "ogg"
        case "audio/flac", "audio/x-flac": "flac"
        case "audio/aac": "aac"
        default: nil
        }
    }
}

extension ToolCall {
    /// The film or sound at a port, in the folder.
    func mediaFile(_ port: String) async throws(NodeError) -> MediaFile {
        try await mediaFile(try media(port), as: "in-\(port)")
    }

    func mediaFile(_ media: MediaReference, as name: String) async throws(NodeError) -> MediaFile {
        guard let demuxer = MediaFile.demuxer(of: media.mimeType) else {
            throw NodeError(
                .invalidInput,
                "\(media.mimeType) cannot be worked on here. Use MP4, WebM, MOV, WAV, MP3, M4A, Ogg, FLAC or AAC."
            )
        }
        try await bring(media, as: name)
        return try await probeFile(name, demuxer)
    }

    /// What ffprobe says about a file in the folder.
    func probeFile(_ name: String, _ demuxer: String) async throws(NodeError) -> MediaFile {
        let said = try await run(
            .ffprobe,
            [
                "-v", "error", "-protocol_whitelist", "file", "-f", demuxer, "-show_entries",
                "format=duration:stream=codec_type,codec_name,profile,width,height,pix_fmt,avg_frame_rate,duration,"
                    + "sample_rate,channels,bit_rate:stream_side_data=rotation:stream_disposition=attached_pic",
                "-of", "json", "-i", name,
            ]
        )
        guard let json = try? JSON(parsing: said) else {
            throw NodeError(.invalidInput, "What ffprobe says about the media cannot be read.")
        }
        return MediaFile(name: name, demuxer: demuxer, said: json)
    }
}

extension MediaFile {
    fileprivate init(name: String, demuxer: String, said: JSON) {
        self.name = name
        self.demuxer = demuxer
        streams = said["streams"]?.array ?? []
        let film = streams.first {
            $0["codec_type"]?.string == "video" && $0["disposition"]?["attached_pic"]?.integer != 1
        }
        let sound = streams.first { $0["codec_type"]?.string == "audio" }
        let lengths = ([said["format"]] + streams.map(Optional.some)).compactMap { $0?["duration"]?.string }
        // What is longer than thirty years is no length.
        durationMs =
            lengths.compactMap { Double($0) }.filter { (0...1e9).contains($0) }.max()
            .map { Int64(($0 * 1000).rounded()) } ?? 0
        let rotation = (film?["side_data_list"]?.array ?? []).compactMap { $0["rotation"]?.integer }.first ?? 0
        let isTurned = abs(rotation % 180) == 90
        let size = (Int(film?["width"]?.integer ?? 0), Int(film?["height"]?.integer ?? 0))
        width = isTurned ? size.1 : size.0
        height = isTurned ? size.0 : size.1
        let rate = (film?["avg_frame_rate"]?.string ?? "").split(separator: "/").compactMap { Double($0) }
        fps = rate.count == 2 && rate[1] > 0 ? (rate[0] / rate[1] * 1000).rounded() / 1000 : 0
        picture = film.map { "\($0["codec_name"]?.string ?? "")/\($0["pix_fmt"]?.string ?? "")" }
        hasSound = sound != nil
        sampleRate = sound?["sample_rate"]?.string.flatMap { Int($0) } ?? 0
    }
}
