public import Values

/// A value of the host inside an expression: a record whose fields can be read, or an opaque that is only passed on.
///
/// An opaque, such as a secret, is taken by no function or operator. It may be a whole result, stand in lists, maps and
/// optionals, or have fixed text before and after it in a template.
public protocol HostValue: Sendable, Hashable {
    /// The name that `type(x)` gives.
    var typeName: String { get }
    /// Whether no function may take the value.
    var isOpaque: Bool { get }
    /// The value of a field, or `nil` when it is missing.
    func field(_ name: String) -> CELValue?
}

extension HostValue {
    /// The value can be passed to functions unless its type says otherwise.
    public var isOpaque: Bool { false }

    /// No fields, unless the type has some.
    public func field(_ name: String) -> CELValue? { nil }

    func isEqual(to other: any HostValue) -> Bool {
        guard let other = other as? Self else { return false }
        return self == other
    }
}

/// An opaque with fixed text before and after it, such as `Bearer ` before a key.
///
/// Who uses the value takes it apart; nothing else can read it.
public struct AffixedOpaque: HostValue {
    /// The text before the opaque.
    public let prefix: String
    /// The opaque.
    public let opaque: CELValue
    /// The text after the opaque.
    public let suffix: String

    init(prefix: String, opaque: any HostValue, suffix: String) {
        self.prefix = prefix
        self.opaque = .host(opaque)
        self.suffix = suffix
    }

    /// The name `opaque`.
    public var typeName: String { "opaque" }
    /// No function may take the value.
    public var isOpaque: Bool { true }
}

extension MediaReference: HostValue {
    /// The name `media`.
    public var typeName: String { "media" }

    /// The facts that are known of the bytes, under their names of the contract; there is no `url`.
    public func field(_ name: String) -> CELValue? {
        switch name {
        case "mimeType": .string(mimeType)
        case "bytes": .double(Double(bytes))
        case "sha256": .string(hash.description)
        case "width": width.map { .double(Double($0)) }
        case "height": height.map { .double(Double($0)) }
        case "durationMs": durationMs.map { .double(Double($0)) }
        case "fps": fps.map { .double($0) }
        case "name": self.name.map { .string($0) }
        default: nil
        }
    }
}

/// Media with the address under which it can be fetched.
public struct LinkedMedia: HostValue {
    /// The media.
    public let reference: MediaReference
    /// The address, given by the field `url`.
    public let url: String

    /// Media at that address.
    public init(_ reference: MediaReference, url: String) {
        self.reference = reference
        self.url = url
    }

    /// The name `media`.
    public var typeName: String { "media" }

    /// The address, or a fact of the media.
    public func field(_ name: String) -> CELValue? {
        name == "url" ? .string(url) : reference.field(name)
    }
}
