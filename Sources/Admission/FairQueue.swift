/// A line in which groups take turns, in each group its own groups, and so on along a path; within the last group the
/// order of coming holds.
struct FairQueue<Element> {
    private var elements: ArraySlice<Element> = []
    private var groups: [String: FairQueue] = [:]
    /// The groups that have somebody in line, in the order of their turns.
    private var turns: ArraySlice<String> = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element, under path: ArraySlice<String>) {
        count += 1
        guard let name = path.first else {
            elements.append(element)
            return
        }
        if groups[name] == nil { turns.append(name) }
        groups[name, default: FairQueue()].append(element, under: path.dropFirst())
    }

    /// Takes out the next in line.
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        count -= 1
        guard let name = turns.popFirst() else { return elements.popFirst() }
        let element = groups[name]?.popFirst()
        if groups[name]?.isEmpty == false {
            turns.append(name)
        } else {
            groups[name] = nil
        }
        return element
    }
}
