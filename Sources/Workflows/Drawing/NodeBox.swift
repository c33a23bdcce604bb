import Catalog
import Layout
import Values

/// The size of a node as the editor draws it, and the rows of its ports.
struct NodeBox {
    /// The width of a node in pixels.
    static let width = 224
    /// The height of the title.
    private static let header = 38
    /// The height of the row of a port; inputs stand left, outputs right.
    private static let row = 26
    /// The height of the picture that a node of media shows.
    private static let preview = 92
    /// The space under the last row.
    private static let foot = 10

    private let inputRows: [String: Int]
    private let outputRows: [String: Int]
    /// The size in pixels.
    let size: Diagram.Size

    /// The box of a node.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - type: Its type; `nil` where the catalog has none.
    ///   - handles: The handles of the edges to and from it.
    init(_ node: GraphNode, _ type: NodeType?, handles: (inputs: Set<String>, outputs: Set<String>)) {
        func declared(_ list: String) -> [String] { (node.data[list]?.array ?? []).compactMap { $0["id"]?.string } }
        func rows(_ groups: [[String]], _ declared: [String], _ wired: Set<String>) -> [[String]] {
            let rows = groups + declared.filter { name in !groups.contains { $0.contains(name) } }.map { [$0] }
            let more = wired.filter { name in !rows.contains { $0.contains(name) } }
            return rows + more.sorted().map { [$0] }
        }
        let left = rows((type?.inputs ?? []).map { [$0.id] + $0.aliases }, declared("inputs"), handles.inputs)
        let right = rows((type?.outputs ?? []).map { [$0.id] + $0.aliases }, declared("outputs"), handles.outputs)
        inputRows = Self.places(left)
        outputRows = Self.places(right)
        let showsMedia =
            type?.outputs.contains { $0.type == .image || $0.type == .video || $0.type == .model3D } ?? false
        let rowCount = max(1, left.count, right.count)
        let height = Self.header + Self.row * rowCount + Self.foot + (showsMedia ? Self.preview : 0)
        size = Self.measured(node) ?? Diagram.Size(width: Self.width, height: height)
    }

    private static func places(_ rows: [[String]]) -> [String: Int] {
        var places: [String: Int] = [:]
        for (place, names) in rows.enumerated() {
            for name in names where places[name] == nil { places[name] = place }
        }
        return places
    }

    /// How far below the top a line begins.
    func sourceOffset(_ handle: String?) -> Int { offset(handle.flatMap { outputRows[$0] } ?? 0) }

    /// How far below the top a line ends; one that only orders ends at the title.
    func targetOffset(_ handle: String?, isControl: Bool) -> Int {
        isControl ? Self.header / 2 : offset(handle.flatMap { inputRows[$0] } ?? 0)
    }

    private func offset(_ row: Int) -> Int { min(Self.header + Self.row * row + Self.row / 2, max(0, size.height - 1)) }

    /// The size that the editor measured or a person set.
    private static func measured(_ node: GraphNode) -> Diagram.Size? {
        for holder in [node.raw["measured"], .object(node.raw), node.raw["style"]] {
            if let width = holder?["width"]?.number, let height = holder?["height"]?.number,
                (1...20_000).contains(width), (1...20_000).contains(height)
            {
                return Diagram.Size(width: Int(width.rounded(.up)), height: Int(height.rounded(.up)))
            }
        }
        return node.isDrawing ? Diagram.Size(width: 240, height: 160) : nil
    }
}
