import Engine
import Values

extension ToolCall {
    func overlayText() async throws(NodeError) -> Value {
        let text = try text("text")
        let image = try await image("image")
        let steps = try await overlay(text, settings, on: image)
        return try await makeImage(from: image, image.reading + steps, title: "text")
    }

    /// The steps that write a text on a picture: as large as it fits up to a tenth of the height, unless a size is set.
    func overlay(_ text: String, _ settings: Settings, on image: ImageFile) async throws(NodeError) -> [String] {
        let margin = try settings.integer("margin", 0...2000, or: max(8, min(image.width, image.height) / 20))
        let share = try settings.number("width_percent", 5...100, or: 100)
        let room = (width: image.width - 2 * margin, height: image.height - 2 * margin)
        guard room.width >= 16, room.height >= 16 else {
            throw settings.error("margin", "leaves no room in a picture of \(image.width) × \(image.height) pixels")
        }
        let block = try await block(
            text,
            width: max(16, Int(Double(room.width) * share / 100)),
            height: room.height,
            sizes: try settings.sizes(for: image.height),
            style: try settings.textStyle(or: TextStyle(face: .sansBold))
        )
        let gravity = try settings.gravity("position")
        let x = gravity.place(block.width, in: image.width, isHorizontal: true, margin: margin)
        let y = gravity.place(block.height, in: image.height, isHorizontal: false, margin: margin)
        return block.arguments + ["-gravity", "northwest", "-geometry", offset(x, y), "-composite"]
    }

    /// A place as ImageMagick writes it.
    func offset(_ x: Int, _ y: Int) -> String {
        "\(x < 0 ? "" : "+")\(x)\(y < 0 ? "" : "+")\(y)"
    }
}

extension Settings {
    /// The sizes of type for a picture of a height: `size` alone, else up to `max_size`, else up to a tenth of the height.
    ///
    /// Beyond that tesseract begins to take small letters for capital ones.
    func sizes(for height: Int) throws(NodeError) -> ClosedRange<Int> {
        if let size = try optionalInteger("size", 6...2000) { return size...size }
        let smallest = max(8, min(16, height / 20))
        let largest = try optionalInteger("max_size", 6...2000) ?? max(height / 10, min(32, height / 4))
        return min(smallest, largest)...max(smallest, largest)
    }
}
