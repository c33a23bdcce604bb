import Values

extension Graph {
    /// What of its account a graph names.
    public struct Uses: Sendable, Hashable {
        /// The names of secrets.
        public var secrets: Set<String> = []
        /// The names of variables.
        public var variables: Set<String> = []
        /// The identifiers or names of credentials.
        public var credentials: Set<String> = []
    }

    /// What of its account the graph names, also where it cannot be compiled.
    public var uses: Uses {
        var uses = Uses()
        for node in nodes {
            if let name = node.credential { uses.credentials.insert(name) }
            if node.nodeType == "input:secret_ref", let name = node.setting("name")?.string {
                uses.secrets.insert(name)
            }
            uses.read(.object(node.data))
        }
        return uses
    }
}

extension Graph.Uses {
    fileprivate mutating func read(_ json: JSON) {
        switch json {
        case .string(let text):
            guard text.contains("secrets") || text.contains("vars") else { return }
            secrets.formUnion(Self.names(after: "secrets", in: text))
            variables.formUnion(Self.names(after: "vars", in: text))
        case .array(let list): for element in list { read(element) }
        case .object(let object): for member in object { read(member.value) }
        default: return
        }
    }

    /// The names behind a root, as `root.NAME` or `root["NAME"]`.
    private static func names(after root: String, in text: String) -> [String] {
        var names: [String] = []
        let bytes = Array(text.utf8)
        let word = Array(root.utf8)
        var place = 0
        func isWord(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
        }
        while place + word.count < bytes.count {
            guard bytes[place...].starts(with: word), place == 0 || !isWord(bytes[place - 1]) else {
                place += 1
                continue
            }
            place += word.count
            var rest = bytes[place...].drop { $0 == 0x20 }
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst().drop { $0 == UInt8(ascii: "?") || $0 == 0x20 }
            } else if rest.first == UInt8(ascii: "[") {
                rest = rest.dropFirst().drop { $0 == UInt8(ascii: "?") || $0 == 0x22 || $0 == 0x27 || $0 == 0x20 }
            } else {
                continue
            }
            let name = rest.prefix(while: isWord)
            if !name.isEmpty, name.count <= 100 { names.append(String(decoding: name, as: UTF8.self)) }
        }
        return names
    }
}
