/// What an expression may name and how much it may do.
public struct Environment: Sendable {
    /// The names of values an expression may begin with.
    public enum Roots: Sendable {
        /// Every name; one that the scope does not know fails when it is reached.
        case any
        /// These names; another one is an error of the text.
        case only(Set<String>)
    }

    /// A function that the host provides for each evaluation.
    public struct HostFunction: Sendable, Hashable {
        /// The name by which expressions call it.
        public let name: String
        /// The numbers of arguments it takes.
        public let arguments: ClosedRange<Int>

        /// A function of that name and these numbers of arguments.
        public init(_ name: String, arguments: ClosedRange<Int>) {
            self.name = name
            self.arguments = arguments
        }
    }

    /// How large an expression may be and how much it may do.
    public struct Limits: Sendable, Hashable {
        /// The length of the text in bytes.
        public var textBytes: Int
        /// The nesting of brackets and calls.
        public var depth: Int
        /// The nesting of macros over lists and maps.
        public var nestedMacros: Int
        /// The units of work of one evaluation: one for each operation and element, one for 16 bytes.
        public var cost: Int
        /// The size of the result in bytes.
        public var resultBytes: Int

        /// Limits that are those of design §6 where none are given.
        public init(
            textBytes: Int = 64 << 10,
            depth: Int = 32,
            nestedMacros: Int = 4,
            cost: Int = 100_000,
            resultBytes: Int = 1 << 20
        ) {
            self.textBytes = textBytes
            self.depth = depth
            self.nestedMacros = nestedMacros
            self.cost = cost
            self.resultBytes = resultBytes
        }
    }

    /// The names of values an expression may begin with.
    public var roots: Roots
    /// The functions besides those of the language.
    public var functions: [HostFunction]
    /// Whether arithmetic takes numbers of different types, and functions take whole doubles for integers.
    public var promotesNumbers: Bool
    /// How large an expression may be and how much it may do.
    public var limits: Limits
    /// What to write instead of a name that is not known, in one sentence each.
    public var hints: [String: String]
    /// The namespace in which names are looked up before they are looked up as they stand, such as `com.example`.
    public var container: String
    /// Whether an unknown name or function fails when it is reached, instead of being an error of the text.
    public var defersNames: Bool
    /// The rules of the time zones that `getHours("Europe/Berlin")` and its like may name.
    public var timeZones: TimeZones

    /// An environment; without arguments it knows every name and no function of a host.
    public init(
        roots: Roots = .any,
        functions: [HostFunction] = [],
        promotesNumbers: Bool = true,
        limits: Limits = Limits(),
        hints: [String: String] = [:],
        container: String = "",
        defersNames: Bool = false,
        timeZones: TimeZones = TimeZones()
    ) {
        self.roots = roots
        self.functions = functions
        self.promotesNumbers = promotesNumbers
        self.limits = limits
        self.hints = hints
        self.container = container
        self.defersNames = defersNames
        self.timeZones = timeZones
    }
}

extension Environment {
    /// The roots of every expression in a workflow (contract §9.3).
    public static let workflowRoots: Set<String> = [
        "nodes", "inputs", "trigger", "vars", "run", "item", "index",
    ]

    /// Names that never stand for a node alone: the roots of every place in a workflow.
    public static let reservedNames: Set<String> = workflowRoots.union(["secrets", "output"])

    /// Whether a node of that name can be named alone, without `nodes[…]`.
    public static func canBeShorthand(_ name: String) -> Bool {
        Words.isIdentifier(name) && !reservedNames.contains(name)
    }

    /// The functions for media that manifests may use besides those of the language (media manifests §3.2).
    public static let mediaFunctions: [HostFunction] = [
        HostFunction("handover", arguments: 1...1), HostFunction("form", arguments: 1...1),
        HostFunction("dataurl", arguments: 1...1), HostFunction("mp", arguments: 1...2),
    ]

    /// What an expression of a workflow may use.
    ///
    /// `shorthands` are the nodes and own ports that may be named without `nodes[…]`; `others` are roots of this place
    /// only, such as `secrets` or `output`.
    public static func workflow(shorthands: some Sequence<String>, others: Set<String> = []) -> Environment {
        let names = workflowRoots.union(others).union(shorthands.filter(canBeShorthand))
        return Environment(roots: .only(names), hints: ["env": "Write `vars.NAME` for a workspace variable."])
    }

    /// What an expression of a manifest may use.
    public static func manifest(roots: Set<String>, functions: [HostFunction] = mediaFunctions) -> Environment {
        Environment(roots: .only(roots), functions: functions, limits: Limits(textBytes: 4 << 10))
    }

    /// The environment with more roots; unchanged when every name is known anyway.
    func adding(root name: String) -> Environment {
        guard case .only(let names) = roots else { return self }
        var environment = self
        environment.roots = .only(names.union([name]))
        return environment
    }

    func knows(root name: String) -> Bool {
        guard case .only(let names) = roots else { return true }
        return names.contains(name)
    }
}
