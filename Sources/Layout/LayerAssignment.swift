/// Gives every vertex of a connected graph without cycles a layer, so that links lead forward and are short in sum.
///
/// Network simplex after Gansner, Koutsofios, North and Vo, "A technique for drawing directed graphs" (1993), section 2.
struct LayerAssignment {
    struct Link {
        let tail: Int
        let head: Int
        var weight: Int
    }

    private let links: [Link]
    private var layers: [Int]
    /// The links of the spanning tree.
    private var isInTree: [Bool]
    /// The links of each vertex.
    private let incident: [[Int]]
    /// The weights of a vertex's outgoing links less those of its incoming ones.
    private let balance: [Int]

    /// The layers of the vertices, from 0.
    static func layers(count: Int, links: [Link]) -> [Int] {
        var assignment = LayerAssignment(count: count, links: links)
        assignment.growTree()
        assignment.shorten()
        let first = assignment.layers.min() ?? 0
        return assignment.layers.map { $0 - first }
    }

    private init(count: Int, links: [Link]) {
        self.links = links
        isInTree = Array(repeating: false, count: links.count)
        var incident = [[Int]](repeating: [], count: count)
        var balance = [Int](repeating: 0, count: count)
        for (index, link) in links.enumerated() {
            incident[link.tail].append(index)
            incident[link.head].append(index)
            balance[link.tail] += link.weight
            balance[link.head] -= link.weight
        }
        self.incident = incident
        self.balance = balance
        layers = Self.longestPaths(count: count, links: links, incident: incident)
    }

    private static func longestPaths(count: Int, links: [Link], incident: [[Int]]) -> [Int] {
        var layers = [Int](repeating: 0, count: count)
        var open = [Int](repeating: 0, count: count)
        for link in links { open[link.head] += 1 }
        var ready = (0..<count).filter { open[$0] == 0 }
        var next = 0
        while next < ready.count {
            let vertex = ready[next]
            next += 1
            for index in incident[vertex] where links[index].tail == vertex {
                let head = links[index].head
                layers[head] = max(layers[head], layers[vertex] + 1)
                open[head] -= 1
                if open[head] == 0 { ready.append(head) }
            }
        }
        return layers
    }

    private func slack(_ link: Link) -> Int { layers[link.head] - layers[link.tail] - 1 }

    /// Finds a spanning tree of links that are as short as can be, moving parts of the graph together where needed.
    private mutating func growTree() {
        guard layers.count > 1 else { return }
        var isReached = [Bool](repeating: false, count: layers.count)
        var reached: [Int] = []
        func reach(_ vertex: Int) {
            isReached[vertex] = true
            reached.append(vertex)
        }
        reach(0)
        var next = 0
        while true {
            while next < reached.count {
                let vertex = reached[next]
                next += 1
                for index in incident[vertex] {
                    let link = links[index]
                    let other = link.tail == vertex ? link.head : link.tail
                    guard !isReached[other], slack(link) == 0 else { continue }
                    isInTree[index] = true
                    reach(other)
                }
            }
            guard reached.count < layers.count else { return }
            var nearest: (index: Int, slack: Int)?
            for (index, link) in links.enumerated() where isReached[link.tail] != isReached[link.head] {
                let slack = slack(link)
                if slack < nearest?.slack ?? .max { nearest = (index, slack) }
            }
            guard let nearest else { return }
            let step = isReached[links[nearest.index].tail] ? nearest.slack : -nearest.slack
            for vertex in reached { layers[vertex] += step }
            next = 0
        }
    }

    /// Exchanges links of the tree while that shortens the sum.
    private mutating func shorten() {
        // Exchanges that shorten nothing could go round in a circle.
        for _ in 0..<layers.count * 4 {
            guard let (leaving, tailSide) = exchangeable() else { return }
            var entering: (index: Int, slack: Int)?
            for (index, link) in links.enumerated() where !tailSide[link.tail] && tailSide[link.head] {
                let slack = slack(link)
                if slack < entering?.slack ?? .max { entering = (index, slack) }
            }
            guard let entering else { return }
            for vertex in layers.indices where tailSide[vertex] { layers[vertex] -= entering.slack }
            isInTree[leaving] = false
            isInTree[entering.index] = true
        }
    }

    /// The link of the tree whose lengthening shortens most, with the vertices on the side of its tail.
    private func exchangeable() -> (link: Int, tailSide: [Bool])? {
        var parents = [Int](repeating: -1, count: layers.count)
        var order = [0]
        var isSeen = [Bool](repeating: false, count: layers.count)
        isSeen[0] = true
        var next = 0
        while next < order.count {
            let vertex = order[next]
            next += 1
            for index in incident[vertex] where isInTree[index] {
                let other = links[index].tail == vertex ? links[index].head : links[index].tail
                guard !isSeen[other] else { continue }
                isSeen[other] = true
                parents[other] = index
                order.append(other)
            }
        }
        // The sum of a subtree's balances is what its links outward weigh more than those inward.
        var sums = balance
        var worst: (vertex: Int, value: Int)?
        for vertex in order.reversed() where parents[vertex] >= 0 {
            let link = links[parents[vertex]]
            let isTail = link.tail == vertex
            sums[isTail ? link.head : link.tail] += sums[vertex]
            let value = isTail ? sums[vertex] : -sums[vertex]
            if value < worst?.value ?? 0 { worst = (vertex, value) }
        }
        guard let worst else { return nil }
        let leaving = parents[worst.vertex]
        var isBelow = [Bool](repeating: false, count: layers.count)
        isBelow[worst.vertex] = true
        for vertex in order where parents[vertex] >= 0 && vertex != worst.vertex {
            let link = links[parents[vertex]]
            isBelow[vertex] = isBelow[link.tail == vertex ? link.head : link.tail]
        }
        return (leaving, links[leaving].tail == worst.vertex ? isBelow : isBelow.map { !$0 })
    }
}
