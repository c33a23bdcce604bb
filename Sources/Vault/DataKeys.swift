import Crypto
import Storage
import Values

/// The keys that seal values, opened with the master key.
///
/// A sealed value begins with the number of its key, so that what was sealed before an exchange can still be opened.
struct DataKeys: Sendable {
    private var keys: [Int64: [UInt8]] = [:]
    private(set) var current: Int64 = 0

    /// The form of sealed values: 1, the number of the key in 8 bytes, and the sealed box.
    private static let form: UInt8 = 1

    /// Opens stored keys.
    ///
    /// - Returns: `nil` when the master key is another one.
    init?(_ rows: [DataKeyRow], master: MasterKey) {
        for row in rows {
            guard let key = SealedBox.open(row.wrapped, key: master.bytes, context: Self.context(row.number)) else {
                return nil
            }
            keys[row.number] = key
            current = max(current, row.number)
        }
    }

    /// Whether a sealed value has a key that is not known here.
    func misses(_ sealed: [UInt8]) -> Bool { Self.number(of: sealed).map { keys[$0] == nil } ?? false }

    /// Whether a value is sealed with the newest key.
    func isCurrent(_ sealed: [UInt8]) -> Bool { Self.number(of: sealed) == current }

    func seal(_ bytes: [UInt8], _ context: [UInt8]) throws(VaultError) -> [UInt8] {
        guard let key = keys[current] else { throw .library(reason: "There is no key to seal with.") }
        do {
            let number = (0..<8).map { UInt8(truncatingIfNeeded: current >> (56 - 8 * Int64($0))) }
            return [Self.form] + number + (try SealedBox.seal(bytes, key: key, context: context))
        } catch {
            throw .library(reason: error.description)
        }
    }

    func open(_ sealed: [UInt8], _ context: [UInt8]) -> [UInt8]? {
        guard let number = Self.number(of: sealed), let key = keys[number] else { return nil }
        return SealedBox.open(Array(sealed.dropFirst(9)), key: key, context: context)
    }

    /// A new key of a number, and all keys, under a master key.
    func wrapped(adding number: Int64, under master: MasterKey, at now: Instant) throws(VaultError) -> [DataKeyRow] {
        var random = SystemRandomNumberGenerator()
        var all = keys
        all[number] = (0..<SealedBox.keyLength).map { _ in random.next() }
        var rows: [DataKeyRow] = []
        for (number, key) in all.sorted(by: { $0.key < $1.key }) {
            do {
                let wrapped = try SealedBox.seal(key, key: master.bytes, context: Self.context(number))
                rows.append(DataKeyRow(number: number, master: master.id, wrapped: wrapped, createdAt: now))
            } catch {
                throw .library(reason: error.description)
            }
        }
        return rows
    }

    /// No keys.
    init() {}

    private static func number(of sealed: [UInt8]) -> Int64? {
        guard sealed.count > 9, sealed[0] == form else { return nil }
        return sealed[1...8].reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func context(_ number: Int64) -> [UInt8] { Array("millrace data key \(number)".utf8) }
}
