import Values
import YAML

extension DocumentSource {
    /// A place on the way to a value: a list or mapping and which of its entries was taken.
    private struct Parent {
        let node: YAMLNode
        let index: Int
    }

    /// What makes a change in the text; `nil` for the removal of what is not there.
    func replacement(for edit: DocumentEdit) throws(DocumentEditError) -> Replacement? {
        var node = root
        var parents: [Parent] = []
        var rest = edit.path[...]
        while let step = rest.first {
            guard node.extent.style != .alias else { throw .alias(edit.path) }
            rest = rest.dropFirst()
            switch (step, node) {
            case (.member(let name), .mapping(let pairs, _)):
                guard let index = pairs.firstIndex(where: { $0.key.text == name }) else {
                    guard let value = try edit.nested(rest) else { return nil }
                    return try insertion(of: value, named: name, in: node, parents, edit)
                }
                parents.append(Parent(node: node, index: index))
                node = pairs[index].value
            case (.element(let index), .sequence(let items, _)) where items.indices.contains(index):
                parents.append(Parent(node: node, index: index))
                node = items[index]
            case (.element(let index), .sequence(let items, _)) where index == items.count && edit.value != nil:
                guard let value = try edit.nested(rest) else { return nil }
                return try insertion(of: value, named: nil, in: node, parents, edit)
            case (_, .scalar("", isPlain: true, _)), (_, .scalar("null", isPlain: true, _)),
                (_, .scalar("~", isPlain: true, _)):
                guard let value = try edit.nested([step] + rest) else { return nil }
                return replacement(of: node, by: value, parents)
            default: throw .noPlace(edit.path)
            }
        }
        if let value = edit.value { return replacement(of: node, by: value, parents) }
        guard let parent = parents.last else { throw .noPlace(edit.path) }
        return removal(parent, parents.dropLast())
    }

    // MARK: Another value

    private func replacement(of node: YAMLNode, by value: JSON, _ parents: [Parent]) -> Replacement {
        let range = byte(node.extent.start)..<end(of: node)
        let restOfLine = range.upperBound..<lineEnd(range.upperBound)
        let isCollection = value.depth > 0 && value != [] && value != [:]
        let isInFlow = parents.contains { $0.node.extent.style == .flow }
        let keepsFlow = isCollection && (node.extent.style == .flow || !isBlank(restOfLine))
        let (start, lead) = lead(range.lowerBound)
        if isJSON || isInFlow || keepsFlow {
            let isGlued = range.isEmpty && range.lowerBound > 0 && !isSpace(bytes[range.lowerBound - 1])
            return Replacement(range: range, text: (isGlued ? " " : "") + oneLine(value))
        }
        let endsLine = isBlank(restOfLine) && restOfLine.upperBound < bytes.count
        var writer = YAMLWriter(allowsLiteral: allowsLiteral && endsLine, lineBreak: lineBreak)
        let indent = parents.last.map { column(of: $0.node) + 2 } ?? 0
        if lead == .nothing {
            // A comment stands between the key and its value.
            writer.write(value, indent: node.extent.start.column - 1, after: .nothing)
            return Replacement(range: range, text: writer.text)
        }
        writer.write(value, indent: indent, after: lead)
        return Replacement(range: start..<range.upperBound, text: writer.text)
    }

    /// What a value follows, and the place right after that; the value's own place when a comment stands between.
    private func lead(_ place: Int) -> (Int, YAMLWriter.Lead) {
        var start = place
        while start > 0, isSpace(bytes[start - 1]) { start -= 1 }
        switch start > 0 ? bytes[start - 1] : 0 {
        case UInt8(ascii: ":"): return (start, .key)
        case UInt8(ascii: "-"): return (start, .dash)
        default: return (place, .nothing)
        }
    }

    /// The column, from 0, at which the entries of a block begin.
    private func column(of block: YAMLNode) -> Int {
        switch block {
        case .mapping(let pairs, _): (pairs.first?.key.position.column ?? 1) - 1
        case .sequence(let items, _): items.first.map { dash($0) - lineStart(dash($0)) } ?? 0
        case .scalar: 0
        }
    }

    /// The place of the dash before an item of a block.
    private func dash(_ item: YAMLNode) -> Int {
        var place = byte(item.position)
        while place > 0, bytes[place - 1] != UInt8(ascii: "-") { place -= 1 }
        return max(0, place - 1)
    }

