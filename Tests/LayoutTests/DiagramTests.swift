import Layout
import TestSupport
import Testing

struct DiagramTests {
    /// A diagram of boxes with up to five rows, with lines mostly to boxes that are near.
    private func diagram(_ count: Int, seed: UInt64, isAcyclic: Bool = true, hasContainers: Bool = false) -> Diagram {
        var random = SplitMix64(seed: seed)
        var diagram = Diagram(boxes: [], lines: [])
        var rows: [Int] = []
        for number in 0..<count {
            rows.append(Int.random(in: 1...5, using: &random))
            diagram.boxes.append(
                Diagram.Box(
                    id: "n\(number)",
                    size: Diagram.Size(width: 224, height: 48 + 26 * (rows.last ?? 1)),
                    container: hasContainers && number > 4 && random.chance(0.5) ? "n\(number / 5)" : nil
                )
            )
        }
        for _ in 0..<min(count * 3 / 2, 500) where count > 1 {
            let source = Int.random(in: 0..<count - 1, using: &random)
            let target =
                isAcyclic
                ? min(count - 1, source + Int.random(in: 1...12, using: &random))
                : Int.random(in: 0..<count, using: &random)
            diagram.lines.append(
                Diagram.Line(
                    source: "n\(source)",
                    sourceOffset: 51 + 26 * Int.random(in: 0..<rows[source], using: &random),
                    target: "n\(target)",
                    targetOffset: 51 + 26 * Int.random(in: 0..<rows[target], using: &random)
                )
            )
        }
        return diagram
    }

    private static let counts = [1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 50, 80, 120, 200, 300]

    @Test(arguments: counts, 0..<4)
    func `nothing overlaps, and everything stands on the grid`(count: Int, variant: Int) {
        for seed in [1, 2] as [UInt64] {
            let diagram = diagram(count, seed: seed, isAcyclic: variant % 2 == 0, hasContainers: variant > 1)
            let arrangement = diagram.arranged()
            #expect(arrangement.origins.count == count)
            let boxes = diagram.placed(arrangement)
            for (place, one) in boxes.enumerated() {
                #expect(one.x.isMultiple(of: 8) && one.y.isMultiple(of: 8) && one.x >= 0 && one.y >= 0)
                for other in boxes[(place + 1)...] where other.container == one.container {
                    #expect(!one.touches(other, within: 39), "\(one) \(other)")
                }
            }
        }
    }

    @Test(arguments: counts)
    func `lines lead from left to right with room between the columns`(count: Int) {
        let diagram = diagram(count, seed: 3)
        let boxes = Dictionary(uniqueKeysWithValues: diagram.placed(diagram.arranged()).map { ($0.id, $0) })
        for line in diagram.lines {
            guard let source = boxes[line.source], let target = boxes[line.target] else { continue }
            #expect(target.x >= source.x + source.width + 80)
        }
    }

    @Test(arguments: [2, 10, 40, 120, 300], [false, true])
    func `the order of boxes and lines does not count`(count: Int, hasContainers: Bool) {
        let diagram = diagram(count, seed: 5, isAcyclic: false, hasContainers: hasContainers)
        let arrangement = diagram.arranged()
        var random = SplitMix64(seed: 6)
        for _ in 0..<3 {
            let shuffled = Diagram(
                boxes: diagram.boxes.shuffled(using: &random),
                lines: diagram.lines.shuffled(using: &random)
            )
            #expect(shuffled.arranged() == arrangement)
        }
    }

    @Test(arguments: [5, 10, 20, 40, 80, 160, 300], [1, 2, 3] as [UInt64])
    func `lines cross less than without care`(count: Int, seed: UInt64) {
        let diagram = diagram(count, seed: seed)
        let arrangement = diagram.arranged()
        // The same columns with the boxes in the order of their names.
        let columns = Dictionary(grouping: diagram.boxes) { arrangement.origins[$0.id]?.x ?? 0 }
        var origins: [String: Diagram.Point] = [:]
        for (x, boxes) in columns {
            var y = 0
            for box in boxes {
                origins[box.id] = Diagram.Point(x: x, y: y)
                y += box.size.height + 40
            }
        }
        #expect(diagram.crossings(arrangement.origins) <= diagram.crossings(origins))
    }

    @Test func `a chain is straight, a tree without crossings`() {
        let chain = Diagram(
            boxes: (0..<12).map { Diagram.Box(id: "n\($0)", size: Diagram.Size(width: 224, height: 74)) },
            lines: (1..<12).map {
                Diagram.Line(source: "n\($0 - 1)", sourceOffset: 51, target: "n\($0)", targetOffset: 51)
            }
        )
        let places = chain.arranged()
        #expect(Set(places.origins.values.map(\.y)) == [0])
        #expect(places.size == Diagram.Size(width: 12 * 224 + 11 * 80, height: 74))
        let tree = Diagram(
            boxes: (0..<100).map { Diagram.Box(id: "n\($0)", size: Diagram.Size(width: 224, height: 74)) },
            lines: (1..<100).map {
                Diagram.Line(source: "n\(($0 - 1) / 3)", sourceOffset: 51, target: "n\($0)", targetOffset: 51)
            }
        )
        #expect(tree.crossings(tree.arranged().origins) == 0)
    }

