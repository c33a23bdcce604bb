import Catalog
import Engine
import Values

extension ToolCall {
    /// Lays texts, pictures and colors on a film, each from one moment to another.
    func compositeFilm() async throws(NodeError) -> Value {
        let film = try await film(try media("background"), as: "in-background")
        let layers = try layers()
        var inputs = film.input
        var graph = ""
        var last = "0:v:0"
        for (index, layer) in layers.enumerated() {
            let start = try layer.number("start", 0...86_400, or: 0)
            let end = try layer.number("end", 0...86_400, or: film.seconds + 1)
            let corner = try await picture(of: layer, number: index, on: film)
            inputs += ["-protocol_whitelist", "file", "-f", "image2", "-i", "layer\(index).png"]
            graph += "[\(last)][\(index + 1):v]overlay=x=\(corner.x):y=\(corner.y)"
            graph += ":enable='between(t,\(start.short),\(end.short))'[v\(index)];"
            last = "v\(index)"
        }
        graph += "[\(last)]scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p[v]"
        let sound = film.hasSound ? ["-map", "0:a:0"] + FilmFormat.sound : []
        return try await makeFilm(
            inputs + ["-filter_complex", graph, "-map", "[v]"] + sound
                + FilmFormat.picture(min(60, max(1, film.fps))) + ["-t", film.seconds.short],
            title: "composite"
        )
    }

    private func layers() throws(NodeError) -> [Settings] {
        let data = inputs["layers"]?.asJSON ?? .null
        guard let list = data.array ?? data["layers"]?.array, !list.isEmpty, list.count <= 30 else {
            throw NodeError(.invalidInput, "layers must be a list of 1 to 30 objects, each with text, image or color.")
        }
        var layers: [Settings] = []
        for (index, element) in list.enumerated() {
            guard let object = element.object else {
                throw NodeError(.invalidInput, "layers[\(index)] must be an object.")
            }
            layers.append(Settings(object, place: "layers[\(index)]"))
        }
        return layers
    }

    /// Makes the picture `layer<number>.png` and gives the place of its upper left corner.
    private func picture(
        of layer: Settings,
        number: Int,
        on film: MediaFile
    ) async throws(NodeError) -> (x: Int, y: Int) {
        let reach = Double(-tools.limits.side)...Double(tools.limits.side)
        let width = try layer.optionalInteger("width", 1...tools.limits.side)
        let height = try layer.optionalInteger("height", 1...tools.limits.side)
        let made: (steps: [String], width: Int, height: Int)
        if let text = layer.text("text") {
            guard text.count <= tools.limits.textCharacters else { throw layer.error("text", "is too long") }
            let block = try await block(
                text,
                width: width ?? film.width * 9 / 10,
                height: height ?? film.height * 9 / 10,
                sizes: try layer.sizes(for: film.height),
                style: try layer.textStyle(or: TextStyle(face: .sansBold, plate: "#000000a0"))
            )
            made = (block.arguments, block.width, block.height)
        } else if let json = layer.json("image") {
            guard let media = MediaReference(json: json) else {
                throw layer.error("image", "must be a media value, as a node gives it")
            }
            let image = try await image(media, as: "layer-in\(number)")
            let factor =
                width.map { Double($0) / Double(image.width) } ?? height.map { Double($0) / Double(image.height) }
            let size = (
                width: width ?? max(1, Int(Double(image.width) * (factor ?? 1))),
                height: height ?? max(1, Int(Double(image.height) * (factor ?? 1)))
            )
            try check(width: size.width, height: size.height)
            made = (
                ["("] + image.reading + ["-resize", "\(size.width)x\(size.height)!", ")"], size.width, size.height
            )
        } else {
            let size = (width: width ?? film.width, height: height ?? film.height)
            try check(width: size.width, height: size.height)
            let color = try layer.color("color", or: "black")
            made = (["(", "-size", "\(size.width)x\(size.height)", "xc:\(color)", ")"], size.width, size.height)
        }
        let opacity = try layer.number("opacity", 0...100, or: 100)
        var steps = made.steps + ["-alpha", "set"]
        if opacity < 100 { steps += ["-channel", "A", "-evaluate", "multiply", (opacity / 100).short, "+channel"] }
        try await run(.convert, steps + ["-strip", "-depth", "8", "png32:layer\(number).png"])
        let margin = try layer.integer("margin", 0...4000, or: film.height / 20)
        let gravity = try layer.gravity("position", or: layer.json("text") == nil ? .center : .bottom)
        return (
            try layer.optionalNumber("x", reach).map { Int($0) }
                ?? gravity.place(made.width, in: film.width, isHorizontal: true, margin: margin),
            try layer.optionalNumber("y", reach).map { Int($0) }
                ?? gravity.place(made.height, in: film.height, isHorizontal: false, margin: margin)
        )
    }
}
