import Engine
import Values

extension ToolCall {
    /// Draws what the data says: a text, a title over a text, or a list of elements.
    func draw() async throws(NodeError) -> Value {
        try await draw(try drawing())
    }

    /// The settings with those of the data over them.
    private func drawing() throws(NodeError) -> Settings {
        let data = inputs["data"]?.asJSON ?? .null
        var members = parameters
        switch data {
        case .null: break
        case .object(let object): for member in object { members[member.key] = member.value }
        case .array: members["elements"] = data
        case .string, .int, .uint, .double, .digits, .bool: members["text"] = .string(Conversion.text(of: data))
        }
        return Settings(members: members, place: nil)
    }

    func draw(_ drawing: Settings) async throws(NodeError) -> Value {
        let width = try drawing.integer("width", 1...tools.limits.side, or: 1280)
        let height = try drawing.integer("height", 1...tools.limits.side, or: 720)
        try check(width: width, height: height)
        var steps = ["-size", "\(width)x\(height)"] + (try background(drawing))
        // Layers are laid on true colors with transparency, whatever the background is.
        steps += ["-colorspace", "sRGB", "-type", "TrueColorAlpha"]
        for element in try elements(drawing, width: width, height: height) {
            steps += try await self.steps(of: element, width: width, height: height)
        }
        return try await makeImage(from: nil, steps, title: "drawing")
    }

    private func background(_ drawing: Settings) throws(NodeError) -> [String] {
        let first = try drawing.color("background", or: "#0f172a")
        guard drawing.json("background_end") != nil else { return ["xc:\(first)"] }
        let last = try drawing.color("background_end", or: first)
        let isRound = try drawing.word("gradient", ["vertical", "radial"]) == "radial"
        return ["\(isRound ? "radial-gradient" : "gradient"):\(first)-\(last)"]
    }

    private func elements(_ drawing: Settings, width: Int, height: Int) throws(NodeError) -> [Settings] {
        if let elements = drawing.json("elements") {
            guard let list = elements.array, list.count <= 100 else {
                throw drawing.error("elements", "must be a list of at most 100 objects")
            }
            var settings: [Settings] = []
            for (index, element) in list.enumerated() {
                guard let object = element.object else {
                    throw drawing.error("elements[\(index)]", "must be an object")
                }
                settings.append(Settings(object, place: "elements[\(index)]"))
            }
            return settings
        }
        var frame = drawing.members.filter { ["color", "font", "bold", "align", "size", "box_color"].contains($0.key) }
        let margin = max(8, min(width, height) / 14)
        frame["type"] = "text"
        frame["x"] = .int(Int64(margin))
        frame["width"] = .int(Int64(max(1, width - 2 * margin)))
        var settings: [Settings] = []
        let title = drawing.text("title")
        let text = drawing.text("text")
        if let title {
            frame["text"] = .string(title)
            frame["y"] = .int(Int64(margin))
            frame["height"] = .int(Int64(max(1, (text == nil ? height : height / 3) - 2 * margin)))
            settings.append(Settings(members: frame, place: nil))
        }
        if let text {
            let top = title == nil ? margin : height / 3
            frame["text"] = .string(text)
            frame["y"] = .int(Int64(top))
            frame["height"] = .int(Int64(max(1, height - top - margin)))
            settings.append(Settings(members: frame, place: nil))
        }
        return settings
    }

    private func steps(of element: Settings, width: Int, height: Int) async throws(NodeError) -> [String] {
        let types = ["text", "rectangle", "ellipse", "line"]
        let type = try element.word("type", types, or: element.json("text") == nil ? "rectangle" : "text")
        let reach = Double(-tools.limits.side)...Double(tools.limits.side)
        let x = try element.number("x", reach, or: 0)
        let y = try element.number("y", reach, or: 0)
        if type == "line" {
            let (endX, endY) = (try element.number("x2", reach, or: x), try element.number("y2", reach, or: y))
            return try stroke(element, or: "white") + [
                "-draw", "line \(x.short),\(y.short) \(endX.short),\(endY.short)",
            ]
        }
        let size = (
            width: try element.number("width", 1...reach.upperBound, or: max(1, Double(width) - x)),
            height: try element.number("height", 1...reach.upperBound, or: max(1, Double(height) - y))
        )
        guard type == "text" else {
            let fill = ["-fill", try element.color("color", or: "white")] + (try stroke(element, or: "none"))
            let (endX, endY) = (x + size.width - 1, y + size.height - 1)
            let radius = try element.number("radius", 0...2000, or: 0)
            let corners = "\(x.short),\(y.short) \(endX.short),\(endY.short)"
            let shape =
                if type == "ellipse" {
                    "ellipse \(((x + endX) / 2).short),\(((y + endY) / 2).short) "
                        + "\((size.width / 2).short),\((size.height / 2).short) 0,360"
                } else if radius > 0 {
                    "roundrectangle \(corners) \(radius.short),\(radius.short)"
                } else {
                    "rectangle \(corners)"
                }
            return fill + ["-draw", shape]
        }
        let (place, room) = ((x: Int(x), y: Int(y)), (width: Int(size.width), height: Int(size.height)))
        return try await text(element, at: place, in: room, sizes: try element.sizes(for: height))
    }

    private func stroke(_ element: Settings, or standard: String) throws(NodeError) -> [String] {
        let width = try element.number("stroke_width", 0...200, or: 2)
        return ["-stroke", try element.color("stroke", or: standard), "-strokewidth", width.short]
    }

    private func text(
        _ element: Settings,
        at place: (x: Int, y: Int),
        in room: (width: Int, height: Int),
        sizes: ClosedRange<Int>
    ) async throws(NodeError) -> [String] {
        let text = element.text("text") ?? ""
        guard text.count <= tools.limits.textCharacters else {
            throw element.error("text", "must have at most \(tools.limits.textCharacters) characters")
        }
        guard !text.allSatisfy(\.isWhitespace) else { return [] }
        let style = try element.textStyle(or: TextStyle(face: .sansBold))
        let block = try await block(
            text,
            width: room.width,
            height: room.height,
            sizes: sizes,
            style: style
        )
        let gravity = try element.gravity("position", or: style.align == .center ? .center : .left)
        return block.arguments + [
            "-gravity", "northwest", "-geometry",
            offset(
                place.x + gravity.place(block.width, in: room.width, isHorizontal: true, margin: 0),
                place.y + gravity.place(block.height, in: room.height, isHorizontal: false, margin: 0)
            ), "-composite",
        ]
    }
}
