import Values
import YAML

extension DocumentSource {
    /// A place on the way to a value: a list or mapping and which of its entries was taken.
    private struct Parent {
        let node: YAMLNode
        let index: Int
    }

    /// What makes a change in the text; `nil` when the place is not there or its surroundings have to be written anew.
    func replacement(for change: JSONChange) -> Replacement? {
        var node = root
        var parents: [Parent] = []
        for (depth, name) in change.path.enumerated() {
            // What is written elsewhere cannot be changed here alone.
            guard node.extent.style != .alias else { return nil }
            let isLast = depth == change.path.count - 1
            switch node {
            case .mapping(let pairs, _):
                guard let index = pairs.firstIndex(where: { $0.key.text == name }) else {
                    guard isLast, case .add(let value) = change.operation else { return nil }
                    return insertion(of: value, named: name, at: pairs.count, in: node, parents)
                }
                parents.append(Parent(node: node, index: index))
                node = pairs[index].value
            case .sequence(let items, _):
                guard let index = name == "-" ? items.count : Int(name), index <= items.count else { return nil }
                if isLast, case .add(let value) = change.operation {
                    return insertion(of: value, named: nil, at: index, in: node, parents)
                }
                guard index < items.count else { return nil }
                parents.append(Parent(node: node, index: index))
                node = items[index]
            case .scalar: return nil
            }
        }
        switch change.operation {
        case .add(let value), .replace(let value): return replacement(of: node, by: value, parents)
        case .remove: return parents.last.flatMap { removal($0, parents.dropLast()) }
        }
    }

    // MARK: Another value

    private func replacement(of node: YAMLNode, by value: JSON, _ parents: [Parent]) -> Replacement {
        let range = byte(node.extent.start)..<end(of: node)
        let restOfLine = range.upperBound..<lineEnd(range.upperBound)
        let isCollection = value.depth > 0 && value != [] && value != [:]
        let isInFlow = parents.contains { $0.node.extent.style == .flow }
        let wasFlow = node.extent.style == .flow && entries(of: node) ?? 0 > 0
        let keepsFlow = isCollection && (wasFlow || !isBlank(restOfLine))
        if isJSON || isInFlow || keepsFlow {
            let isGlued = range.isEmpty && range.lowerBound > 0 && !isSpace(bytes[range.lowerBound - 1])
            return Replacement(range: range, text: (isGlued ? " " : "") + oneLine(value, at: range.lowerBound))
        }
        let endsLine = isBlank(restOfLine) && restOfLine.upperBound < bytes.count
        var writer = YAMLWriter(allowsLiteral: allowsLiteral && endsLine, lineBreak: lineBreak)
        let (start, lead) = lead(range.lowerBound)
        if lead == .nothing {
            // A comment stands between the key and its value.
            writer.write(value, indent: node.extent.start.column - 1, after: .nothing)
            return Replacement(range: range, text: writer.text)
        }
        let indent = parents.last.flatMap { column(of: $0.node) }.map { $0 + 2 } ?? 0
        writer.write(value, indent: indent, after: lead)
        return Replacement(range: start..<range.upperBound, text: writer.text)
    }

    /// What a value follows, and the place right after that; the value's own place when a comment stands between.
    private func lead(_ place: Int) -> (Int, YAMLWriter.Lead) {
        var start = place
        while start > 0, isSpace(bytes[start - 1]) { start -= 1 }
        let line = lineStart(start)
        let isOnLineBefore = line != lineStart(place)
        if isOnLineBefore, bytes[line..<start].contains(UInt8(ascii: "#")) { return (place, .nothing) }
        switch start > 0 ? bytes[start - 1] : 0 {
        case UInt8(ascii: ":"): return (start, .key)
        case UInt8(ascii: "-"): return (start, .dash)
        default: return (place, .nothing)
        }
    }

    /// The value on one line; inside a JSON text of several lines indented as its surroundings are.
    private func oneLine(_ value: JSON, at place: Int) -> String {
        guard isJSON else { return YAMLWriter.flow(value) }
        let margin = bytes[lineStart(place)...].prefix { $0 == UInt8(ascii: " ") }.count
        guard value.depth > 0, bytes.contains(UInt8(ascii: "\n")) else { return value.spacedText }
        return value.indentedText.replacing("\n", with: lineBreak + String(repeating: " ", count: margin))
    }

    // MARK: A new entry

    private func insertion(
        of value: JSON,
        named name: String?,
        at index: Int,
        in node: YAMLNode,
        _ parents: [Parent]
    ) -> Replacement? {
        let whole: JSON = name.map { [$0: value] } ?? [value]
        guard let count = entries(of: node), count > 0 else { return replacement(of: node, by: whole, parents) }
        return node.extent.style == .flow
            ? flowInsertion(of: value, named: name, at: index, in: node)
            : blockInsertion(of: value, named: name, at: index, in: node)
    }

