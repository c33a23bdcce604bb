import HTTPValues

/// Finds the route of a path; fixed segments win over parameters.
struct Router<Route: Sendable>: Sendable {
    /// What was found.
    enum Match {
        /// The route with the values of its parameters, in order.
        case route(Route, [String])
        /// The path exists, for other methods.
        case otherMethods([HTTPMethod])
        /// There is no such path.
        case none
    }

    private struct Node: Sendable {
        var fixed: [String: Int] = [:]
        var parameter: Int?
        var routes: [HTTPMethod: Route] = [:]
    }

    private var nodes = [Node()]

    /// Adds a route; `{name}` is a parameter that takes one segment.
    mutating func add(_ method: HTTPMethod, _ pattern: String, _ route: Route) {
        var place = 0
        for segment in pattern.split(separator: "/") {
            if segment.hasPrefix("{") {
                place = child(of: place, at: \.parameter)
            } else if let known = nodes[place].fixed[String(segment)] {
                place = known
            } else {
                nodes.append(Node())
                nodes[place].fixed[String(segment)] = nodes.count - 1
                place = nodes.count - 1
            }
        }
        nodes[place].routes[method] = route
    }

    /// Finds the route of a path whose segments may hold escapes.
    func match(_ method: HTTPMethod, _ path: Substring) -> Match {
        var segments: [String] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            guard let segment = PercentCoding.decode(Substring(part)), segments.count < 16 else { return .none }
            segments.append(segment)
        }
        var parameters: [String] = []
        guard let place = find(0, segments[...], &parameters) else { return .none }
        if let route = nodes[place].routes[method] { return .route(route, parameters) }
        if method == .head, let route = nodes[place].routes[.get] { return .route(route, parameters) }
        return .otherMethods(nodes[place].routes.keys.sorted { $0.rawValue < $1.rawValue })
    }

    private func find(_ place: Int, _ rest: ArraySlice<String>, _ parameters: inout [String]) -> Int? {
        guard let segment = rest.first else { return nodes[place].routes.isEmpty ? nil : place }
        if let next = nodes[place].fixed[segment], let found = find(next, rest.dropFirst(), &parameters) {
            return found
        }
        guard let next = nodes[place].parameter else { return nil }
        parameters.append(segment)
        if let found = find(next, rest.dropFirst(), &parameters) { return found }
        parameters.removeLast()
        return nil
    }

    private mutating func child(of place: Int, at member: WritableKeyPath<Node, Int?>) -> Int {
        if let known = nodes[place][keyPath: member] { return known }
        nodes.append(Node())
        nodes[place][keyPath: member] = nodes.count - 1
        return nodes.count - 1
    }
}

/// Escapes in paths and queries (RFC 3986, section 2.1).
enum PercentCoding {
    /// The text without escapes; `nil` when one is broken or the result is no UTF-8.
    static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The items of a query in order; `nil` when an escape is broken.
    static func items(_ query: Substring?) -> [(name: String, value: String)]? {
        var items: [(name: String, value: String)] = []
        for part in (query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(pair[0], plusIsSpace: true), items.count < 100,
                let value = pair.count > 1 ? decode(pair[1], plusIsSpace: true) : ""
            else { return nil }
            items.append((name, value))
        }
        return items
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
