/// The offsets from UTC that hold in one time zone (RFC 9636, "The Time Zone Information Format").
public struct TimeZoneRules: Sendable {
    /// The moments at which an offset begins, in seconds since 1970, ascending.
    private let transitions: [Int64]
    /// The offset that holds from the transition at the same place on, in seconds east of Greenwich.
    private let offsets: [Int32]
    private let firstOffset: Int32
    /// The rule for moments after the last transition.
    private let later: RecurringOffset?

    /// Reads a compiled file; `nil` when it is none.
    public init?(_ file: [UInt8]) {
        var reader = FileReader(file)
        guard let first = reader.header() else { return nil }
        var header = first
        var width = 4
        if header.version >= 2 {
            guard reader.skip(header.length(width: 4)), let second = reader.header() else { return nil }
            header = second
            width = 8
        }
        guard let times = reader.integers(header.times, width: width), let kinds = reader.take(header.times),
            let types = reader.types(header.types), !types.isEmpty,
            reader.skip(header.names + header.leaps * (width + 4) + header.standards + header.universals)
        else { return nil }
        var offsets: [Int32] = []
        for kind in kinds {
            guard Int(kind) < types.count else { return nil }
            offsets.append(types[Int(kind)])
        }
        transitions = times
        self.offsets = offsets
        firstOffset = types[0]
        later = width == 8 ? reader.footer().flatMap(RecurringOffset.init) : nil
    }

    /// The seconds east of Greenwich at a moment, in seconds since 1970.
    public func offset(at moment: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= moment { low = middle + 1 } else { high = middle }
        }
        if low == transitions.count, let later { return later.offset(at: moment) }
        return Int(low == 0 ? firstOffset : offsets[low - 1])
    }
}

/// Reads a compiled time zone file from front to back.
private struct FileReader {
    struct Header {
        let version: Int
        let universals, standards, leaps, times, types, names: Int

        func length(width: Int) -> Int {
            times * (width + 1) + types * 6 + names + leaps * (width + 4) + standards + universals
        }
    }

    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - place else { return nil }
        place += count
        return bytes[(place - count)..<place]
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    mutating func header() -> Header? {
        guard let magic = take(4), magic.elementsEqual("TZif".utf8), let version = take(1)?.first, skip(15),
            let counts = integers(6, width: 4)?.map(Int.init), counts.allSatisfy({ (0...100_000).contains($0) })
        else { return nil }
        return Header(
            version: version == 0 ? 1 : Int(version) - Int(UInt8(ascii: "0")),
            universals: counts[0],
            standards: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            names: counts[5]
        )
    }

    /// Signed integers, the highest byte first.
    mutating func integers(_ count: Int, width: Int) -> [Int64]? {
        guard let part = take(count * width) else { return nil }
        return stride(from: part.startIndex, to: part.endIndex, by: width).map { start in
            let value = part[start..<start + width].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(truncatingIfNeeded: value)
        }
    }

    /// The offsets of the kinds of local time.
    mutating func types(_ count: Int) -> [Int32]? {
        var offsets: [Int32] = []
        for _ in 0..<count {
            guard let offset = integers(1, width: 4)?.first, skip(2) else { return nil }
            offsets.append(Int32(truncatingIfNeeded: offset))
        }
        return offsets
    }

    /// The text between the last two ends of line.
    mutating func footer() -> String? {
        guard take(1)?.first == 0x0A, let end = bytes[place...].firstIndex(of: 0x0A) else { return nil }
        return String(decoding: bytes[place..<end], as: UTF8.self)
    }
}
