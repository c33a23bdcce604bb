import Engine
import Values

extension ToolCall {
    /// Tells what some media is: what the store knows, and what ffprobe or ImageMagick say, where they are there.
    func probe() async throws(NodeError) -> JSON {
        let media = try media("file")
        var facts = media.json.object ?? JSONObject()
        if ImageFormat(mimeType: media.mimeType) != nil, tools.isInstalled(.imageMagick) {
            let image = try await image(media, as: "in-file")
            facts["width"] = .int(Int64(image.width))
            facts["height"] = .int(Int64(image.height))
            facts["kind"] = "image"
        } else if MediaFile.demuxer(of: media.mimeType) != nil, tools.isInstalled(.ffmpeg) {
            let file = try await mediaFile(media, as: "in-file")
            facts["durationMs"] = .int(file.durationMs)
            if file.picture != nil {
                facts["width"] = .int(Int64(file.width))
                facts["height"] = .int(Int64(file.height))
                facts["fps"] = .double(file.fps)
            }
            facts["kind"] = file.picture == nil ? "audio" : "video"
            facts["hasAudio"] = .bool(file.hasSound)
            facts["streams"] = .array(file.streams)
        } else {
            facts["kind"] = .string(Self.kind(of: media))
        }
        return .object(facts)
    }

    private static func kind(of media: MediaReference) -> String {
        switch media.portType {
        case .image: "image"
        case .video: "video"
        case .audio: "audio"
        case .model3D: "model"
        default: "file"
        }
    }
}