    @Test func `a container holds its members, its lines enter and leave it`() {
        let size = Diagram.Size(width: 224, height: 74)
        let diagram = Diagram(
            boxes: [
                Diagram.Box(id: "a", size: size), Diagram.Box(id: "loop", size: Diagram.Size(width: 0, height: 0)),
                Diagram.Box(id: "b", size: size, container: "loop"),
                Diagram.Box(id: "c", size: size, container: "loop"),
                Diagram.Box(id: "d", size: size), Diagram.Box(id: "odd", size: size, container: "odd"),
            ],
            lines: [("a", "b"), ("b", "c"), ("c", "d")].map {
                Diagram.Line(source: $0.0, sourceOffset: 51, target: $0.1, targetOffset: 51)
            }
        )
        let arrangement = diagram.arranged()
        #expect(arrangement.containers == ["loop": Diagram.Size(width: 2 * 224 + 80 + 48, height: 80 + 56 + 24)])
        #expect(arrangement.origins["b"] == Diagram.Point(x: 24, y: 56))
        #expect(arrangement.origins["loop"]?.x == 304)
        // The line into it is straight.
        #expect(arrangement.origins["a"]?.y == (arrangement.origins["loop"]?.y ?? 0) + 56)
    }

    @Test func `a note stays beside what it stood next to, others stand above all`() {
        let size = Diagram.Size(width: 224, height: 74)
        let note = Diagram.Size(width: 160, height: 100)
        let diagram = Diagram(
            boxes: [
                Diagram.Box(id: "a", size: size, origin: Diagram.Point(x: 0, y: 0)),
                Diagram.Box(id: "b", size: size, origin: Diagram.Point(x: 900, y: 500)),
                Diagram.Box(id: "near b", size: note, isNote: true, origin: Diagram.Point(x: 920, y: 610)),
                Diagram.Box(id: "far", size: note, isNote: true, origin: Diagram.Point(x: 5000, y: 0)),
                Diagram.Box(id: "placeless", size: note, isNote: true),
            ],
            lines: [Diagram.Line(source: "a", sourceOffset: 51, target: "b", targetOffset: 51)]
        )
        let places = diagram.arranged().origins
        #expect(places["near b"]?.x == places["b"]?.x)
        #expect((places["b"]?.y ?? 0) - (places["near b"]?.y ?? 0) == 120)
        #expect(places["far"]?.y == 0 && places["placeless"]?.y == 0)
        #expect((places["a"]?.y ?? 0) >= 180)
    }

    @Test func `lines that lead nowhere and extreme sizes do no harm`() {
        let diagram = Diagram(
            boxes: [
                Diagram.Box(id: "a", size: Diagram.Size(width: .max, height: .min)),
                Diagram.Box(id: "a", size: Diagram.Size(width: 1, height: 1)),
                Diagram.Box(id: "b", size: Diagram.Size(width: 0, height: .max)),
            ],
            lines: [
                Diagram.Line(source: "a", sourceOffset: .min, target: "b", targetOffset: .max),
                Diagram.Line(source: "a", sourceOffset: 0, target: "a", targetOffset: 0),
                Diagram.Line(source: "a", sourceOffset: 0, target: "x", targetOffset: 0),
            ]
        )
        #expect(diagram.arranged().origins.count == 2)
        #expect(Diagram(boxes: [], lines: []).arranged().origins.isEmpty)
    }
}

/// A box where it stands.
private struct PlacedBox {
    let id: String
    let container: String?
    let x: Int
    let y: Int
    let width: Int
    let height: Int

    func touches(_ other: PlacedBox, within gap: Int) -> Bool {
        x < other.x + other.width + gap && other.x < x + width + gap && y < other.y + other.height + gap
            && other.y < y + height + gap
    }
}

extension Diagram {
    fileprivate func placed(_ arrangement: Arrangement) -> [PlacedBox] {
        // Containers that hold each other hold nothing, so that the places tell who holds whom.
        boxes.compactMap { box in
            guard let origin = arrangement.origins[box.id] else { return nil }
            let size = arrangement.containers[box.id] ?? box.size
            return PlacedBox(
                id: box.id,
                container: box.container,
                x: origin.x,
                y: origin.y,
                width: size.width,
                height: size.height
            )
        }
    }

    /// The pairs of straight lines between the sides of boxes that cross.
    fileprivate func crossings(_ origins: [String: Point]) -> Int {
        let sizes = Dictionary(uniqueKeysWithValues: boxes.map { ($0.id, $0.size) })
        let ends = Set(lines).compactMap { line -> (Point, Point)? in
            guard let from = origins[line.source], let to = origins[line.target], let size = sizes[line.source] else {
                return nil
            }
            return (
                Point(x: from.x + size.width, y: from.y + line.sourceOffset),
                Point(x: to.x, y: to.y + line.targetOffset)
            )
        }
        func side(_ a: Point, _ b: Point, _ c: Point) -> Int {
            ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)).signum()
        }
        var count = 0
        for (place, (a, b)) in ends.enumerated() {
            for (c, d) in ends[(place + 1)...]
            where side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0 { count += 1 }
        }
        return count
    }
}
