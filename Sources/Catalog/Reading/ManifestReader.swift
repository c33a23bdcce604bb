package import Values

/// Reads the members of one object of a manifest and knows the place of each, for errors.
package struct ManifestReader: Sendable {
    package let object: JSONObject
    package let file: String
    package let path: String
    /// The names that expressions below here may use; `nil` when nobody knows all of them yet.
    var names: ManifestNames?

    package init(_ json: JSON, file: String, path: String) throws(ManifestError) {
        guard let object = json.object else {
            throw ManifestError(file: file, path: path, reason: "must be an object, not a \(json.kind)")
        }
        self.object = object
        self.file = file
        self.path = path
    }

    package func error(_ name: String?, _ reason: String) -> ManifestError {
        ManifestError(file: file, path: name.map(place) ?? path, reason: reason)
    }

    /// Refuses members of any other name.
    package func allow(_ names: Set<String>) throws(ManifestError) {
        for member in object where !names.contains(member.key) {
            throw error(member.key, "is not a member that is known here\(Self.hint(member.key, names))")
        }
    }

    package func value(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    package func optionalString(_ name: String) throws(ManifestError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw error(name, "must be a text, not a \(value.kind)") }
        return text
    }

    package func string(_ name: String) throws(ManifestError) -> String {
        guard let text = try optionalString(name) else { throw error(name, "is missing") }
        guard !text.isEmpty else { throw error(name, "must not be empty") }
        return text
    }

    package func bool(_ name: String) throws(ManifestError) -> Bool {
        guard let value = value(name) else { return false }
        guard let flag = value.bool else { throw error(name, "must be true or false, not a \(value.kind)") }
        return flag
    }

    package func optionalNumber(
        _ name: String,
        _ range: ClosedRange<Double>? = nil
    ) throws(ManifestError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number else { throw error(name, "must be a number, not a \(value.kind)") }
        if let range, !range.contains(number) {
            throw error(name, "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package func optionalInteger(
        _ name: String,
        _ range: ClosedRange<Int64> = 0...(.max)
    ) throws(ManifestError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw error(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    package func integer(_ name: String, _ range: ClosedRange<Int64>) throws(ManifestError) -> Int64 {
        guard let integer = try optionalInteger(name, range) else { throw error(name, "is missing") }
        return integer
    }

    /// A list of whole numbers.
    package func integers(_ name: String, _ range: ClosedRange<Int>) throws(ManifestError) -> [Int] {
        guard let value = value(name) else { return [] }
        let integers = value.array?.compactMap { $0.integer.flatMap { Int(exactly: $0) } }.filter(range.contains) ?? []
        guard let list = value.array, integers.count == list.count else {
            throw error(name, "must be a list of whole numbers from \(range.lowerBound) to \(range.upperBound)")
        }
        return integers
    }

    /// A day, `yyyy-mm-dd`.
    package func optionalDate(_ name: String) throws(ManifestError) -> String? {
        guard let text = try optionalString(name) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isDay =
            parts.map(\.utf8.count) == [4, 2, 2] && parts.allSatisfy { UInt16($0) != nil && !$0.hasPrefix("+") }
        guard isDay else { throw error(name, "must be a day such as 2026-11-20") }
        return text
    }

    /// A name made of letters, digits, `_` and `-`.
    package func name(_ member: String) throws(ManifestError) -> String {
        let text = try string(member)
        guard text.utf8.count <= 100,
            text.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x5F || byte == 0x2D
            })
        else { throw error(member, "must be at most 100 of A-Z, a-z, 0-9, _ and -") }
        return text
    }

    /// The document is of the one format there is.
    package func checkFormat() throws(ManifestError) {
        guard [nil, "mx/1"].contains(try optionalString("format")) else {
            throw error("format", "must be mx/1, the format this version reads")
        }
    }

    /// The reader without some members, at the same place.
    package func without(_ names: Set<String>) throws(ManifestError) -> ManifestReader {
        try below(.object(JSONObject(object.filter { !names.contains($0.key) })), at: path)
    }

    /// A member that must hold one of a closed list of words.
    package func word<Word: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(ManifestError) -> Word where Word.RawValue == String {
        guard let word: Word = try optionalWord(name) else { throw error(name, "is missing") }
        return word
    }

    /// A list of words of a closed list.
    package func words<Word: RawRepresentable & CaseIterable & Hashable>(
        _ name: String
    ) throws(ManifestError) -> Set<Word> where Word.RawValue == String {
        var words: Set<Word> = []
        for (index, text) in try strings(name).enumerated() {
            guard let word = Word(rawValue: text) else {
                let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw error("\(name)[\(index)]", "must be one of: \(known)")
            }
            words.insert(word)
        }
        return words
    }

    /// A member that holds one of a closed list of words.
    package func optionalWord<Word: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(ManifestError) -> Word? where Word.RawValue == String {
        guard let text = try optionalString(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw error(name, "must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    package func strings(_ name: String) throws(ManifestError) -> [String] {
        guard let value = value(name) else { return [] }
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
            throw error(name, "must be a list of texts")
        }
        return list.compactMap(\.string)
    }

    package func array(_ name: String) throws(ManifestError) -> [JSON] {
        guard let value = value(name) else { return [] }
        guard let list = value.array else { throw error(name, "must be a list, not a \(value.kind)") }
        return list
    }

    package func optionalReader(_ name: String) throws(ManifestError) -> ManifestReader? {
        guard let value = value(name) else { return nil }
        return try below(value, at: place(name))
    }

    package func readers(_ name: String) throws(ManifestError) -> [ManifestReader] {
        let list = try array(name)
        var readers: [ManifestReader] = []
        for (index, element) in list.enumerated() {
            readers.append(try below(element, at: "\(place(name))[\(index)]"))
        }
        return readers
    }

    private func below(_ json: JSON, at path: String) throws(ManifestError) -> ManifestReader {
        var reader = try ManifestReader(json, file: file, path: path)
        reader.names = names
        return reader
    }

    package func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A place below a member that is known as a JSON pointer, such as `body.json.messages[0]`.
    package func place(_ name: String, _ pointer: String) -> String {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().reduce(name) { place, step in
            let step = step.replacing("~1", with: "/").replacing("~0", with: "~")
            return Int(step) == nil ? "\(place).\(step)" : "\(place)[\(step)]"
        }
    }
}

extension String {
    /// The number of single-character changes and swaps of neighbours that turn one text into the other; texts of more than
    /// 64 characters are as far apart as they are long.
    package func distance(to other: String) -> Int {
        let (source, target) = (Array(lowercased()), Array(other.lowercased()))
        guard max(source.count, target.count) <= 64 else { return max(source.count, target.count) }
        var before: [Int] = []
        var row = Array(0...target.count)
        for place in source.indices {
            var next = [place + 1]
            for column in target.indices {
                let change = row[column] + (source[place] == target[column] ? 0 : 1)
                var least = Swift.min(change, row[column + 1] + 1, next[column] + 1)
                if place > 0, column > 0, source[place] == target[column - 1], source[place - 1] == target[column] {
                    least = Swift.min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[target.count]
    }
}
