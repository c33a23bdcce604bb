import Catalog
import Engine
import Values

extension Sandbox {
    /// A picture with the prompt and a small label; of a node that enlarges, its own picture made larger.
    func image(_ question: SandboxQuestion, _ number: Int, _ call: ToolCall) async throws(NodeError) -> Value {
        if question.type.family == "upscale", let media = question.inputs["image"]?.media.first,
            tools.availability(of: .overlayText).isAvailable
        {
            return try await enlarged(media, question, call)
        }
        let size = Self.size(question)
        guard tools.availability(of: .draw).isAvailable else {
            let bytes = PlainPicture.bytes(
                width: size.width,
                height: size.height,
                seed: question.fingerprint &+ UInt64(number)
            )
            return try await keep(bytes, "image/png", call)
        }
        return try await call.draw(Self.drawing(question, number, size))
    }

    private static func drawing(
        _ question: SandboxQuestion,
        _ number: Int,
        _ size: (width: Int, height: Int)
    ) -> Settings {
        let palette = ["#1e3a5f", "#14532d", "#581c3f", "#3b2f63", "#5a3410", "#134e4a", "#4a1d1d", "#27364a"]
        let (width, height) = (Int64(size.width), Int64(size.height))
        let margin = max(4, min(width, height) / 16)
        let footer = max(12, height / 16)
        let title = number == 0 ? "sandbox" : "sandbox \(number + 1)"
        let elements: JSON = [
            [
                "type": "text", "text": .string(String(question.prompt.prefix(400))), "x": .int(margin),
                "y": .int(margin), "width": .int(width - 2 * margin),
                "height": .int(max(8, height - 2 * margin - footer)), "max_size": .int(max(10, height / 14)),
            ],
            [
                "type": "text", "text": .string("\(title) · \(question.type.id)"), "x": .int(margin),
                "y": .int(height - margin - footer), "width": .int(width - 2 * margin), "height": .int(footer),
                "max_size": .int(max(8, height / 36)), "color": "#ffffffb0", "position": "bottom", "bold": false,
            ],
        ]
        return Settings(
            members: [
                "width": .int(width), "height": .int(height), "elements": elements,
                "background": .string(palette[Int(question.fingerprint % UInt64(palette.count))]),
            ],
            place: nil
        )
    }

    private func enlarged(
        _ media: MediaReference,
        _ question: SandboxQuestion,
        _ call: ToolCall
    ) async throws(NodeError) -> Value {
        let image = try await call.image(media, as: "in-image")
        let wanted = Int(min(8, question.setting("scale", "scale_factor", "upscale_factor")?.rounded() ?? 2))
        let longest = max(image.width, image.height)
        let factor = max(1, min(wanted, 8192 / longest))
        let (width, height) = (image.width * factor, image.height * factor)
        let block = try await call.block(
            "sandbox · \(question.type.id)",
            width: max(16, width / 2),
            height: max(16, height / 16),
            sizes: 8...max(8, height / 36),
            style: TextStyle(plate: "#00000080")
        )
        return try await call.enlarge(
            image,
            by: factor,
            finish: block.arguments + ["-gravity", "southeast", "-geometry", "+4+4", "-composite"]
        )
    }

    /// A voice that says the text, or a tone where there is nothing to say or nobody to say it.
    func sound(_ question: SandboxQuestion, _ call: ToolCall) async throws(NodeError) -> Value {
        let isSpoken = question.type.inputs.contains { $0.id == "text" }
        if isSpoken, tools.availability(of: .speech).isAvailable {
            return try await call.speak("Sandbox voice. \(question.prompt.prefix(1000))")
        }
        let seconds = min(30, question.setting("duration", "seconds", "duration_seconds") ?? 2)
        return try await keep(Tone.bytes(seconds: seconds, seed: question.fingerprint), "audio/wav", call)
    }

    /// A still film: of the picture that came in or of one with the prompt, with the sound that came in.
    func film(_ question: SandboxQuestion, _ call: ToolCall) async throws(NodeError) -> Value {
        let missing = tools.availability(of: .assemble)
        if let command = missing.installCommand {
            throw NodeError(
                .notFound,
                "The sandbox needs \(missing.missingPackages.joined(separator: " and ")) to make a film, which this "
                    + "server does not have. Install it with: \(command)"
            )
        }
        let inputs = question.inputs.sorted { $0.key < $1.key }.flatMap(\.value.media)
        let given = inputs.first { $0.portType == .image }
        var picture = given
        if picture == nil {
            let size = Self.size(question, pixels: 640 * 360)
            picture = try await call.draw(Self.drawing(question, 0, size)).media.first
        }
        guard let picture else { throw NodeError(.providerInternal, "The sandbox's picture is gone.") }
        let image = try await call.image(picture, as: "in-picture")
        var sound: MediaFile?
        if let media = inputs.first(where: { $0.portType == .audio }) {
            sound = try await call.sound(media, as: "in-sound")
        }
        let seconds = sound?.seconds ?? min(10, question.setting("duration", "seconds") ?? 5)
        let label = ToolCall.Caption(text: "sandbox · \(question.type.id)", seconds: seconds)
        return try await call.assemble(image, sound, seconds: seconds, captions: given == nil ? [] : [label])
    }

    /// The size that the settings ask for; without any a square of about a million pixels.
    static func size(_ question: SandboxQuestion, pixels: Double = 1024 * 1024) -> (width: Int, height: Int) {
        func held(_ width: Double, _ height: Double) -> (width: Int, height: Int) {
            let (width, height) = (min(width, 1e9), min(height, 1e9))
            let factor = min(1, 2048 / max(width, height))
            return (max(64, Int((width * factor).rounded())), max(64, Int((height * factor).rounded())))
        }
        if let object = question.parameters["image_size"], let width = object["width"]?.number,
            let height = object["height"]?.number, width > 0, height > 0
        {
            return held(width, height)
        }
        if let width = question.setting("width"), let height = question.setting("height") { return held(width, height) }
        // The names that vendors have for sizes (media manifests §2.1).
        let names: [String: (Double, Double)] = [
            "square_hd": (1024, 1024), "square": (512, 512), "portrait_4_3": (768, 1024), "portrait_16_9": (576, 1024),
            "landscape_4_3": (1024, 768), "landscape_16_9": (1024, 576),
        ]
        let words = ["image_size", "size", "aspect_ratio", "ratio"].compactMap { question.parameters[$0]?.string }
        for word in words {
            if let size = names[word] { return held(size.0, size.1) }
            let exact = word.split(separator: "x").compactMap { Double($0) }
            if exact.count == 2, exact.allSatisfy({ $0 > 0 }) { return held(exact[0], exact[1]) }
            let ratio = word.split(separator: ":").compactMap { Double($0) }
            if ratio.count == 2, ratio.allSatisfy({ $0 > 0 }), (0.1...10).contains(ratio[0] / ratio[1]) {
                let height = (pixels * ratio[1] / ratio[0]).squareRoot()
                let sides = [height * ratio[0] / ratio[1], height].map { max(64, ($0 / 16).rounded() * 16) }
                return held(sides[0], sides[1])
            }
        }
        return pixels == 1024 * 1024 ? (1024, 1024) : (640, 360)
    }
}
