import Expressions

/// A text that holds a secret: its name, and the fixed text before and after it.
public struct SecretText: Sendable, Hashable {
    /// The text before the secret.
    public var prefix: String
    /// The name of the secret.
    public var name: String
    /// The text after the secret.
    public var suffix: String

    /// What stands in the place of the text wherever it is shown.
    public static let mask = "***"

    /// A text of these parts.
    public init(prefix: String = "", name: String, suffix: String = "") {
        self.prefix = prefix
        self.name = name
        self.suffix = suffix
    }

    /// The text that a template gave; `nil` when it holds no secret.
    init?(_ value: CELValue) {
        guard case .host(let host) = value else { return nil }
        if let secret = host as? NamedSecret {
            self.init(name: secret.name)
        } else if let affixed = host as? AffixedOpaque, case .host(let opaque) = affixed.opaque,
            let secret = opaque as? NamedSecret
        {
            self.init(prefix: affixed.prefix, name: secret.name, suffix: affixed.suffix)
        } else {
            return nil
        }
    }

    /// The text with the value of the secret.
    public func text(with value: String) -> String { prefix + value + suffix }
}

/// A secret in an expression: nothing but its name is known, and nothing can be done with it.
struct NamedSecret: HostValue {
    let name: String
    var typeName: String { "secret" }
    var isOpaque: Bool { true }
}

/// The secrets that the fields of headers may name.
struct SecretNames: HostValue {
    var typeName: String { "secrets" }

    func field(_ name: String) -> CELValue? { .host(NamedSecret(name: name)) }
}
