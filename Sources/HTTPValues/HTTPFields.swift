/// The header fields of a message, in their order; names are compared without regard to case.
///
/// All texts stand in one array of bytes, so that reading a head takes two allocations however many fields it has.
public struct HTTPFields: Sendable {
    /// Where one field's texts stand.
    package struct Entry: Sendable {
        package var name: UInt32
        package var value: UInt32
        package var valueLength: UInt32
        package var nameLength: UInt16

        package init(name: Int, nameLength: Int, value: Int, valueLength: Int) {
            self.name = UInt32(truncatingIfNeeded: name)
            self.nameLength = UInt16(truncatingIfNeeded: nameLength)
            self.value = UInt32(truncatingIfNeeded: value)
            self.valueLength = UInt32(truncatingIfNeeded: valueLength)
        }

        package var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }
        package var valueRange: Range<Int> { Int(value)..<Int(value) + Int(valueLength) }
    }

    private var bytes: [UInt8]
    private var entries: [Entry]

    /// No fields.
    public init() {
        bytes = []
        entries = []
    }

    /// The fields that a parser found; names must be in lower case and values without control characters.
    package init(bytes: [UInt8], entries: [Entry]) {
        self.bytes = bytes
        self.entries = entries
    }

    /// The number of fields.
    public var count: Int { entries.count }

    /// Whether there is no field.
    public var isEmpty: Bool { entries.isEmpty }

    /// The value of the first field with that name; setting it replaces all of them.
    public subscript(name: HTTPFieldName) -> String? {
        get {
            guard let entry = entries.first(where: { has($0, name) }) else { return nil }
            return text(entry.valueRange)
        }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// Whether there is a field with that name.
    public func contains(_ name: HTTPFieldName) -> Bool {
        entries.contains { has($0, name) }
    }

    /// The values of all fields with that name, in their order.
    public func values(of name: HTTPFieldName) -> [String] {
        entries.filter { has($0, name) }.map { text($0.valueRange) }
    }

    /// Adds a field behind the others.
    ///
    /// Control characters in the value, line ends among them, become spaces: no value can add a field.
    public mutating func append(_ name: HTTPFieldName, _ value: String) {
        let nameStart = bytes.count
        bytes.append(contentsOf: name.text.utf8)
        let valueStart = bytes.count
        bytes.append(contentsOf: value.utf8)
        for index in valueStart..<bytes.count where !bytes[index].isFieldCharacter { bytes[index] = 0x20 }
        entries.append(
            Entry(
                name: nameStart,
                nameLength: valueStart - nameStart,
                value: valueStart,
                valueLength: bytes.count - valueStart
            )
        )
    }

    /// Adds other fields behind these.
    public mutating func append(contentsOf others: HTTPFields) {
        let start = UInt32(truncatingIfNeeded: bytes.count)
        bytes.append(contentsOf: others.bytes)
        entries.reserveCapacity(entries.count + others.entries.count)
        for entry in others.entries {
            var entry = entry
            entry.name += start
            entry.value += start
            entries.append(entry)
        }
    }

    /// Removes all fields with that name.
    public mutating func remove(_ name: HTTPFieldName) {
        guard contains(name) else { return }
        entries = entries.filter { !has($0, name) }
    }

    /// Whether a comma-separated field has that word among its members, without regard to case.
    package func hasMember(_ name: HTTPFieldName, _ word: String) -> Bool {
        for entry in entries where has(entry, name) {
            let members = bytes[entry.valueRange].split(separator: 0x2C)
            for member in members {
                let trimmed = member.drop { $0 == 0x20 || $0 == 0x09 }.trimmingEnd { $0 == 0x20 || $0 == 0x09 }
                if trimmed.count == word.utf8.count, zip(trimmed, word.utf8).allSatisfy({ $0.lowercased == $1 }) {
                    return true
                }
            }
        }
        return false
    }

    /// Writes the fields as they stand in a head: name, colon, space, value, line end.
    package func write(to output: inout [UInt8], without excluded: [HTTPFieldName] = []) {
        for entry in entries where !excluded.contains(where: { has(entry, $0) }) {
            output.append(contentsOf: bytes[entry.nameRange])
            output.append(0x3A)
            output.append(0x20)
            output.append(contentsOf: bytes[entry.valueRange])
            output.append(0x0D)
            output.append(0x0A)
        }
    }

    private func has(_ entry: Entry, _ name: HTTPFieldName) -> Bool {
        let wanted = name.text.utf8Span.span
        guard wanted.count == Int(entry.nameLength) else { return false }
        let start = Int(entry.name)
        for index in 0..<wanted.count where bytes[start + index] != wanted[index] { return false }
        return true
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}

extension HTTPFields: RandomAccessCollection {
    /// One header field.
    public typealias Element = (name: String, value: String)

    /// The position of the first field.
    public var startIndex: Int { 0 }

    /// The position behind the last field.
    public var endIndex: Int { entries.count }

    /// The field at a position, its name in lower case.
    public subscript(position: Int) -> Element {
        let entry = entries[position]
        return (text(entry.nameRange), text(entry.valueRange))
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    /// The fields written in the program, in their order.
    public init(dictionaryLiteral fields: (HTTPFieldName, String)...) {
        self.init()
        for (name, value) in fields { append(name, value) }
    }
}

extension HTTPFields: Equatable, CustomStringConvertible {
    /// Whether both have the same fields in the same order.
    public static func == (first: HTTPFields, second: HTTPFields) -> Bool {
        first.elementsEqual(second) { $0.name == $1.name && $0.value == $1.value }
    }

    /// The fields, one a line.
    public var description: String {
        map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    }
}

extension UInt8 {
    /// Whether the byte may stand in a field's value: visible, space, tab or beyond ASCII.
    package var isFieldCharacter: Bool {
        self >= 0x20 ? self != 0x7F : self == 0x09
    }
}

extension ArraySlice<UInt8> {
    fileprivate func trimmingEnd(while isUnwanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        var trimmed = self
        while let last = trimmed.last, isUnwanted(last) { trimmed.removeLast() }
        return trimmed
    }
}
