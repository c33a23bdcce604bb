public import Values

import Expressions

/// A schema of JSON Schema, draft 2020-12, that refers to nothing outside itself.
///
/// Formats and contents are annotations, as the draft has it. Not read are `$dynamicRef`, `$anchor` and the keywords that
/// depend on what other keywords have seen (`unevaluatedItems`, `unevaluatedProperties`): a schema with them is refused.
public struct JSONSchema: Sendable {
    /// A place where a value does not fit, or a schema is none.
    public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The place as a JSON Pointer (RFC 6901); empty for the whole.
        public let path: String
        /// What is wrong there.
        public let reason: String

        /// The place and what is wrong there.
        public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
    }

    /// The most problems that are listed.
    public static let maximumProblems = 50
    /// The longest schema in bytes.
    public static let maximumBytes = 256 << 10
    /// The most values and keywords that one check looks at.
    public static let maximumWork = 1_000_000

    /// The schema, with the numbers of its references and enumerations in their places.
    let root: JSON
    /// What references lead to.
    let targets: [JSON]
    /// The values that enumerations allow.
    let choices: [Set<JSON>]
    /// The patterns of the schema by their text.
    let patterns: [String: Pattern]

    /// Reads a schema.
    ///
    /// - Throws: ``Problem`` with the place in the schema.
    public init(_ json: JSON) throws(Problem) {
        guard json.depth <= 64, json.text.utf8.count <= Self.maximumBytes else {
            throw Problem(path: "", reason: "the schema has more than \(Self.maximumBytes) bytes or 64 levels")
        }
        var reader = SchemaReader()
        let root = try reader.read(json, [])
        targets = try reader.targets(in: root)
        choices = reader.choices
        patterns = reader.patterns
        self.root = root
    }

    /// Where a value does not fit the schema, in the order of the schema; empty when it fits.
    public func problems(in value: JSON) -> [Problem] {
        var check = SchemaCheck(schema: self)
        check.check(value, root, [])
        if check.work < 0 {
            check.problems.append(Problem(path: "", reason: "the check takes too much work"))
        }
        return check.problems
    }
}

extension [String] {
    /// The names as a JSON Pointer.
    var pointer: String {
        map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }
}

extension JSON {
    /// The value at a local reference such as `#/$defs/name`, and the place as a pointer in its plainest form.
    func schema(at reference: String) -> (JSON, String)? {
        guard reference.first == "#" else { return nil }
        let rest = reference.dropFirst()
        guard rest.isEmpty || rest.first == "/" else { return nil }
        var json = self
        var path: [String] = []
        for step in rest.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let name = Self.unescaped(step).replacing("~1", with: "/").replacing("~0", with: "~")
            guard let next = json.array != nil ? Int(name).flatMap({ json[$0] }) : json[name] else { return nil }
            json = next
            path.append(name)
        }
        return (json, path.pointer)
    }

    /// A part of an address without its percent signs.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
