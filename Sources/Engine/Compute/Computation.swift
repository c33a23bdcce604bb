import Values

import Catalog
import Expressions
import Workflows

/// What a computed node works with.
struct ComputeContext {
    /// The values of its ports.
    let inputs: [String: Value]
    /// The values of its parameters.
    let parameters: [String: JSON]
    /// The node.
    let node: PlanNode
    /// What its expressions can name.
    let scope: NodeScope
    /// The time of the decision.
    let now: Instant
    /// A fresh random number.
    let random: UInt64

    /// The text at a port, or the text form of another value.
    func text(_ port: String) -> String? {
        inputs[port].map { Conversion.text(of: $0.asJSON) }
    }

    /// The items at a list port.
    func items(_ port: String) -> [Value] {
        inputs[port]?.elements ?? []
    }

    /// The text of a parameter.
    func word(_ parameter: String) -> String? { parameters[parameter]?.string }

    /// The number at a port or of a parameter.
    func number(_ name: String) -> Double? { inputs[name]?.asJSON.number ?? parameters[name]?.number }

    /// Evaluates an expression that the node applies to each of its items.
    ///
    /// - Parameters:
    ///   - parameter: The parameter that holds the expression.
    ///   - item: What the expression calls `item`.
    ///   - index: What it calls `index`.
    ///   - value: What it calls `value`, where the node carries a value from item to item.
    ///   - work: The units of work that are left for all items of the node.
    /// - Returns: The value, or `nil` when the parameter is not set.
    /// - Throws: ``NodeError`` that names the item.
    func evaluate(
        _ parameter: String,
        item: Value,
        index: Int,
        value: JSON? = nil,
        work: inout Int
    ) throws(NodeError) -> CELValue? {
        let binding = node.parameters.first { $0.parameter.id == parameter }?.binding
        guard case .itemExpression(let expression) = binding else { return nil }
        let scope = ItemScope(
            outer: scope,
            item: CELValue(item, link: \.path),
            index: .double(Double(index)),
            value: value.map { CELValue($0) }
        )
        do throws(ExpressionError) {
            return try expression.evaluate(in: scope, with: EvaluationContext(now: now), work: &work)
        } catch {
            throw NodeError("expression_error", "\(node.label), \(parameter), item \(index): \(error)")
        }
    }

    /// The value of an expression for each item as JSON; the item itself where the expression is not set.
    func keys(_ parameter: String, of items: [Value]) throws(NodeError) -> [JSON] {
        var work = Self.itemWork
        var keys: [JSON] = []
        for (index, item) in items.enumerated() {
            guard let value = try evaluate(parameter, item: item, index: index, work: &work) else {
                keys.append(item.asJSON)
                continue
            }
            do {
                keys.append(try value.json())
            } catch {
                throw NodeError("expression_error", "\(node.label), \(parameter), item \(index): \(error)")
            }
        }
        return keys
    }

    /// A failure of the node because of what it was given.
    func invalid(_ reason: String) -> NodeError { NodeError(.invalidInput, "\(node.label): \(reason)") }

    /// The units of work that one node may spend on expressions for all its items together.
    static let itemWork = 2_000_000
    /// The longest text a node computes with or makes, in bytes (contract §9.3: 4 MiB in expressions).
    static let maximumBytes = 4 << 20
    /// The most items a node makes (engine.md §5).
    static let maximumItems = 10_000
}

/// A scope with the item an expression is applied to.
private struct ItemScope: Scope {
    let outer: NodeScope
    let item: CELValue
    let index: CELValue
    let value: CELValue?

    func value(ofRoot name: String) -> CELValue? {
        switch name {
        case "value": value ?? outer.value(ofRoot: name)
        case "item": item
        case "index": index
        default: outer.value(ofRoot: name)
        }
    }
}

/// The nodes that the engine computes itself: no clock, no files, no sockets.
public enum Computation {
    /// Throws nothing but ``NodeError``; the type says less because the compiler fails on lists of functions that say so.
    typealias Function = @Sendable (ComputeContext) throws -> [String: Value]

    static let functions: [String: Function] = [
        inputs, outputs, logic, utilities, lists, texts, collections,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// Whether the engine can compute nodes of that type.
    public static func exists(for type: String) -> Bool { functions[type] != nil || WaitNode(rawValue: type) != nil }
}

extension Step {
    /// The levels of lists and objects that a record has room for; answers of vendors are less deep anyway.
    private static var deepestValue: Int { 256 }

    mutating func compute(_ address: Address, _ prepared: Prepared) throws(NodeError) -> [String: Value] {
        let node = run.plan.nodes[address.node]
        guard let function = Computation.functions[node.type.id] else {
            throw NodeError("internal_error", "\(node.type.id) cannot be computed by this server.")
        }
        let context = ComputeContext(
            inputs: prepared.inputs,
            parameters: prepared.parameters,
            node: node,
            scope: NodeScope(run: run, address: address, prepared: prepared),
            now: now,
            random: random.next()
        )
        // What only passes a value on may pass any; what makes a new one of it is bounded.
        let isBounded = node.type.family == "utility" || node.type.family == "iterator"
        guard !isBounded || prepared.inputs.values.allSatisfy({ $0.textBytes <= ComputeContext.maximumBytes }) else {
            throw context.invalid("an input is larger than \(ComputeContext.maximumBytes) bytes.")
        }
        do {
            let outputs = try function(context)
            guard outputs.values.allSatisfy({ $0.recordDepth <= Self.deepestValue }) else {
                throw NodeError(
                    .invalidInput,
                    "\(node.label): the result nests deeper than \(Self.deepestValue) levels."
                )
            }
            return outputs
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError("internal_error", "\(node.type.id) failed: \(error)")
        }
    }
}

extension JSON {
    /// The bytes of all texts in it.
    fileprivate var textBytes: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .array(let items): items.reduce(0) { $0 + $1.textBytes }
        case .object(let object): object.reduce(0) { $0 + $1.key.utf8.count + $1.value.textBytes }
        default: 0
        }
    }

    /// The number of values in it, with one for 16 bytes of text.
    var size: Int {
        switch self {
        case .string(let text): 1 + text.utf8.count / 16
        case .array(let items): items.reduce(1) { $0 + $1.size }
        case .object(let object): object.reduce(1) { $0 + 1 + $1.value.size }
        default: 1
        }
    }

    /// A number, written whole where it is.
    init(number: Double) {
        if let whole = Int64(exactly: number), whole.magnitude <= 1 << 53 {
            self = .int(whole)
        } else {
            self = .double(number)
        }
    }
}

extension Value {
    fileprivate var textBytes: Int {
        switch self {
        case .json(let json): json.textBytes
        case .media: 0
        case .list(let items): items.reduce(0) { $0 + $1.textBytes }
        }
    }

    /// The levels of lists and objects of its record.
    fileprivate var recordDepth: Int {
        switch self {
        case .json(let json): 1 + json.depth
        case .media: 2
        case .list(let items): 2 + (items.lazy.map(\.recordDepth).max() ?? 0)
        }
    }

    /// The items of a list, or the value alone.
    var elements: [Value] {
        switch self {
        case .list(let items): items
        case .json(.array(let items)): items.map(Value.json)
        case .json, .media: [self]
        }
    }
}
