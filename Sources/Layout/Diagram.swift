/// Boxes and the lines between them, to be drawn from left to right.
///
/// The drawing follows from the boxes and lines alone: neither their order in the lists nor anything of the machine counts.
public struct Diagram: Sendable, Hashable {
    /// A place in pixels, right and down of the origin.
    public struct Point: Sendable, Hashable {
        /// The distance to the right.
        public var x: Int
        /// The distance down.
        public var y: Int

        /// A place.
        public init(x: Int, y: Int) {
            self.x = x
            self.y = y
        }
    }

    /// A width and a height in pixels.
    public struct Size: Sendable, Hashable {
        /// The width.
        public var width: Int
        /// The height.
        public var height: Int

        /// A size; negative numbers count as 0, those above a million as a million.
        public init(width: Int, height: Int) {
            self.width = min(max(0, width), 1_000_000)
            self.height = min(max(0, height), 1_000_000)
        }
    }

    /// What is drawn.
    public struct Box: Sendable, Hashable {
        /// The name; of several boxes with one name the first counts.
        public var id: String
        /// The size; that of a box which holds others follows from them.
        public var size: Size
        /// The name of the box it stands in.
        public var container: String?
        /// Whether it is a remark that belongs beside what it stands next to.
        public var isNote: Bool
        /// Where it has stood so far, inside its container; only for finding what a note belongs to.
        public var origin: Point?

        /// A box.
        public init(
            id: String,
            size: Size,
            container: String? = nil,
            isNote: Bool = false,
            origin: Point? = nil
        ) {
            self.id = id
            self.size = size
            self.container = container
            self.isNote = isNote
            self.origin = origin
        }
    }

    /// A line from the right side of a box to the left side of another.
    public struct Line: Sendable, Hashable {
        /// The name of the box where it begins.
        public var source: String
        /// How far below the box's top it begins, in pixels.
        public var sourceOffset: Int
        /// The name of the box where it ends.
        public var target: String
        /// How far below the box's top it ends, in pixels.
        public var targetOffset: Int

        /// A line.
        public init(source: String, sourceOffset: Int, target: String, targetOffset: Int) {
            self.source = source
            self.sourceOffset = sourceOffset
            self.target = target
            self.targetOffset = targetOffset
        }
    }

    /// The distances to keep, in pixels.
    public struct Spacing: Sendable, Hashable {
        /// Between columns.
        public var gapX = 80
        /// Between boxes of a column.
        public var gapY = 40
        /// Every place is a multiple of this.
        public var grid = 8
        /// Between the sides of a container and what is in it.
        public var padding = 24
        /// From the top of a container to what is in it, its title being there.
        public var header = 56

        /// The distances of the editor.
        public init() {}

        /// The next multiple of the grid at or above a length.
        public func snapped(_ length: Int) -> Int { (length + grid - 1) / grid * grid }
    }

    /// Where everything stands.
    public struct Arrangement: Sendable, Hashable {
        /// The upper left corner of every box, inside its container.
        public internal(set) var origins: [String: Point] = [:]
        /// The size of every box that holds others.
        public internal(set) var containers: [String: Size] = [:]
        /// The size of the whole, whose upper left corner is the origin.
        public internal(set) var size = Size(width: 0, height: 0)
    }

    /// What is drawn.
    public var boxes: [Box]
    /// What connects it; a line to or from a box that is not there is left out.
    public var lines: [Line]

    /// A diagram.
    public init(boxes: [Box], lines: [Line]) {
        self.boxes = boxes
        self.lines = lines
    }
}
