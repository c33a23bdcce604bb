extension Diagram {
    /// Where everything is to stand: lines lead from left to right, nothing overlaps, and what is not connected stands
    /// apart.
    ///
    /// - Parameter spacing: The distances to keep.
    /// - Returns: The places; the same for the same diagram, whatever the order of its lists.
    public func arranged(_ spacing: Spacing = Spacing()) -> Arrangement {
        var arranger = Arranger(self, spacing)
        return arranger.arrange()
    }
}

/// Arranges the content of each container, the innermost first.
private struct Arranger {
    private let spacing: Diagram.Spacing
    /// The boxes in the natural order of their names.
    private var boxes: [Diagram.Box]
    private let lines: [LayeredGraph.Line]
    /// The container of each box.
    private var containers: [Int?]
    private var members: [Int: [Int]] = [:]
    private var origins: [Diagram.Point]

    init(_ diagram: Diagram, _ spacing: Diagram.Spacing) {
        self.spacing = spacing
        var names: Set<String> = []
        let boxes = diagram.boxes.filter { names.insert($0.id).inserted }
            .sorted { isInNaturalOrder($0.id, $1.id) }
        self.boxes = boxes
        let places = Dictionary(uniqueKeysWithValues: boxes.enumerated().map { ($1.id, $0) })
        lines = Set(
            diagram.lines.compactMap { line in
                guard let source = places[line.source], let target = places[line.target] else { return nil }
                return LayeredGraph.Line(
                    source: source,
                    sourceOffset: min(max(0, line.sourceOffset), boxes[source].size.height),
                    target: target,
                    targetOffset: min(max(0, line.targetOffset), boxes[target].size.height)
                )
            }
        ).sorted {
            ($0.source, $0.sourceOffset, $0.target, $0.targetOffset)
                < ($1.source, $1.sourceOffset, $1.target, $1.targetOffset)
        }
        origins = Array(repeating: Diagram.Point(x: 0, y: 0), count: boxes.count)
        containers = boxes.map { $0.container.flatMap { places[$0] } }
        // Containers that hold each other hold nothing.
        for box in boxes.indices {
            var (above, steps) = (containers[box], 0)
            while let container = above, container != box, steps < boxes.count {
                above = containers[container]
                steps += 1
            }
            if above != nil { containers[box] = nil }
        }
        for (box, container) in containers.enumerated() {
            if let container { members[container, default: []].append(box) }
        }
    }

    mutating func arrange() -> Diagram.Arrangement {
        // The deepest first; boxes of one depth do not depend on each other.
        let byDepth = members.keys.sorted { (depth($0), $0) > (depth($1), $1) }
        for container in byDepth {
            let content = arrange(members[container] ?? [], in: container)
            for box in members[container] ?? [] {
                origins[box].x += spacing.padding
                origins[box].y += spacing.header
            }
            boxes[container].size = Diagram.Size(
                width: spacing.snapped(content.width) + 2 * spacing.padding,
                height: spacing.snapped(content.height) + spacing.header + spacing.padding
            )
        }
        let size = arrange(boxes.indices.filter { containers[$0] == nil }, in: nil)
        var arrangement = Diagram.Arrangement()
        arrangement.size = size
        for (place, box) in boxes.enumerated() {
            arrangement.origins[box.id] = origins[place]
            if members[place] != nil { arrangement.containers[box.id] = box.size }
        }
        return arrangement
    }

    private func depth(_ box: Int) -> Int {
        var (depth, above) = (0, containers[box])
        while let container = above {
            depth += 1
            above = containers[container]
        }
        return depth
    }

