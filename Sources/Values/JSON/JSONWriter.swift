/// Appends JSON text to a buffer of bytes.
///
/// The text is compact, or indented by two spaces a level with one member a line.
public struct JSONWriter: Sendable {
    /// The text so far, valid UTF-8.
    public private(set) var bytes: [UInt8]
    private let indented: Bool
    private var level = 0

    /// An empty buffer.
    public init(indented: Bool = false, capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
        self.indented = indented
    }

    /// Appends one value; a number that is no number (NaN, infinity) becomes `null`.
    public mutating func write(_ value: JSON) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .int(let value): write(integer: value.magnitude, negative: value < 0)
        case .uint(let value): write(integer: value, negative: false)
        case .double(let value): write(value)
        case .digits(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): write(string: text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            level += 1
            for place in elements.indices {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                breakLine()
                write(elements[place])
            }
            level -= 1
            if !elements.isEmpty { breakLine() }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            level += 1
            for place in object.indices {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                breakLine()
                let member = object[place]
                write(string: member.key)
                bytes.append(UInt8(ascii: ":"))
                if indented { bytes.append(UInt8(ascii: " ")) }
                write(member.value)
            }
            level -= 1
            if !object.isEmpty { breakLine() }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func breakLine() {
        guard indented else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<level * 2 { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(integer: UInt64, negative: Bool) {
        if negative { bytes.append(UInt8(ascii: "-")) }
        guard integer >= 10 else {
            bytes.append(UInt8(ascii: "0") + UInt8(integer))
            return
        }
        let start = bytes.count
        var rest = integer
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        }
        bytes[start...].reverse()
    }

    private mutating func write(_ value: Double) {
        if let whole = Int64(exactly: value), whole.magnitude <= 1 << 53, value.sign == .plus || whole != 0 {
            write(integer: whole.magnitude, negative: whole < 0)
        } else if value.isFinite {
            bytes.append(contentsOf: value.description.utf8)
        } else {
            append("null")
        }
    }

    private mutating func write(string: String) {
        bytes.append(UInt8(ascii: "\""))
        let text = string.utf8Span.span
        var plain = true
        for place in text.indices {
            let byte = text[place]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                plain = false
                break
            }
        }
        if plain {
            bytes.append(contentsOf: string.utf8)
        } else {
            for place in text.indices { write(escaping: text[place]) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func write(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case 0..<0x20:
            append("\\u00")
            let digits = "0123456789abcdef".utf8Span.span
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}

extension JSON {
    /// The compact text as UTF-8.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The compact text.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The text indented by two spaces a level, with one member a line.
    public var indentedText: String {
        var writer = JSONWriter(indented: true)
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The compact text with the members of every object sorted by name, for fingerprints.
    public var canonicalBytes: [UInt8] { sorted.bytes }

    private var sorted: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value.sorted) }
                )
            )
        default: self
        }
    }
}
