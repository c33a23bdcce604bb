public import Values

/// Cases of the CEL specification, or of one's own, as a JSON file; it runs them without the host's promotion of numbers.
///
/// A case has `section`, `name`, `expr`, optionally `container`, `bindings` and `disable_check`, and either `value` or
/// `error`; values are tagged with their type, such as `{"int": "5"}`.
public struct ConformanceSuite: Sendable {
    /// What became of the cases.
    public struct Report: Sendable {
        /// One case that did not do what it should.
        public struct Failure: Sendable, Hashable, CustomStringConvertible {
            /// The section and name of the case.
            public let name: String
            /// What happened instead, in one sentence.
            public let reason: String

            /// The name and what happened.
            public var description: String { "\(name): \(reason)" }
        }

        /// The number of cases that did what they should.
        public internal(set) var passed = 0
        /// The other cases.
        public internal(set) var failures: [Failure] = []
    }

    private let cases: [JSON]

    /// The cases of a file, or `nil` when it is no list.
    public init?(_ json: JSON) {
        guard let cases = json.array else { return nil }
        self.cases = cases
    }

    /// The number of cases.
    public var count: Int { cases.count }

    /// Evaluates every case and compares its value.
    public func run() -> Report {
        var report = Report()
        for entry in cases {
            let name = "\(entry["section"]?.string ?? "")/\(entry["name"]?.string ?? "")"
            if let reason = Self.fault(of: entry) {
                report.failures.append(Report.Failure(name: name, reason: reason))
            } else {
                report.passed += 1
            }
        }
        return report
    }

    /// What is wrong with the value of a case, or `nil` when it is as it should be.
    private static func fault(of entry: JSON) -> String? {
        guard let text = entry["expr"]?.string else { return "The case has no `expr`." }
        var scope = NamedValues()
        var names: Set<String> = []
        for binding in entry["bindings"]?.object ?? JSONObject() {
            guard let value = CELValue(tagged: binding.value) else {
                return "The binding `\(binding.key)` is not valid."
            }
            scope[binding.key] = value
            names.insert(binding.key)
        }
        let environment = Environment(
            roots: .only(names),
            functions: [NestedMessage.constructor],
            promotesNumbers: false,
            container: entry["container"]?.string ?? "",
            defersNames: true
        )
        let context = EvaluationContext { _, _ in .host(NestedMessage()) }
        do {
            let value = try Expression(parsing: text, in: environment).evaluate(in: scope, with: context)
            if entry["error"] != nil { return "It should fail, but is \(value)." }
            guard let wanted = entry["value"].flatMap({ CELValue(tagged: $0) }) else {
                return "The case has no valid `value`."
            }
            return value.isSame(as: wanted) ? nil : "It is \(value) instead of \(wanted)."
        } catch {
            return entry["error"] == nil ? "It fails: \(error)" : nil
        }
    }
}

/// The one protobuf message that the cases of the grammar need: members without end whose numbers are 0.
private struct NestedMessage: HostValue {
    static let constructor = Environment.HostFunction(
        "cel.expr.conformance.proto3.NestedTestAllTypes",
        arguments: 1...1
    )

    var typeName: String { "cel.expr.conformance.proto3.NestedTestAllTypes" }

    func field(_ name: String) -> CELValue? {
        switch name {
        case "child", "payload": .host(self)
        case "single_int32": .int(0)
        default: nil
        }
    }
}
