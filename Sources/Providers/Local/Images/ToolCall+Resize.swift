import Catalog
import Engine
import Values

extension ToolCall {
    func resize() async throws(NodeError) -> Value {
        let image = try await image("image")
        let (width, height) = try sizeWanted()
        guard width != nil || height != nil else {
            throw NodeError(.invalidInput, "Set width, height or both, in pixels.")
        }
        let steps = try fitting(image, width: width, height: height)
        return try await makeImage(from: image, image.reading + steps, title: "resized")
    }

    func upscale() async throws(NodeError) -> Value {
        let image = try await image("image")
        let factor = try settings.integer("scale", 2...8, or: 2)
        return try await enlarge(image, by: factor)
    }

    /// A picture with so many times the pixels on each side.
    func enlarge(_ image: ImageFile, by factor: Int, finish: [String] = []) async throws(NodeError) -> Value {
        let (width, height) = (image.width * factor, image.height * factor)
        try check(width: width, height: height)
        let filter = try settings.word("filter", ["lanczos", "mitchell", "catrom", "triangle", "point"])
        var steps = ["-filter", filter, "-resize", "\(width)x\(height)!"]
        if try settings.flag("sharpen") { steps += ["-unsharp", "0x1"] }
        return try await makeImage(from: image, image.reading + steps + finish, title: "upscaled")
    }

    func crop() async throws(NodeError) -> Value {
        let image = try await image("image")
        var (width, height) = try sizeWanted()
        if let ratio = try settings.optionalRatio("aspect_ratio"), width == nil || height == nil {
            let widest = (width: Double(width ?? image.width), height: Double(height ?? image.height))
            width = max(1, Int(min(widest.width, widest.height * ratio).rounded()))
            height = max(1, Int(min(widest.height, widest.width / ratio).rounded()))
        }
        let size = (width: min(width ?? image.width, image.width), height: min(height ?? image.height, image.height))
        let gravity = try settings.gravity("position")
        let x =
            try settings.optionalNumber("x", 0...Double(image.width - 1)).map { Int($0) }
            ?? gravity.place(size.width, in: image.width, isHorizontal: true, margin: 0)
        let y =
            try settings.optionalNumber("y", 0...Double(image.height - 1)).map { Int($0) }
            ?? gravity.place(size.height, in: image.height, isHorizontal: false, margin: 0)
        let kept = (width: min(size.width, image.width - x), height: min(size.height, image.height - y))
        return try await makeImage(
            from: image,
            image.reading + ["-crop", "\(kept.width)x\(kept.height)+\(x)+\(y)", "+repage"],
            title: "cropped"
        )
    }

    func convertImage() async throws(NodeError) -> Value {
        let image = try await image("image")
        return try await makeImage(from: image, image.reading, title: "converted")
    }

    func transform() async throws(NodeError) -> Value {
        let image = try await image("image")
        let background = try settings.color("background", or: "none")
        var steps: [String] = []
        switch try settings.word("flip", ["none", "horizontal", "vertical", "both"]) {
        case "horizontal": steps += ["-flop"]
        case "vertical": steps += ["-flip"]
        case "both": steps += ["-flip", "-flop"]
        default: break
        }
        let angle = try settings.number("rotate", -360...360, or: 0)
        if angle != 0 { steps += ["-background", background, "-rotate", angle.short, "+repage"] }
        let (width, height) = try sizeWanted()
        if width != nil || height != nil {
            // How large the turned picture is does not matter here: nothing is kept by its own size.
            steps += try fitting(image, width: width, height: height)
        }
        let padding = try settings.integer("padding", 0...2000, or: 0)
        if padding > 0 { steps += ["-bordercolor", background, "-compose", "copy", "-border", "\(padding)"] }
        steps += try colorSteps()
        return try await makeImage(from: image, image.reading + steps, title: "transformed")
    }

    private func colorSteps() throws(NodeError) -> [String] {
        var steps: [String] = []
        if try settings.flag("grayscale") { steps += ["-colorspace", "Gray", "-colorspace", "sRGB"] }
        let brightness = try settings.number("brightness", -100...100, or: 0)
        let contrast = try settings.number("contrast", -100...100, or: 0)
        if brightness != 0 || contrast != 0 {
            steps += ["-brightness-contrast", "\(brightness.short)x\(contrast.short)"]
        }
        let saturation = try settings.number("saturation", 0...300, or: 100)
        if saturation != 100 { steps += ["-modulate", "100,\(saturation.short),100"] }
        let blur = try settings.number("blur", 0...100, or: 0)
        if blur > 0 { steps += ["-blur", "0x\(blur.short)"] }
        if try settings.flag("sharpen") { steps += ["-unsharp", "0x1"] }
        return steps
    }

    private func sizeWanted() throws(NodeError) -> (width: Int?, height: Int?) {
        let range = 1...tools.limits.side
        return (try settings.optionalInteger("width", range), try settings.optionalInteger("height", range))
    }

    /// The steps that bring a picture to a size, the way `fit` says.
    private func fitting(_ image: ImageFile, width: Int?, height: Int?) throws(NodeError) -> [String] {
        let fit = try settings.word("fit", ["inside", "cover", "contain", "fill"])
        let background = try settings.color("background", or: "none")
        let ratio = Double(image.width) / Double(image.height)
        guard let width, let height else {
            let made = (
                width: width ?? Int((Double(height ?? 1) * ratio).rounded(.up)),
                height: height ?? Int((Double(width ?? 1) / ratio).rounded(.up))
            )
            try check(width: made.width, height: made.height)
            return [
                "-filter", "lanczos", "-resize", "\(width.map(String.init) ?? "")x\(height.map(String.init) ?? "")",
            ]
        }
        try check(width: width, height: height)
        let size = "\(width)x\(height)"
        let gravity = try settings.gravity("position").magick
        return switch fit {
        case "cover": ["-filter", "lanczos", "-resize", "\(size)^", "-gravity", gravity, "-extent", size]
        case "contain":
            [
                "-filter", "lanczos", "-resize", size, "-background", background, "-gravity", gravity,
                "-compose", "copy", "-extent", size,
            ]
        case "fill": ["-filter", "lanczos", "-resize", "\(size)!"]
        default: ["-filter", "lanczos", "-resize", size]
        }
    }
}

extension Settings {
    /// A ratio such as `16:9`; empty or `none` stands for none.
    func optionalRatio(_ name: String) throws(NodeError) -> Double? {
        guard let text = text(name), text != "none", !text.isEmpty else { return nil }
        let parts = text.split(separator: ":").compactMap { Double($0) }
        guard parts.count == 2, parts[0] > 0, parts[1] > 0, (0.01...100).contains(parts[0] / parts[1]) else {
            throw error(name, "must be a ratio such as 16:9")
        }
        return parts[0] / parts[1]
    }
}
