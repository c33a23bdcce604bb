import FileSystem
import Values

/// Where the master key comes from.
public enum KeySource: Sendable {
    /// A file that holds it.
    case file(String)
    /// The environment.
    case environment(MasterKey)

    /// The path of a key that is to take the place of the one in a file; it is there while keys are exchanged.
    static func next(_ path: String) -> String { "\(path).next" }

    /// The keys that may open what is sealed, best first; none when the file is not there.
    func candidates() throws(VaultError) -> [MasterKey] {
        switch self {
        case .environment(let key): return [key]
        case .file(let path):
            return [try Self.read(path), try Self.read(Self.next(path))].compactMap(\.self)
        }
    }

    /// Makes the file with a new key, readable by its owner only.
    func make() throws(VaultError) -> MasterKey {
        var random = SystemRandomNumberGenerator()
        let key = MasterKey(random: &random)
        if case .file(let path) = self { try Self.write(key, to: path) }
        return key
    }

    /// Lets the key that is to take the place of another one do so.
    func adoptNext() throws(VaultError) {
        guard case .file(let path) = self else { return }
        do {
            try Folder.move(Self.next(path), to: path)
        } catch {
            throw .keyFile(path: path, reason: error.description)
        }
    }

    /// Keeps the key that is to take the place of another one.
    func keepNext(_ key: MasterKey) throws(VaultError) {
        if case .file(let path) = self { try Self.write(key, to: Self.next(path)) }
    }

    private static func read(_ path: String) throws(VaultError) -> MasterKey? {
        guard Folder.exists(path) else { return nil }
        let bytes: [UInt8]?
        do {
            bytes = try Folder.contents(of: path, atMost: 4096)
        } catch {
            throw .keyFile(path: path, reason: error.description)
        }
        guard let bytes, let key = MasterKey(String(decoding: bytes, as: UTF8.self)) else {
            throw .keyFile(path: path, reason: "It must hold 32 bytes in base 64, or 64 hexadecimal digits.")
        }
        return key
    }

    private static func write(_ key: MasterKey, to path: String) throws(VaultError) {
        do {
            if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
                try Folder.make(String(path[..<slash]))
            }
            try Folder.replace(path, with: Array("\(key.text)\n".utf8))
        } catch {
            throw .keyFile(path: path, reason: error.description)
        }
    }

    /// Where it is, for messages.
    var place: String {
        switch self {
        case .file(let path): path
        case .environment: "MILLRACE_MASTER_KEY"
        }
    }
}
