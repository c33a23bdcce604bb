import Catalog
import Engine
import Values

/// The formats in which sounds are written; the raw value is the word of the setting `format`.
enum SoundFormat: String, Sendable, CaseIterable {
    case wav
    case mp3
    case m4a
    case ogg
    case flac

    var mimeType: String {
        switch self {
        case .wav: "audio/wav"
        case .mp3: "audio/mpeg"
        case .m4a: "audio/mp4"
        case .ogg: "audio/ogg"
        case .flac: "audio/flac"
        }
    }

    /// ffmpeg's names for the codec, the format that is written and the format that is read.
    var names: (codec: String, muxer: String, demuxer: String) {
        switch self {
        case .wav: ("pcm_s16le", "wav", "wav")
        case .mp3: ("libmp3lame", "mp3", "mp3")
        case .m4a: ("aac", "ipod", "mov")
        case .ogg: ("libopus", "ogg", "ogg")
        case .flac: ("flac", "flac", "flac")
        }
    }

    init(ofDemuxer demuxer: String) {
        self = SoundFormat.allCases.first { $0.names.demuxer == demuxer } ?? .wav
    }
}

extension ToolCall {
    func trimSound() async throws(NodeError) -> Value {
        let sound = try await sound(try media("audio"), as: "in-audio")
        let start = try settings.number("start", 0...86_400, or: 0)
        let end = try settings.number("end", 0...86_400, or: 0)
        let duration = try settings.number("duration", 0...86_400, or: 0)
        let stop = min(sound.seconds, duration > 0 ? start + duration : end > 0 ? end : sound.seconds)
        guard stop > start else {
            throw NodeError(
                .invalidInput,
                "From \(start.short) s to \(stop.short) s nothing is left of a sound of \(sound.seconds.short) s."
            )
        }
        var filters: [String] = []
        let fadeIn = min(try settings.number("fade_in", 0...60, or: 0), stop - start)
        let fadeOut = min(try settings.number("fade_out", 0...60, or: 0), stop - start)
        if fadeIn > 0 { filters.append("afade=t=in:d=\(fadeIn.short)") }
        if fadeOut > 0 { filters.append("afade=t=out:st=\((stop - start - fadeOut).short):d=\(fadeOut.short)") }
        return try await makeSound(
            from: sound,
            ["-ss", start.short, "-t", (stop - start).short] + sound.input + ["-map", "0:a:0"]
                + (filters.isEmpty ? [] : ["-af", filters.joined(separator: ",")]),
            title: "trimmed"
        )
    }

    func joinSounds() async throws(NodeError) -> Value {
        let media = try mediaList("audios", atMost: 100)
        guard !media.isEmpty else { throw NodeError(.invalidInput, "There is no sound at audios.") }
        var sounds: [MediaFile] = []
        for (index, reference) in media.enumerated() { sounds.append(try await sound(reference, as: "in\(index)")) }
        let gap = try settings.number("gap", 0...60, or: 0)
        let rate = max(22_050, min(48_000, sounds.map(\.sampleRate).max() ?? 48_000))
        var graph = ""
        for index in sounds.indices {
            let pause = gap > 0 && index < sounds.count - 1 ? ",apad=pad_dur=\(gap.short)" : ""
            graph +=
                "[\(index):a:0]aresample=\(rate),aformat=sample_fmts=fltp:channel_layouts=stereo\(pause)[a\(index)];"
        }
        graph += sounds.indices.map { "[a\($0)]" }.joined() + "concat=n=\(sounds.count):v=0:a=1[a]"
        return try await makeSound(
            from: sounds[0],
            sounds.flatMap(\.input) + ["-filter_complex", graph, "-map", "[a]"],
            title: "joined"
        )
    }

    func convertSound() async throws(NodeError) -> Value {
        let sound = try await sound(try media("audio"), as: "in-audio")
        var filters: [String] = []
        let volume = try settings.number("volume", 0...400, or: 100)
        if volume != 100 { filters.append("volume=\((volume / 100).short)") }
        // To the loudness of most music and speech on the web.
        if try settings.flag("normalize") { filters.append("loudnorm=I=-16:TP=-1.5:LRA=11") }
        return try await makeSound(
            from: sound,
            sound.input + ["-map", "0:a:0"] + (filters.isEmpty ? [] : ["-af", filters.joined(separator: ",")]),
            title: "converted"
        )
    }

    /// Makes a sound by ffmpeg and keeps it; its format stays unless another one is set.
    private func makeSound(from source: MediaFile, _ arguments: [String], title: String) async throws(NodeError)
        -> Value
    {
        let word = try settings.word("format", ["same"] + SoundFormat.allCases.map(\.rawValue))
        let format = SoundFormat(rawValue: word) ?? SoundFormat(ofDemuxer: source.demuxer)
        var output = ["-vn", "-c:a", format.names.codec]
        let rate = try settings.optionalInteger("sample_rate", 8_000...96_000)
        // Opus knows only a few rates and 48,000 best.
        if format == .ogg { output += ["-ar", "48000"] } else if let rate { output += ["-ar", "\(rate)"] }
        switch try settings.word("channels", ["same", "mono", "stereo"]) {
        case "mono": output += ["-ac", "1"]
        case "stereo": output += ["-ac", "2"]
        default: break
        }
        let bitrate = try settings.integer("bitrate_kbps", 16...320, or: 160)
        if format != .wav, format != .flac { output += ["-b:a", "\(bitrate)k"] }
        output += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", format.names.muxer]
        try await run(.ffmpeg, Self.ffmpeg + arguments + output + ["sound"])
        let made = try await probeFile("sound", format.names.demuxer)
        return try await keep("sound", mimeType: format.mimeType, title: title, facts: made.facts)
    }
}
