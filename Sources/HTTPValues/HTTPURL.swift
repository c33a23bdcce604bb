/// Why a text is no address that may be called.
public struct HTTPURLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong with the text.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// An address of a resource under `http` or `https`, in the one form in which every reader understands it alike.
///
/// What some programs repair and others do not is refused: names and passwords before the host, backslashes, blanks and
/// characters beyond ASCII (an international name must be written with `xn--`), escapes in the host, addresses of four
/// bytes in any form but four decimal numbers, and a dot behind the host's name.
public struct HTTPURL: Hashable, Sendable {
    /// How the resource is reached.
    public enum Scheme: String, Sendable {
        /// Without encryption.
        case http
        /// Over TLS.
        case https

        /// The port that is meant when none is given.
        public var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    /// How the resource is reached.
    public let scheme: Scheme
    /// The host in lower case; an address of sixteen bytes without its brackets.
    public let host: String
    /// The port, given or meant.
    public let port: UInt16
    /// The path and the query, escapes included; begins with a slash.
    public let target: String

    /// Reads an address; what stands behind a `#` is dropped.
    ///
    /// - Parameter text: A full address.
    /// - Throws: ``HTTPURLError`` when the text is no address or could be read in two ways.
    public init(_ text: String) throws(HTTPURLError) {
        let bytes = try Self.checkedBytes(of: text)
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: [0x3A, 0x2F, 0x2F]),
            let scheme = Scheme(rawValue: String(decoding: bytes[..<colon].map(\.lowercased), as: UTF8.self))
        else { throw HTTPURLError("An address begins with http:// or https://.") }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.endIndex
        let (host, port) = try Self.readAuthority(rest[..<end])
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        target = Self.target(rest[end...])
    }

    private init(scheme: Scheme, host: String, port: UInt16, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// The host as an address when it is one.
    public var ip: IPAddress? { IPAddress(host) }

    /// The host and the port, as they stand in a list of permitted targets.
    public var hostAndPort: String {
        host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether both addresses have the same scheme, host and port.
    public func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The address that a `Location` field means (RFC 3986, section 5.2).
    ///
    /// - Parameter reference: A full address, or one relative to this one.
    /// - Returns: The full address.
    /// - Throws: ``HTTPURLError`` when it is no address or could be read in two ways.
    public func resolve(_ reference: String) throws(HTTPURLError) -> HTTPURL {
        let bytes = try Self.checkedBytes(of: reference)
        let stop = bytes.firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x3A } ?? bytes.endIndex
        if stop < bytes.endIndex, bytes[stop] == 0x3A { return try HTTPURL(reference) }
        if bytes.starts(with: [0x2F, 0x2F]) { return try HTTPURL("\(scheme.rawValue):\(reference)") }
        let path = target.split(separator: "?", omittingEmptySubsequences: false)[0]
        let text = String(decoding: bytes, as: UTF8.self)
        let merged: String =
            switch bytes.first {
            case nil: target
            case 0x2F: text
            case 0x3F: path + text
            default: path[...(path.lastIndex(of: "/") ?? path.startIndex)] + text
            }
        return HTTPURL(scheme: scheme, host: host, port: port, target: Self.withoutDotSegments(merged))
    }

    // MARK: Reading

    /// The bytes up to a `#`, all of them visible ASCII.
    private static func checkedBytes(of text: String) throws(HTTPURLError) -> [UInt8] {
        let bytes = Array(text.utf8.prefix { $0 != 0x23 })
        guard bytes.count <= 16 * 1024 else { throw HTTPURLError("The address is longer than 16 KiB.") }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HTTPURLError("An address has no blanks, controls or characters beyond ASCII: escape them.")
        }
        guard !bytes.contains(0x5C) else { throw HTTPURLError("An address has no backslash: escape it.") }
        return bytes
    }

    private static func readAuthority(_ bytes: ArraySlice<UInt8>) throws(HTTPURLError) -> (String, UInt16?) {
        guard !bytes.contains(0x40) else {
            throw HTTPURLError("An address has no name or password before the host: send them as a header.")
        }
        var host = bytes
        var port: UInt16?
        if let colon = bytes.lastIndex(of: 0x3A), bytes.last != 0x5D {
            host = bytes[..<colon]
            let digits = bytes[(colon + 1)...]
            guard (1...5).contains(digits.count), digits.allSatisfy({ $0 &- 0x30 < 10 }),
                let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
            else { throw HTTPURLError("A port is a number from 1 to 65535.") }
            port = number
        }
        return (try readHost(host), port)
    }

    private static func readHost(_ bytes: ArraySlice<UInt8>) throws(HTTPURLError) -> String {
        if bytes.first == 0x5B, bytes.last == 0x5D {
            guard case .v6? = IPAddress(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)),
                let ip = IPAddress(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
            else { throw HTTPURLError("The brackets hold no address of sixteen bytes.") }
            return ip.description
        }
        let text = String(decoding: bytes.map(\.lowercased), as: UTF8.self)
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard bytes.count <= 253, labels.allSatisfy({ isLabel($0) }) else {
            throw HTTPURLError("“\(text)” is not the name of a host.")
        }
        // A last label that is a number makes every reader think of an address; only one form of it is unambiguous.
        let last = labels.last ?? ""
        guard last.utf8.allSatisfy({ $0 &- 0x30 < 10 }) || last.hasPrefix("0x") else { return text }
        guard let ip = IPAddress(text) else {
            throw HTTPURLError("“\(text)” is not an address of four decimal numbers.")
        }
        return ip.description
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let utf8 = label.utf8
        guard (1...63).contains(utf8.count), utf8.first != 0x2D, utf8.last != 0x2D else { return false }
        return utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x5F
        }
    }

    private static func target(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return bytes.first == 0x2F ? text : "/" + text
    }

    /// The target with `.` and `..` in its path resolved (RFC 3986, section 5.2.4).
    private static func withoutDotSegments(_ target: String) -> String {
        let query = target.firstIndex(of: "?").map { target[$0...] } ?? ""
        let path = target.prefix { $0 != "?" }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".":
                if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + query
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The full address; the port only where it is not the usual one.
    public var description: String {
        let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(name)\(port == scheme.defaultPort ? "" : ":\(port)")\(target)"
    }
}
