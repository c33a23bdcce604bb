extension Evaluator {
    /// `contains`, `startsWith`, `endsWith`.
    mutating func search(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> Bool {
        guard case .string(let text) = arguments.first, case .string(let part) = arguments.second else {
            if case .list = arguments.first, function == .contains {
                throw Failure(.noOverload("contains", types: ["list"]), hint: "Write `x in list`.")
            }
            throw mismatch(function, arguments)
        }
        let bytes = text.utf8Span.span
        let partBytes = part.utf8Span.span
        guard partBytes.count <= bytes.count else { return false }
        switch function {
        case .startsWith: return Self.equal(bytes, 0, partBytes)
        case .endsWith: return Self.equal(bytes, bytes.count - partBytes.count, partBytes)
        default:
            try meter.charge(bytes: bytes.count + partBytes.count)
            return TextSearch(part).first(in: bytes) != nil
        }
    }

    private static func equal(_ text: Span<UInt8>, _ start: Int, _ part: Span<UInt8>) -> Bool {
        for place in part.indices where text[start + place] != part[place] { return false }
        return true
    }

    /// The functions of the extension "strings" but `format`.
    mutating func textFunction(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        if function == .join { return .string(try join(arguments)) }
        guard case .string(let text) = arguments.first else { throw mismatch(function, arguments) }
        try meter.charge(bytes: text.utf8.count)
        switch function {
        case .lowerAscii: return .string(text.mappingASCII { (0x41...0x5A).contains($0) ? $0 + 32 : $0 })
        case .upperAscii: return .string(text.mappingASCII { (0x61...0x7A).contains($0) ? $0 - 32 : $0 })
        case .trim: return .string(text.trimmed)
        case .reverse: return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
        case .quote: return .string(text.quoted)
        case .charAt:
            guard let place = integer(arguments.second) else { throw mismatch(function, arguments) }
            let start = try text.index(at: place)
            guard start < text.endIndex else { return .string("") }
            return .string(String(text.unicodeScalars[start]))
        case .substring: return .string(try substring(text, arguments))
        case .indexOf, .lastIndexOf: return .int(try index(function, text, arguments))
        case .replace: return .string(try replace(text, arguments))
        case .split: return .list(try split(text, arguments))
        default: throw mismatch(function, arguments)
        }
    }

    private func substring(_ text: String, _ arguments: Arguments) throws(Failure) -> String {
        guard let from = integer(arguments.second) else { throw mismatch(.substring, arguments) }
        let start = try text.index(at: from)
        guard arguments.count > 2 else { return String(text[start...]) }
        guard let to = integer(arguments.third) else { throw mismatch(.substring, arguments) }
        let end = try text.index(at: to)
        guard start <= end else {
            throw Failure(.invalidValue("The part from \(from) to \(to) ends before it begins."))
        }
        return String(text[start..<end])
    }

    private mutating func index(
        _ function: BuiltIn,
        _ text: String,
        _ arguments: Arguments
    ) throws(Failure) -> Int64 {
        guard case .string(let part) = arguments.second else { throw mismatch(function, arguments) }
        var bound: Int?
        if arguments.count > 2 {
            guard let place = integer(arguments.third) else { throw mismatch(function, arguments) }
            bound = text.utf8.distance(from: text.startIndex, to: try text.index(at: place))
        }
        try meter.charge(bytes: part.utf8.count)
        let search = TextSearch(part)
        let bytes = text.utf8Span.span
        let found =
            function == .indexOf
            ? search.first(in: bytes, from: bound ?? 0) : search.last(in: bytes, upTo: bound ?? bytes.count)
        return found.map { Int64(text.scalarCount(before: $0)) } ?? -1
    }

    // MARK: Parts

    private mutating func replace(_ text: String, _ arguments: Arguments) throws(Failure) -> String {
        guard case .string(let old) = arguments.second, case .string(let new) = arguments.third else {
            throw mismatch(.replace, arguments)
        }
        var limit = Int64.max
        if arguments.count > 3 {
            guard let given = integer(arguments.all[3]) else { throw mismatch(.replace, arguments) }
            if given >= 0 { limit = given }
        }
        if old.isEmpty { return try interleave(text, with: new, limit: limit) }
        let search = TextSearch(old)
        let bytes = text.utf8Span.span
        var result: [UInt8] = []
        var place = 0
        while limit > 0, let found = search.first(in: bytes, from: place) {
            for index in place..<found { result.append(bytes[index]) }
            result.append(contentsOf: new.utf8)
            try meter.charge(bytes: 16 + new.utf8.count)
            place = found + old.utf8.count
            limit -= 1
        }
        for index in place..<bytes.count { result.append(bytes[index]) }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text with another one before each character and at the end.
    private mutating func interleave(_ text: String, with new: String, limit: Int64) throws(Failure) -> String {
        var result = ""
        var limit = limit
        for scalar in text.unicodeScalars {
            if limit > 0 {
                try meter.charge(bytes: 16 + new.utf8.count)
                result += new
                limit -= 1
            }
            result.unicodeScalars.append(scalar)
        }
        return limit > 0 ? result + new : result
    }

    private mutating func split(_ text: String, _ arguments: Arguments) throws(Failure) -> [CELValue] {
        guard case .string(let separator) = arguments.second else { throw mismatch(.split, arguments) }
        var limit = Int64.max
        if arguments.count > 2 {
            guard let given = integer(arguments.third) else { throw mismatch(.split, arguments) }
            if given == 0 { return [] }
            if given > 0 { limit = given }
        }
        if separator.isEmpty { return try characters(text, limit: limit) }
        let search = TextSearch(separator)
        let bytes = text.utf8Span.span
        var parts: [CELValue] = []
        var place = 0
        while parts.count < limit - 1, let found = search.first(in: bytes, from: place) {
            try meter.charge(1)
            parts.append(.string(text.bytes(place..<found)))
            place = found + separator.utf8.count
        }
        parts.append(.string(text.bytes(place..<bytes.count)))
        return parts
    }

    private mutating func characters(_ text: String, limit: Int64) throws(Failure) -> [CELValue] {
        var parts: [CELValue] = []
        var rest = text.unicodeScalars[...]
        while parts.count < limit - 1, let scalar = rest.popFirst() {
            try meter.charge(1)
            parts.append(.string(String(scalar)))
        }
        if !rest.isEmpty || text.isEmpty { parts.append(.string(String(rest))) }
        return parts
    }

    private mutating func join(_ arguments: Arguments) throws(Failure) -> String {
        guard case .list(let list) = arguments.first else { throw mismatch(.join, arguments) }
        var separator = ""
        if arguments.count > 1 {
            guard case .string(let given) = arguments.second else { throw mismatch(.join, arguments) }
            separator = given
        }
        var result = ""
        for (place, element) in list.enumerated() {
            guard case .string(let text) = element else {
                let hint = "Write `list.map(x, string(x)).join(…)`."
                throw Failure(.noOverload("join", types: ["list of \(element.type)"]), hint: hint)
            }
            try meter.charge(bytes: 16 + text.utf8.count + separator.utf8.count)
            if place > 0 { result += separator }
            result += text
        }
        return result
    }
}