    /// Arranges boxes of one container and tells the size of all.
    private mutating func arrange(_ inside: [Int], in container: Int?) -> Diagram.Size {
        let notes = notes(among: inside)
        let attached = Set(notes.values.joined())
        let main = inside.filter { !attached.contains($0) && !boxes[$0].isNote }
        // A box with its notes is placed as one.
        let groups = main.map { NotedBox($0, notes[$0] ?? [], boxes, spacing) }
        let places = Dictionary(uniqueKeysWithValues: main.enumerated().map { ($1, $0) })
        let lines = lines(in: container, places, groups)
        var tiles = components(count: groups.count, lines).map { tile(groups, $0, lines) }
        tiles.sort { ($1.size.height, $0.first) < ($0.size.height, $1.first) }
        let free = inside.filter { boxes[$0].isNote && !attached.contains($0) }
        let loose = free.map { note in
            Tile(first: note, size: boxes[note].size, corners: [(note, Diagram.Point(x: 0, y: 0))])
        }
        return pack(loose, tiles)
    }

    // MARK: Lines

    /// The lines of this level: between the boxes that hold their ends here.
    private func lines(in container: Int?, _ places: [Int: Int], _ groups: [NotedBox]) -> [LayeredGraph.Line] {
        var found: Set<LayeredGraph.Line> = []
        for line in lines {
            guard let source = end(line.source, line.sourceOffset, in: container),
                let target = end(line.target, line.targetOffset, in: container),
                source.box != target.box, let first = places[source.box], let last = places[target.box]
            else { continue }
            found.insert(
                LayeredGraph.Line(
                    source: first,
                    sourceOffset: source.offset + groups[first].drop,
                    target: last,
                    targetOffset: target.offset + groups[last].drop
                )
            )
        }
        return found.sorted {
            ($0.source, $0.sourceOffset, $0.target, $0.targetOffset)
                < ($1.source, $1.sourceOffset, $1.target, $1.targetOffset)
        }
    }

    /// The box directly in a container that holds another, and how far below its top the offset lies.
    private func end(_ box: Int, _ offset: Int, in container: Int?) -> (box: Int, offset: Int)? {
        var (box, offset) = (box, offset)
        while containers[box] != container {
            guard let above = containers[box] else { return nil }
            offset += origins[box].y
            box = above
        }
        return (box, offset)
    }