    private func blockInsertion(of value: JSON, named name: String?, at index: Int, in node: YAMLNode) -> Replacement? {
        guard let indent = column(of: node), let near = range(of: max(0, index - 1), in: node) else { return nil }
        let place = index == 0 ? near.lowerBound : lineEnd(near.upperBound)
        let isLast = place == bytes.count
        var writer = YAMLWriter(allowsLiteral: allowsLiteral && !isLast, lineBreak: lineBreak)
        if let name {
            writer.writeMember(name, value, indent: indent)
        } else {
            writer.write([value], indent: indent, after: .nothing)
        }
        let gap = lineBreak + String(repeating: " ", count: indent)
        return Replacement(range: place..<place, text: index == 0 ? writer.text + gap : gap + writer.text)
    }

    private func flowInsertion(of value: JSON, named name: String?, at index: Int, in node: YAMLNode) -> Replacement? {
        guard let near = range(of: max(0, index - 1), in: node) else { return nil }
        let line = lineStart(near.lowerBound)
        let isOnOwnLine = isBlank(line..<near.lowerBound) && line > byte(node.position)
        let gap = isOnOwnLine ? lineBreak + String(decoding: bytes[line..<near.lowerBound], as: UTF8.self) : " "
        let text: String
        if let name {
            // The braces are those that stand there already.
            text =
                isJSON
                ? "\(JSON.string(name).text): \(oneLine(value, at: near.lowerBound))"
                : String(YAMLWriter.flow([name: value]).dropFirst().dropLast())
        } else {
            text = oneLine(value, at: near.lowerBound)
        }
        return index == 0
            ? Replacement(range: near.lowerBound..<near.lowerBound, text: text + "," + gap)
            : Replacement(range: near.upperBound..<near.upperBound, text: "," + gap + text)
    }

    // MARK: No entry

    private func removal(_ parent: Parent, _ above: ArraySlice<Parent>) -> Replacement? {
        guard let count = entries(of: parent.node), let own = range(of: parent.index, in: parent.node) else {
            return nil
        }
        guard count > 1 else {
            if case .mapping = parent.node { return replacement(of: parent.node, by: [:], Array(above)) }
            return replacement(of: parent.node, by: [], Array(above))
        }
        if parent.node.extent.style == .flow {
            guard parent.index > 0 else {
                return range(of: 1, in: parent.node).map { next in
                    Replacement(range: own.lowerBound..<next.lowerBound, text: "")
                }
            }
            return range(of: parent.index - 1, in: parent.node).map { before in
                Replacement(range: before.upperBound..<own.upperBound, text: "")
            }
        }
        let line = lineStart(own.lowerBound)
        if isBlank(line..<own.lowerBound) {
            return Replacement(range: line..<nextLine(own.upperBound), text: "")
        }
        // The first entry stands behind a dash or key, where the second may take its place.
        guard parent.index == 0, let next = range(of: 1, in: parent.node) else { return nil }
        let end = lineEnd(own.upperBound)
        guard isBlank(end..<next.lowerBound) else {
            var start = own.lowerBound
            while start > 0, bytes[start - 1] == UInt8(ascii: " ") { start -= 1 }
            return Replacement(range: start..<end, text: "")
        }
        return Replacement(range: own.lowerBound..<next.lowerBound, text: "")
    }

    // MARK: Entries

    /// The number of entries of a list or mapping.
    private func entries(of node: YAMLNode) -> Int? {
        switch node {
        case .mapping(let pairs, _): pairs.count
        case .sequence(let items, _): items.count
        case .scalar: nil
        }
    }

    /// The part of the text that an entry takes, with its key or dash.
    private func range(of index: Int, in node: YAMLNode) -> Range<Int>? {
        let start: Int?
        let value: YAMLNode
        switch node {
        case .mapping(let pairs, _):
            (start, value) = (byte(pairs[index].key.position), pairs[index].value)
        case .sequence(let items, let extent):
            (start, value) = (extent.style == .flow ? byte(items[index].position) : dash(index, of: node), items[index])
        case .scalar: return nil
        }
        guard let start, start <= end(of: value) else { return nil }
        return start..<end(of: value)
    }

    /// The column, from 0, at which the entries of a block begin.
    private func column(of block: YAMLNode) -> Int? {
        switch block {
        case .mapping(let pairs, _): pairs.first.map { $0.key.position.column - 1 }
        case .sequence(_, let extent): extent.isMarked ? nil : extent.start.column - 1
        case .scalar: nil
        }
    }

    /// The place of the dash before an item of a block.
    private func dash(_ index: Int, of block: YAMLNode) -> Int? {
        guard case .sequence(let items, let extent) = block, let column = column(of: block) else { return nil }
        if index == 0 { return byte(extent.start) }
        // Comments may stand between the dash and its item.
        var line = lineStart(byte(items[index].position))
        while line > byte(extent.start) {
            let place = line + column
            if place < bytes.count, bytes[place] == UInt8(ascii: "-"), isBlank(line..<place) { return place }
            line = lineStart(line - 1)
        }
        return nil
    }
}

extension YAMLNode {
    fileprivate var text: String? {
        guard case .scalar(let text, _, _) = self else { return nil }
        return text
    }
}

extension JSON {
    /// The text on one line with a space after each comma and colon.
    fileprivate var spacedText: String {
        switch self {
        case .array(let elements): "[\(elements.map(\.spacedText).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.map { "\(JSON.string($0.key).text): \($0.value.spacedText)" }.joined(separator: ", "))}"
        default: text
        }
    }
}
