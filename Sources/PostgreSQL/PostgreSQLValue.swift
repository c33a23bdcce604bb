/// A value of a column or of a numbered argument.
public enum PostgreSQLValue: Hashable, Sendable {
    /// No value.
    case null
    /// A 64-bit integer.
    case integer(Int64)
    /// A floating-point number.
    case real(Double)
    /// A text; it must not hold the character NUL.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// A list of 64-bit integers, for `unnest`; only as an argument.
    case integers([Int64?])
    /// A list of byte strings, for `unnest`; only as an argument.
    case bytesList([[UInt8]?])
    /// A list of texts, for `unnest`; only as an argument.
    case texts([String?])
}

extension PostgreSQLValue {
    /// The identifiers of the types in `pg_type.dat`.
    enum TypeID {
        static let boolean: UInt32 = 16
        static let bytes: UInt32 = 17
        static let int8: UInt32 = 20
        static let int2: UInt32 = 21
        static let int4: UInt32 = 23
        static let text: UInt32 = 25
        static let float4: UInt32 = 700
        static let float8: UInt32 = 701
        static let bytesArray: UInt32 = 1001
        static let textArray: UInt32 = 1009
        static let int8Array: UInt32 = 1016
        static let numeric: UInt32 = 1700
    }

    /// The type an argument is sent as; 0 lets the server infer it.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .integer: TypeID.int8
        case .real: TypeID.float8
        case .text: TypeID.text
        case .bytes: TypeID.bytes
        case .integers: TypeID.int8Array
        case .bytesList: TypeID.bytesArray
        case .texts: TypeID.textArray
        }
    }

    /// The binary form of an argument; `nil` for no value.
    var binary: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let value): Self.bigEndian(UInt64(bitPattern: value))
        case .real(let value): Self.bigEndian(value.bitPattern)
        case .text(let value): Array(value.utf8)
        case .bytes(let value): value
        case .integers(let list):
            Self.array(list.map { $0.map { Self.bigEndian(UInt64(bitPattern: $0)) } }, of: TypeID.int8)
        case .bytesList(let list): Self.array(list, of: TypeID.bytes)
        case .texts(let list): Self.array(list.map { $0.map { Array($0.utf8) } }, of: TypeID.text)
        }
    }

    /// A one-dimensional array as `array_send` writes it: dimensions, has-null flag, element type, length, lower bound,
    /// then each element behind its length.
    private static func array(_ elements: [[UInt8]?], of type: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(20) { $0 + 4 + ($1?.count ?? 0) })
        bytes += bigEndian(UInt32(elements.isEmpty ? 0 : 1))
        bytes += bigEndian(UInt32(elements.contains { $0 == nil } ? 1 : 0))
        bytes += bigEndian(type)
        guard !elements.isEmpty else { return bytes }
        bytes += bigEndian(UInt32(elements.count))
        bytes += bigEndian(1 as UInt32)
        for element in elements {
            guard let element else {
                bytes += bigEndian(UInt32.max)
                continue
            }
            bytes += bigEndian(UInt32(element.count))
            bytes += element
        }
        return bytes
    }

    static func bigEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Number.bitWidth / 8)
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
        return bytes
    }

    // MARK: Columns

    /// Reads a column in its binary form; what has no form of its own here is given as bytes.
    init(type: UInt32, binary: UnsafeBufferPointer<UInt8>) {
        func number() -> Int64 {
            var value: UInt64 = unsafe (binary.first ?? 0) & 0x80 == 0 ? 0 : .max
            for byte in unsafe Array(binary) { value = value << 8 | UInt64(byte) }
            return Int64(bitPattern: value)
        }
        switch type {
        case TypeID.int8, TypeID.int4, TypeID.int2: self = .integer(number())
        case TypeID.boolean: self = .integer(unsafe binary.first == 1 ? 1 : 0)
        case TypeID.float8: self = .real(Double(bitPattern: UInt64(bitPattern: number())))
        case TypeID.float4: self = .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: number()))))
        case TypeID.numeric: self = unsafe Self.numeric(Array(binary))
        case TypeID.bytes: self = unsafe .bytes(Array(binary))
        // text, varchar, name, unknown, json
        case TypeID.text, 1043, 19, 705, 114: self = unsafe .text(String(decoding: binary, as: UTF8.self))
        default: self = unsafe .bytes(Array(binary))
        }
    }

    /// A `numeric`, such as a sum of integers: an integer when it has no fraction and fits.
    ///
    /// The form is `numeric_send`'s: number of digits, weight of the first, sign, scale, then digits to base 10,000.
    private static func numeric(_ bytes: [UInt8]) -> PostgreSQLValue {
        func word(_ place: Int) -> Int {
            guard bytes.count >= place * 2 + 2 else { return 0 }
            return Int(Int16(bitPattern: UInt16(bytes[place * 2]) << 8 | UInt16(bytes[place * 2 + 1])))
        }
        let count = word(0)
        let weight = word(1)
        let isNegative = word(2) == 0x4000
        var real = 0.0
        var whole: Int64? = 0
        for place in 0..<max(count, weight + 1) {
            let digit = place < count ? word(4 + place) : 0
            guard place <= weight else {
                if digit != 0 { whole = nil }
                var part = Double(digit)
                for _ in weight..<place { part /= 10_000 }
                real += part
                continue
            }
            real = real * 10_000 + Double(digit)
            if let before = whole {
                let (product, overflow) = before.multipliedReportingOverflow(by: 10_000)
                let (sum, carried) = product.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
                whole = overflow || carried ? nil : sum
            }
        }
        return whole.map(PostgreSQLValue.integer) ?? .real(isNegative ? -real : real)
    }
}
