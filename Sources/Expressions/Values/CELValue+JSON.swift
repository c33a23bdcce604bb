public import Values

extension CELValue {
    /// The value of a JSON document; lists and objects are converted as far as they are looked at.
    ///
    /// Numbers become doubles, integers beyond ±2^53 stay integers, and those beyond 64 bits become texts. Where nulls
    /// are missing, members that are null count as missing at every depth; nulls in lists stay.
    public init(_ json: JSON, nullsAreMissing: Bool = false) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = value.magnitude <= 1 << 53 ? .double(Double(value)) : .int(value)
        case .uint(let value): self = .uint(value)
        case .double(let value): self = .double(value)
        case .digits(let text): self = .string(text)
        case .string(let text): self = .string(text)
        case .array(let elements):
            self = .list(CELList(nullsAreMissing ? .jsonWithoutNulls(elements) : .json(elements)))
        case .object(let object): self = .map(CELMap(nullsAreMissing ? .jsonWithoutNulls(object) : .json(object)))
        }
    }

    /// The value of an input or port: JSON data, media, or a list of these; `link` gives the address of stored media.
    public init(_ value: Values.Value, link: (MediaReference) -> String? = { _ in nil }) {
        switch value {
        case .json(let json): self.init(json)
        case .media(let reference):
            if let url = link(reference) {
                self = .host(LinkedMedia(reference, url: url))
            } else {
                self = .host(reference)
            }
        case .list(let items): self = .list(CELList(items.map { CELValue($0, link: link) }))
        }
    }

    /// The value as JSON: whole doubles are written whole, bytes as base64, moments as RFC 3339, spans as `3.5s`.
    ///
    /// - Throws: ``ExpressionError`` with the reason `notRepresentable` for NaN, infinity, an optional, a type, a value
    ///   of the host, or a map whose keys give one name twice.
    public func json() throws(ExpressionError) -> JSON {
        do {
            return try converted()
        } catch {
            throw ExpressionError(error, in: "")
        }
    }

    func converted() throws(Failure) -> JSON {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .uint(let value): Int64(exactly: value).map(JSON.int) ?? .uint(value)
        case .double(let value): try Self.converted(value)
        case .string(let value): .string(value)
        case .bytes(let value): .string(Base64.encode(value))
        case .list(let list): try list.converted()
        case .map(let map): try map.converted()
        case .timestamp(let value): .string(value.description)
        case .duration(let value): .string(value.description)
        case .type(let type): throw Failure(.notRepresentable("The type `\(type)` is no JSON value."))
        case .optional:
            throw Failure(.notRepresentable("An optional is no JSON value."), hint: "Write `.orValue(…)`.")
        case .host(let value):
            throw Failure(.notRepresentable("A value of the type `\(value.typeName)` is no JSON value."))
        }
    }

    private static func converted(_ value: Double) throws(Failure) -> JSON {
        guard value.isFinite else { throw Failure(.notRepresentable("The number \(value) is no JSON value.")) }
        guard let whole = Int64(exactly: value), whole.magnitude <= 1 << 53, whole != 0 || value.sign == .plus else {
            return .double(value)
        }
        return .int(whole)
    }
}

extension CELList {
    func converted() throws(Failure) -> JSON {
        if case .json(let elements) = storage { return .array(elements) }
        var elements: [JSON] = []
        elements.reserveCapacity(count)
        for element in self { elements.append(try element.converted()) }
        return .array(elements)
    }
}

extension CELMap {
    func converted() throws(Failure) -> JSON {
        if case .json(let object) = storage { return .object(object) }
        var members: [JSONObject.Member] = []
        for entry in entries {
            members.append(JSONObject.Member(key: Self.name(of: entry.key), value: try entry.value.converted()))
        }
        let object = JSONObject(members)
        guard object.count == members.count else {
            throw Failure(.notRepresentable("Two keys of the map have the same name in JSON."))
        }
        return .object(object)
    }

    private static func name(of key: CELValue) -> String {
        switch key {
        case .bool(let value): String(value)
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .string(let value): value
        default: ""
        }
    }
}
