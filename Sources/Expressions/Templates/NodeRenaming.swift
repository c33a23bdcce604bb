/// Some bytes of a text and what stands there instead.
struct TextEdit {
    let range: Range<Int>
    let text: String
}

extension String {
    /// The text with edits that do not overlap.
    func applying(_ edits: [TextEdit]) -> String {
        let bytes = Array(utf8)
        var result: [UInt8] = []
        var place = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) where edit.range.lowerBound >= place
        {
            result += bytes[place..<edit.range.lowerBound]
            result += edit.text.utf8
            place = edit.range.upperBound
        }
        return String(decoding: result + bytes[place...], as: UTF8.self)
    }
}

/// Gives another name to a node of a workflow, in `nodes["…"]` and where the node is named alone.
struct NodeRenaming {
    private static let collection = "nodes"

    let old: String
    let new: String
    /// Names that stand for ports and settings of the node whose text it is, and for no node.
    let own: Set<String>

    init(from old: String, to new: String, beside own: Set<String>) {
        self.old = old
        self.new = new
        self.own = own
    }

    /// What changes in the source of an expression.
    func edits(of expression: Expression, in source: String) -> [TextEdit] {
        let bytes = Array(source.utf8)
        return expression.references.compactMap { reference in
            if reference.root == Self.collection, let member = reference.path.first, member.name == old {
                return edit(of: member, in: bytes)
            }
            guard reference.root == old, !Environment.reservedNames.contains(old), !own.contains(old) else {
                return nil
            }
            return edit(ofRoot: reference.rootRange, in: bytes, expression.variables)
        }
    }

    private func edit(of member: Reference.Member, in bytes: [UInt8]) -> TextEdit {
        if bytes[member.range.lowerBound] == UInt8(ascii: "[") {
            return TextEdit(range: member.nameRange, text: Words.literal(new))
        }
        if Words.isSelector(new) { return TextEdit(range: member.nameRange, text: new) }
        return TextEdit(range: member.range, text: "[\(member.isOptional ? "?" : "")\(Words.literal(new))]")
    }

    private func edit(ofRoot range: Range<Int>, in bytes: [UInt8], _ variables: Set<String>) -> TextEdit {
        // After a point a name is looked up outside the variables of macros.
        let isAbsolute = bytes[range.lowerBound] == UInt8(ascii: ".")
        if Environment.canBeShorthand(new), !own.contains(new), isAbsolute || !variables.contains(new) {
            return TextEdit(range: range, text: (isAbsolute ? "." : "") + new)
        }
        let needsPoint = isAbsolute || variables.contains(Self.collection)
        return TextEdit(range: range, text: "\(needsPoint ? "." : "")\(Self.collection)[\(Words.literal(new))]")
    }
}

extension Expression {
    /// The text with another name for a node of the workflow, wherever it refers to that node.
    ///
    /// - Parameters:
    ///   - node: The name until now.
    ///   - name: The new name.
    ///   - own: Names that stand for ports and settings of the node whose expression it is.
    /// - Returns: The text with all else as it was.
    public func text(renaming node: String, to name: String, beside own: Set<String> = []) -> String {
        text.applying(NodeRenaming(from: node, to: name, beside: own).edits(of: self, in: text))
    }
}
