import Catalog
import Engine
import Values

extension ToolCall {
    /// Lays pictures on a picture, in the order of their ports and of the list.
    func composite() async throws(NodeError) -> Value {
        let background = try await image("background")
        let ports = inputs.keys.filter { $0.hasPrefix("layer_") && Int($0.dropFirst(6)) != nil }
        var media: [MediaReference] = []
        for port in ports.sorted(by: { Int($0.dropFirst(6)) ?? 0 < Int($1.dropFirst(6)) ?? 0 }) {
            media.append(try self.media(port))
        }
        media += try mediaList("layers", atMost: 32)
        let placements = try placements()
        var steps = background.reading + ["-colorspace", "sRGB", "-type", "TrueColorAlpha"]
        for (index, reference) in media.enumerated() {
            let layer = try await image(reference, as: "layer\(index)")
            let placement = index < placements.count ? placements[index] : settings
            let mask: ImageFile? = index == 0 && inputs["mask"] != nil ? try await image("mask") : nil
            steps += try place(layer, placement, mask: mask, on: background)
        }
        return try await makeImage(from: background, steps, title: "composite")
    }

    /// How each layer is placed: `data` is a list, or an object with the list `layers`; what it leaves open is taken
    /// from the settings.
    private func placements() throws(NodeError) -> [Settings] {
        guard let data = inputs["data"]?.asJSON, !data.isNull else { return [] }
        guard let list = data.array ?? data["layers"]?.array else {
            throw NodeError(.invalidInput, "data must be a list with one object for each layer.")
        }
        var placements: [Settings] = []
        for (index, element) in list.enumerated() {
            guard let object = element.object else {
                throw NodeError(.invalidInput, "data[\(index)] must be an object.")
            }
            let own = Settings(object, place: "data[\(index)]")
            let isPlaced = own.json("x") != nil || own.json("y") != nil
            var members = parameters
            if isPlaced { members["position"] = nil }
            placements.append(Settings(members: members.merging(own.members) { $1 }, place: own.place))
        }
        return placements
    }

    private func place(
        _ layer: ImageFile,
        _ placement: Settings,
        mask: ImageFile?,
        on background: ImageFile
    ) throws(NodeError) -> [String] {
        let size = try size(of: layer, placement, on: background)
        try check(width: size.width, height: size.height)
        let opacity = try placement.number("opacity", 0...100, or: 100)
        let modes = [
            "normal": "over", "multiply": "multiply", "screen": "screen", "overlay": "overlay", "darken": "darken",
            "lighten": "lighten", "add": "plus", "difference": "difference", "soft_light": "soft-light",
            "hard_light": "hard-light",
        ]
        let mode = try placement.word("blend", modes.keys.sorted(), or: "normal")
        let margin = try placement.integer("margin", 0...4000, or: 0)
        let gravity = try placement.gravity("position")
        let reach = Double(-tools.limits.side)...Double(tools.limits.side)
        let x =
            try placement.optionalNumber("x", reach).map { Int($0) }
            ?? gravity.place(size.width, in: background.width, isHorizontal: true, margin: margin)
        let y =
            try placement.optionalNumber("y", reach).map { Int($0) }
            ?? gravity.place(size.height, in: background.height, isHorizontal: false, margin: margin)
        let exact = "\(size.width)x\(size.height)!"
        var steps = ["("] + layer.reading + ["-colorspace", "sRGB", "-filter", "lanczos", "-resize", exact]
        if let mask {
            // Where the mask is white, the layer shows.
            steps += ["("] + mask.reading
            steps += ["-background", "black", "-alpha", "remove", "-alpha", "off", "-colorspace", "Gray"]
            steps += ["-resize", exact, ")", "-alpha", "off", "-compose", "CopyOpacity", "-composite"]
        }
        let angle = try placement.number("rotate", -360...360, or: 0)
        if angle != 0 { steps += ["-background", "none", "-rotate", angle.short, "+repage"] }
        if opacity < 100 {
            steps += ["-alpha", "set", "-channel", "A", "-evaluate", "multiply", (opacity / 100).short, "+channel"]
        }
        return steps + [
            ")", "-gravity", "northwest", "-geometry", offset(x, y), "-compose", modes[mode] ?? "over", "-composite",
        ]
    }

    /// The size of a layer: as set, else its own, made smaller where it is larger than the background.
    private func size(
        of layer: ImageFile,
        _ placement: Settings,
        on background: ImageFile
    ) throws(NodeError) -> (width: Int, height: Int) {
        let range = 1...tools.limits.side
        let width = try placement.optionalInteger("width", range)
        let height = try placement.optionalInteger("height", range)
        let own = (width: Double(layer.width), height: Double(layer.height))
        let factor: Double
        switch (width, height) {
        case (let width?, let height?): return (width, height)
        case (let width?, nil): factor = Double(width) / own.width
        case (nil, let height?): factor = Double(height) / own.height
        case (nil, nil):
            let share = try placement.number("scale_percent", 0...1000, or: 0)
            factor =
                share > 0
                ? Double(background.width) * share / 100 / own.width
                : min(1, Double(background.width) / own.width, Double(background.height) / own.height)
        }
        return (
            width ?? max(1, Int((own.width * factor).rounded())),
            height ?? max(1, Int((own.height * factor).rounded()))
        )
    }
}