    private func oneLine(_ value: JSON) -> String { isJSON ? value.spacedText : YAMLWriter.flow(value) }

    // MARK: A new entry

    private func insertion(
        of value: JSON,
        named name: String?,
        in node: YAMLNode,
        _ parents: [Parent],
        _ edit: DocumentEdit
    ) throws(DocumentEditError) -> Replacement {
        let count = entries(of: node)
        guard node.extent.style == .flow else {
            let place = lineEnd(end(of: node))
            let indent = column(of: node)
            var writer = YAMLWriter(allowsLiteral: allowsLiteral && place < bytes.count, lineBreak: lineBreak)
            if let name {
                writer.writeMember(name, value, indent: indent)
            } else {
                writer.write([value], indent: indent, after: .nothing)
            }
            let text = lineBreak + String(repeating: " ", count: indent) + writer.text
            return Replacement(range: place..<place, text: text)
        }
        let whole: JSON = name.map { [$0: value] } ?? [value]
        guard count > 0 else { return replacement(of: node, by: whole, parents) }
        let last = range(of: count - 1, in: node)
        let line = lineStart(last.lowerBound)
        let isOnOwnLine = isBlank(line..<last.lowerBound) && line > byte(node.position)
        let gap = isOnOwnLine ? lineBreak + String(decoding: bytes[line..<last.lowerBound], as: UTF8.self) : " "
        // The braces or brackets are those that stand there already.
        return Replacement(
            range: last.upperBound..<last.upperBound,
            text: "," + gap + oneLine(whole).dropFirst().dropLast()
        )
    }

    // MARK: No entry

    private func removal(_ parent: Parent, _ above: ArraySlice<Parent>) -> Replacement {
        let count = entries(of: parent.node)
        let own = range(of: parent.index, in: parent.node)
        guard count > 1 else {
            if case .mapping = parent.node { return replacement(of: parent.node, by: [:], Array(above)) }
            return replacement(of: parent.node, by: [], Array(above))
        }
        if parent.node.extent.style != .flow {
            let line = lineStart(own.lowerBound)
            if isBlank(line..<own.lowerBound) {
                let end = lineEnd(own.upperBound)
                let next = end < bytes.count ? lineEnd(end + 1) : end
                // The break after the line goes with it; a line at the end of the text takes the one before it.
                if end < bytes.count { return Replacement(range: line..<afterBreak(end), text: "") }
                return Replacement(range: beforeBreak(line)..<next, text: "")
            }
        } else if parent.index > 0 {
            let before = range(of: parent.index - 1, in: parent.node)
            return Replacement(range: before.upperBound..<own.upperBound, text: "")
        }
        return Replacement(range: own.lowerBound..<range(of: parent.index + 1, in: parent.node).lowerBound, text: "")
    }

    private func afterBreak(_ place: Int) -> Int { place + (bytes[place] == UInt8(ascii: "\r") ? 2 : 1) }

    private func beforeBreak(_ line: Int) -> Int {
        guard line > 0 else { return 0 }
        return line > 1 && bytes[line - 2] == UInt8(ascii: "\r") ? line - 2 : line - 1
    }

    private func entries(of node: YAMLNode) -> Int {
        switch node {
        case .mapping(let pairs, _): pairs.count
        case .sequence(let items, _): items.count
        case .scalar: 0
        }
    }

    /// The part of the text that an entry takes, with its key or dash.
    private func range(of index: Int, in node: YAMLNode) -> Range<Int> {
        switch node {
        case .mapping(let pairs, _): byte(pairs[index].key.position)..<end(of: pairs[index].value)
        case .sequence(let items, let extent):
            (extent.style == .flow ? byte(items[index].position) : dash(items[index]))..<end(of: items[index])
        case .scalar: byte(node.position)..<end(of: node)
        }
    }
}

extension DocumentEdit {
    /// The value inside the objects that the rest of the path asks for; `nil` for a removal.
    fileprivate func nested(_ rest: ArraySlice<PathStep>) throws(DocumentEditError) -> JSON? {
        guard value != nil else { return nil }
        return try JSON.null.applying(DocumentEdit(Array(rest), value))
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
