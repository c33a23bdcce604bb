package import Values

/// A value of a column or of a numbered argument, the same for every database.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    package static func id<Kind>(_ identifier: Identifier<Kind>?) -> SQLValue {
        identifier.map { .blob($0.bytes) } ?? .null
    }

    package static func time(_ instant: Instant?) -> SQLValue {
        instant.map { .integer($0.microseconds) } ?? .null
    }

    package static func hash(_ hash: ContentHash?) -> SQLValue {
        hash.map { .blob($0.bytes) } ?? .null
    }

    package static func optional(_ text: String?) -> SQLValue {
        text.map(SQLValue.text) ?? .null
    }

    package static func optional(_ integer: Int64?) -> SQLValue {
        integer.map(SQLValue.integer) ?? .null
    }

    package static func json(_ json: JSON?) -> SQLValue {
        json.map { .blob($0.bytes) } ?? .null
    }
}

extension SQLValue: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

/// One row of a result; columns are read by their place.
package struct SQLRow: Sendable {
    package let columns: [SQLValue]

    package init(columns: [SQLValue]) {
        self.columns = columns
    }

    package func isNull(_ column: Int) -> Bool { columns[column] == .null }

    package func integer(_ column: Int) throws(StorageError) -> Int64 {
        guard case .integer(let value) = columns[column] else { throw .damaged(what: "integer in column \(column)") }
        return value
    }

    package func text(_ column: Int) throws(StorageError) -> String {
        guard case .text(let value) = columns[column] else { throw .damaged(what: "text in column \(column)") }
        return value
    }

    package func blob(_ column: Int) throws(StorageError) -> [UInt8] {
        guard case .blob(let value) = columns[column] else { throw .damaged(what: "bytes in column \(column)") }
        return value
    }

    package func id<Kind>(_ column: Int) throws(StorageError) -> Identifier<Kind> {
        guard let id = Identifier<Kind>(bytes: try blob(column)) else {
            throw .damaged(what: "identifier in column \(column)")
        }
        return id
    }

    package func hash(_ column: Int) throws(StorageError) -> ContentHash {
        guard let hash = ContentHash(bytes: try blob(column)) else { throw .damaged(what: "hash in column \(column)") }
        return hash
    }

    package func time(_ column: Int) throws(StorageError) -> Instant {
        Instant(microseconds: try integer(column))
    }

    package func json(_ column: Int) throws(StorageError) -> JSON {
        do {
            return try JSON(parsing: try blob(column), limits: .record)
        } catch is JSONError {
            throw .damaged(what: "JSON in column \(column)")
        } catch let error as StorageError {
            throw error
        } catch {
            throw .damaged(what: "JSON in column \(column)")
        }
    }

    /// Reads the column unless it holds no value.
    package func optional<Result>(
        _ column: Int,
        _ read: (Int) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        isNull(column) ? nil : try read(column)
    }
}