    private func components(count: Int, _ lines: [LayeredGraph.Line]) -> [[Int]] {
        var leaders = Array(0..<count)
        func leader(_ box: Int) -> Int {
            var box = box
            while leaders[box] != box {
                leaders[box] = leaders[leaders[box]]
                box = leaders[box]
            }
            return box
        }
        for line in lines {
            let (first, second) = (leader(line.source), leader(line.target))
            if first != second { leaders[max(first, second)] = min(first, second) }
        }
        var components: [Int: [Int]] = [:]
        for box in 0..<count { components[leader(box), default: []].append(box) }
        return components.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: Tiles

    /// A part of the drawing that is placed as one.
    private struct Tile {
        let first: Int
        let size: Diagram.Size
        let corners: [(box: Int, origin: Diagram.Point)]
    }

    /// The drawing of connected boxes.
    private func tile(_ groups: [NotedBox], _ component: [Int], _ lines: [LayeredGraph.Line]) -> Tile {
        let places = Dictionary(uniqueKeysWithValues: component.enumerated().map { ($1, $0) })
        let own = lines.compactMap { line -> LayeredGraph.Line? in
            guard let source = places[line.source], let target = places[line.target] else { return nil }
            var line = line
            (line.source, line.target) = (source, target)
            return line
        }
        var graph = LayeredGraph(sizes: component.map { groups[$0].size }, lines: own)
        graph.reduceCrossings()
        let origins = graph.origins(spacing)
        var corners: [(Int, Diagram.Point)] = []
        var (width, height) = (0, 0)
        for (place, origin) in zip(component, origins) {
            let group = groups[place]
            corners.append((group.box, Diagram.Point(x: origin.x, y: origin.y + group.drop)))
            for (note, drop) in group.notes { corners.append((note, Diagram.Point(x: origin.x, y: origin.y + drop))) }
            width = max(width, origin.x + group.size.width)
            height = max(height, origin.y + group.size.height)
        }
        return Tile(
            first: component.first ?? 0,
            size: Diagram.Size(width: width, height: height),
            corners: corners
        )
    }

    /// Places tiles in rows, notes that belong to nothing above all others.
    private mutating func pack(_ notes: [Tile], _ tiles: [Tile]) -> Diagram.Size {
        let area = tiles.reduce(0.0) {
            $0 + Double($1.size.width + spacing.gapX) * Double($1.size.height + spacing.gapY)
        }
        let widest = (tiles + notes).map(\.size.width).max() ?? 0
        // About as wide as a screen of 16:10 is for its height.
        let width = max(widest, Int((area * 1.6).squareRoot()))
        var (x, y, row) = (0, 0, 0)
        var size = Diagram.Size(width: 0, height: 0)
        for (place, tile) in (notes + tiles).enumerated() {
            let isFirstTile = place == notes.count
            if x > 0, isFirstTile || x + tile.size.width > width {
                let gap = isFirstTile ? reach : spacing.gapY
                (x, y, row) = (0, spacing.snapped(y + row + gap), 0)
            }
            for (box, origin) in tile.corners { origins[box] = Diagram.Point(x: x + origin.x, y: y + origin.y) }
            size.width = max(size.width, x + tile.size.width)
            size.height = max(size.height, y + tile.size.height)
            x = spacing.snapped(x + tile.size.width + spacing.gapX)
            row = max(row, tile.size.height)
        }
        return size
    }

    // MARK: Notes

    /// How far a note that belongs to nothing stands from everything.
    private var reach: Int { spacing.snapped(2 * spacing.gapY) }

    /// The notes beside each box from top to bottom: those that stood so near to it, or to another of its notes, as no note
    /// does that belongs to nothing.
    private func notes(among inside: [Int]) -> [Int: [Int]] {
        var owned: [Int: [Int]] = [:]
        var open = inside.filter { boxes[$0].isNote }
        var nearest: [Int: (owner: Int, distance: Int)] = [:]
        func offer(_ near: Int, of owner: Int) {
            for note in open {
                guard let distance = distance(note, near), distance < nearest[note]?.distance ?? reach else { continue }
                nearest[note] = (owner, distance)
            }
        }
        for box in inside where !boxes[box].isNote { offer(box, of: box) }
        while let note = open.min(by: { nearest[$0]?.distance ?? .max < nearest[$1]?.distance ?? .max }),
            let owner = nearest[note]?.owner
        {
            owned[owner, default: []].append(note)
            open.removeAll { $0 == note }
            offer(note, of: owner)
        }
        return owned.mapValues { notes in
            notes.sorted { (boxes[$0].origin?.y ?? 0, $0) < (boxes[$1].origin?.y ?? 0, $1) }
        }
    }

    private func distance(_ one: Int, _ other: Int) -> Int? {
        guard let first = boxes[one].origin, let second = boxes[other].origin else { return nil }
        let (a, b) = (boxes[one].size, boxes[other].size)
        let x = max(0, second.x - first.x - a.width, first.x - second.x - b.width)
        let y = max(0, second.y - first.y - a.height, first.y - second.y - b.height)
        return x + y
    }
}

/// A box with notes above it.
private struct NotedBox {
    let box: Int
    /// How far the box stands below the top.
    let drop: Int
    /// The notes, and how far each stands below the top.
    let notes: [(note: Int, drop: Int)]
    let size: Diagram.Size

    init(_ box: Int, _ notes: [Int], _ boxes: [Diagram.Box], _ spacing: Diagram.Spacing) {
        self.box = box
        var drop = 0
        var placed: [(Int, Int)] = []
        var width = boxes[box].size.width
        for note in notes {
            placed.append((note, drop))
            drop += spacing.snapped(boxes[note].size.height + spacing.gapY / 2)
            width = max(width, boxes[note].size.width)
        }
        self.notes = placed
        self.drop = drop
        size = Diagram.Size(width: width, height: drop + boxes[box].size.height)
    }
}
