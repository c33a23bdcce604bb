/// A table written as comma-separated values (RFC 4180), with any single character between the fields.
public struct CSVTable: Sendable {
    /// Why a text is no table.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong, and in which row.
        public let description: String
    }

    /// The most fields of a row.
    public static let maximumFields = 1000

    /// The rows: objects by the names of the first row, or lists of texts.
    public let records: [JSON]

    /// The most rows.
    public static let maximumRows = 10_000
    /// The longest text in bytes.
    public static let maximumBytes = 4 << 20

    /// Reads a table.
    ///
    /// - Parameters:
    ///   - text: The text; a mark of the byte order before it is passed over.
    ///   - delimiter: The one ASCII character between fields.
    ///   - hasNames: Whether the first row names the columns.
    /// - Throws: ``Problem`` with the row.
    public init(_ text: String, delimiter: String, hasNames: Bool) throws(Problem) {
        guard let delimiter = delimiter.utf8.first, delimiter < 128 else {
            throw Problem(description: "the delimiter must be one character.")
        }
        guard text.utf8.count <= Self.maximumBytes else {
            throw Problem(description: "the table is larger than \(Self.maximumBytes) bytes.")
        }
        var rows = try Self.rows(Array(text.utf8), delimiter)
        guard hasNames, !rows.isEmpty else {
            records = rows.map { .array($0.map(JSON.string)) }
            return
        }
        let names = rows.removeFirst()
        guard Set(names).count == names.count else { throw Problem(description: "two columns have the same name.") }
        var records: [JSON] = []
        for (number, row) in rows.enumerated() {
            guard row.count <= names.count else {
                throw Problem(description: "row \(number + 2) has \(row.count) fields, but \(names.count) are named.")
            }
            records.append(.object(JSONObject(zip(names, row).map { JSONObject.Member(key: $0, value: .string($1)) })))
        }
        self.records = records
    }

    private static func rows(_ bytes: [UInt8], _ delimiter: UInt8) throws(Problem) -> [[String]] {
        let quote = UInt8(ascii: "\"")
        let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        // A mark of the byte order, as spreadsheets write it, belongs to no field.
        var place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func endField() {
            row.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
        }
        func endRow() throws(Problem) {
            // An empty line is no row.
            if row.isEmpty, field.isEmpty { return }
            endField()
            rows.append(row)
            row = []
            guard rows.count <= Self.maximumRows + 1 else {
                throw Problem(description: "the table has more than \(Self.maximumRows) rows.")
            }
        }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == quote, field.isEmpty {
                let line = rows.count + 1
                while true {
                    guard place < bytes.count else {
                        throw Problem(description: "a quotation mark in row \(line) is not closed.")
                    }
                    let inner = bytes[place]
                    place += 1
                    guard inner == quote else {
                        field.append(inner)
                        continue
                    }
                    guard place < bytes.count, bytes[place] == quote else { break }
                    field.append(quote)
                    place += 1
                }
                // An empty field in quotation marks alone in its row is a field all the same.
                if field.isEmpty, place == bytes.count || bytes[place] == lineFeed, row.isEmpty {
                    endField()
                    rows.append(row)
                    row = []
                    place += 1
                }
            } else if byte == delimiter {
                endField()
                guard row.count < maximumFields else {
                    throw Problem(description: "row \(rows.count + 1) has more than \(maximumFields) fields.")
                }
            } else if byte == lineFeed || byte == carriageReturn {
                try endRow()
            } else {
                field.append(byte)
            }
        }
        try endRow()
        return rows
    }
}
