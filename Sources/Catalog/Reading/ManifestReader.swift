package import Values

/// Reads the members of one object of a manifest and knows the place of each, for errors.
package struct ManifestReader {
    package let object: JSONObject
    package let file: String
    package let path: String

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
            let near = names.min { $0.distance(to: member.key) < $1.distance(to: member.key) }
            let hint = near.flatMap { $0.distance(to: member.key) <= 2 ? "; did you mean \($0)?" : nil } ?? ""
            throw error(member.key, "is not a member that is known here\(hint)")
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

    package func optionalNumber(_ name: String) throws(ManifestError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number else { throw error(name, "must be a number, not a \(value.kind)") }
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

    package func optionalReader(_ name: String) throws(ManifestError) -> ManifestReader? {
        guard let value = value(name) else { return nil }
        return try ManifestReader(value, file: file, path: place(name))
    }

    package func readers(_ name: String) throws(ManifestError) -> [ManifestReader] {
        guard let value = value(name) else { return [] }
        guard let list = value.array else { throw error(name, "must be a list") }
        var readers: [ManifestReader] = []
        for (index, element) in list.enumerated() {
            readers.append(try ManifestReader(element, file: file, path: "\(place(name))[\(index)]"))
        }
        return readers
    }

    package func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
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
