import Engine

/// Where something stands in a picture, in our words and in ImageMagick's.
enum Gravity: String, Sendable, CaseIterable {
    case center
    case top
    case bottom
    case left
    case right
    case topLeft = "top_left"
    case topRight = "top_right"
    case bottomLeft = "bottom_left"
    case bottomRight = "bottom_right"

    static let words = allCases.map(\.rawValue)

    var magick: String {
        switch self {
        case .center: "center"
        case .top: "north"
        case .bottom: "south"
        case .left: "west"
        case .right: "east"
        case .topLeft: "northwest"
        case .topRight: "northeast"
        case .bottomLeft: "southwest"
        case .bottomRight: "southeast"
        }
    }

    /// The place of a thing of that length on a side, with a margin to the border it leans on.
    func place(_ length: Int, in side: Int, isHorizontal: Bool, margin: Int) -> Int {
        let (first, last): ([Gravity], [Gravity]) =
            isHorizontal
            ? ([.left, .topLeft, .bottomLeft], [.right, .topRight, .bottomRight])
            : ([.top, .topLeft, .topRight], [.bottom, .bottomLeft, .bottomRight])
        if first.contains(self) { return margin }
        if last.contains(self) { return side - length - margin }
        return (side - length) / 2
    }
}

extension Settings {
    func gravity(_ name: String, or standard: Gravity = .center) throws(NodeError) -> Gravity {
        Gravity(rawValue: try word(name, Gravity.words, or: standard.rawValue)) ?? standard
    }
}
