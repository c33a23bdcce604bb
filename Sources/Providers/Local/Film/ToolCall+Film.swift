import Catalog
import Engine
import Values

extension ToolCall {
    /// Takes pictures out of a film.
    func takeFrames() async throws(NodeError) -> [Value] {
        let film = try await film(try media("video"), as: "in-video")
        let most = try settings.integer("max_frames", 1...200, or: 50)
        let format = try settings.word("format", ["png", "jpeg"])
        let suffix = format == "png" ? "png" : "jpg"
        var arguments = film.input
        var filters: [String] = []
        var count = most
        switch try settings.word("mode", ["every", "first", "last", "nth", "count"]) {
        case "first": count = 1
        case "last":
            // From a second before the end on, each picture replaces the one before it.
            arguments = ["-ss", max(0, film.seconds - 1).short] + arguments + ["-update", "1"]
            count = .max
        case "nth":
            let step = try settings.integer("nth", 1...100_000, or: 25)
            filters = ["select='not(mod(n,\(step)))'"]
        case "count":
            count = try settings.integer("count", 1...200, or: 5)
            filters = [Self.selection(every: max(0.001, film.seconds / Double(count) - 0.001))]
        default: filters = [Self.selection(every: try settings.number("every", 0.04...3600, or: 1))]
        }
        if !filters.isEmpty { arguments += ["-vf", filters.joined(separator: ","), "-vsync", "vfr"] }
        if count != .max { arguments += ["-frames:v", "\(count)"] }
        if format == "jpeg" { arguments += ["-q:v", "2", "-pix_fmt", "yuvj420p"] }
        let pattern = count == .max ? "frame-0001.\(suffix)" : "frame-%04d.\(suffix)"
        try await run(.ffmpeg, Self.ffmpeg + arguments + ["-an", "-f", "image2", pattern])
        var frames: [Value] = []
        for (index, name) in try await names(beginning: "frame-").enumerated() {
            frames.append(try await keep(name, mimeType: "image/\(format)", title: "frame-\(index + 1)"))
        }
        guard !frames.isEmpty else { throw NodeError(.invalidInput, "The film has no such picture.") }
        return frames
    }

    private static func selection(every seconds: Double) -> String {
        "select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,\(seconds.short))'"
    }

    /// Joins films end to end, in the size and the pictures per second of the first one.
    func joinFilms() async throws(NodeError) -> Value {
        let media = try mediaList("videos", atMost: 50)
        guard !media.isEmpty else { throw NodeError(.invalidInput, "There is no film at videos.") }
        var films: [MediaFile] = []
        for (index, reference) in media.enumerated() { films.append(try await film(reference, as: "in\(index)")) }
        let width = try settings.optionalInteger("width", 16...3840) ?? films[0].width
        let height = try settings.optionalInteger("height", 16...3840) ?? films[0].height
        let fps =
            try settings.optionalNumber("fps", 0...60).flatMap { $0 >= 1 ? $0 : nil } ?? min(60, max(1, films[0].fps))
        let hasSound = films.contains(where: \.hasSound)
        var graph = ""
        var joined = ""
        for (index, film) in films.enumerated() {
            let fitting = FilmFormat.fitting(Self.even(width), Self.even(height))
            graph += "[\(index):v:0]\(fitting),fps=\(fps.short),format=yuv420p[v\(index)];"
            joined += "[v\(index)]"
            guard hasSound else { continue }
            // A film without a sound is silent for as long as it lasts.
            let sound =
                film.hasSound
                ? "[\(index):a:0]aresample=48000" : "anullsrc=r=48000:cl=stereo,atrim=duration=\(film.seconds.short)"
            graph += "\(sound),aformat=sample_fmts=fltp:channel_layouts=stereo[a\(index)];"
            joined += "[a\(index)]"
        }
        graph += "\(joined)concat=n=\(films.count):v=1:a=\(hasSound ? 1 : 0)[v]\(hasSound ? "[a]" : "")"
        let maps = ["-map", "[v]"] + (hasSound ? ["-map", "[a]"] + FilmFormat.sound : [])
        return try await makeFilm(
            films.flatMap(\.input) + ["-filter_complex", graph] + maps + FilmFormat.picture(fps),
            title: "joined"
        )
    }

    /// Gives a film another sound, or one more.
    func muxAudio() async throws(NodeError) -> Value {
        let film = try await film(try media("video"), as: "in-video")
        let sound = try await sound(try media("audio"), as: "in-audio")
        let isMixed = try settings.word("mode", ["replace", "mix"]) == "mix" && film.hasSound
        let volume = try settings.number("audio_volume", 0...400, or: 100) / 100
        let own = try settings.number("video_volume", 0...400, or: 100) / 100
        let length: Double
        switch try settings.word("length", ["video", "audio", "shortest", "longest"]) {
        case "audio": length = sound.seconds
        case "shortest": length = min(sound.seconds, film.seconds)
        case "longest": length = max(sound.seconds, film.seconds)
        default: length = film.seconds
        }
        var graph = "[1:a:0]aresample=48000,volume=\(volume.short)"
        if isMixed {
            graph =
                "[0:a:0]aresample=48000,volume=\(own.short)[own];\(graph)[new];"
                + "[own][new]amix=inputs=2:duration=longest:normalize=0"
        }
        graph += ",apad[a]"
        var picture = ["-map", "0:v:0"]
        if length > film.seconds + 0.05 {
            // A film that is too short stands still at its last picture.
            graph += ";[0:v:0]tpad=stop_mode=clone:stop_duration=\((length - film.seconds).short)[v]"
            picture = ["-map", "[v]"] + FilmFormat.picture(min(60, max(1, film.fps)))
        } else if film.picture == "h264/yuv420p" {
            picture += ["-c:v", "copy"]
        } else {
            picture += FilmFormat.picture(min(60, max(1, film.fps)))
        }
        return try await makeFilm(
            film.input + sound.input + ["-filter_complex", graph] + picture + ["-map", "[a]"] + FilmFormat.sound
                + ["-t", length.short],
            title: "film"
        )
    }
}
