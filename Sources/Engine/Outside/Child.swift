public import Values
import Crypto

/// The execution that started another, as the child knows it.
public struct ParentLink: Sendable, Hashable {
    /// The parent.
    public var execution: ExecutionID
    /// The node run that waits for the child, in its text form; empty for an item of a batch.
    public var address: String
    /// The place of the item in the batch.
    public var item: Int?
    /// How many sub-workflows the child lies deep.
    public var depth: Int
    /// The workflows that called each other down to the child, outermost first, without its own.
    public var lineage: [WorkflowID]
    /// How many items of the batch may compute at once; 0 for a sub-workflow.
    public var concurrency: Int

    /// The deepest nesting of sub-workflows.
    public static let maximumDepth = 8

    /// A link of these parts.
    public init(
        execution: ExecutionID,
        address: String,
        item: Int?,
        depth: Int,
        lineage: [WorkflowID],
        concurrency: Int
    ) {
        self.execution = execution
        self.address = address
        self.item = item
        self.depth = depth
        self.lineage = lineage
        self.concurrency = concurrency
    }

    var record: JSON {
        var object: JSONObject = [
            "execution": .string(execution.description), "depth": .int(Int64(depth)),
            "lineage": .array(lineage.map { .string($0.description) }),
        ]
        if !address.isEmpty { object["address"] = .string(address) }
        if let item { object["item"] = .int(Int64(item)) }
        if concurrency > 0 { object["concurrency"] = .int(Int64(concurrency)) }
        return .object(object)
    }

    init?(record: JSON?) {
        guard let record, let execution = record["execution"]?.string.flatMap(ExecutionID.init) else { return nil }
        self.init(
            execution: execution,
            address: record["address"]?.string ?? "",
            item: record["item"]?.integer.map { Int($0) },
            depth: Int(record["depth"]?.integer ?? 0),
            lineage: record["lineage"]?.array?.compactMap { $0.string.flatMap(WorkflowID.init) } ?? [],
            concurrency: Int(record["concurrency"]?.integer ?? 0)
        )
    }
}

/// A sub-workflow that a node run wants.
public struct ChildOrder: Sendable, Hashable {
    /// The execution it will be.
    public var id: ExecutionID
    /// The identifier or the name of the workflow.
    public var workflow: String
    /// The number or the tag of its version, or `latest`; `nil` is `latest` too.
    public var version: String?
    /// Its run inputs.
    public var inputs: JSON
}

/// How a child ended.
public struct ChildEnd: Sendable, Hashable {
    /// The child.
    public var id: ExecutionID
    /// Its place in the batch.
    public var item: Int?
    /// The public status.
    public var status: String
    /// Why it did not complete.
    public var error: NodeError?
    /// The values of its result by node; those of an item stay with the item.
    public var outputs: [String: Value]
    /// What it cost.
    public var cost: Money

    /// An end with these facts.
    public init(
        id: ExecutionID,
        item: Int?,
        status: String,
        error: NodeError?,
        outputs: [String: Value],
        cost: Money
    ) {
        self.id = id
        self.item = item
        self.status = status
        self.error = error
        self.outputs = outputs
        self.cost = cost
    }

    /// The end as a signal and the journal carry it.
    public var record: JSON {
        var object: JSONObject = ["child": .string(id.description), "status": .string(status)]
        if let item { object["item"] = .int(Int64(item)) }
        if let error { object["error"] = error.record }
        if !outputs.isEmpty { object["outputs"] = .sorted(outputs.mapValues(\.record)) }
        if cost != .zero { object["cost"] = .int(cost.nano) }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
        guard let id = record["child"]?.string.flatMap(ExecutionID.init), let status = record["status"]?.string else {
            return nil
        }
        var outputs: [String: Value] = [:]
        for member in record["outputs"]?.object ?? JSONObject() { outputs[member.key] = Value(record: member.value) }
        self.init(
            id: id,
            item: record["item"]?.integer.map { Int($0) },
            status: status,
            error: NodeError(record: record["error"]),
            outputs: outputs,
            cost: Money(nano: record["cost"]?.integer ?? 0)
        )
    }
}

/// Whom to tell about the end of a run (contract §7.10).
public struct CallbackOrder: Sendable, Hashable {
    /// Where to.
    public var url: String
    /// What the message is signed with as older records have it, in the clear; `nil` for no signature.
    public var secret: String?
    /// What the message is signed with, sealed; in base 64.
    public var sealedSecret: String?

    /// A callback to that address.
    public init(url: String, secret: String?) {
        self.url = url
        self.secret = secret
    }

    var record: JSON {
        var object: JSONObject = ["url": .string(url)]
        if let secret { object["secret"] = .string(secret) }
        if let sealedSecret { object["sealed"] = .string(sealedSecret) }
        return .object(object)
    }

    init?(record: JSON?) {
        guard let url = record?["url"]?.string else { return nil }
        self.init(url: url, secret: record?["secret"]?.string)
        sealedSecret = record?["sealed"]?.string
    }
}

extension ExecutionID {
    /// The identifier of a child, always the same: its time is that of the parent.
    ///
    /// - Parameters:
    ///   - address: The node run that wants it, in its text form; empty for an item of a batch.
    ///   - number: The number of the child there.
    /// - Returns: The identifier (engine.md §6).
    public func child(of address: String, _ number: Int) -> ExecutionID {
        let code = HMAC.sha256(Array("child:\(address):\(number)".utf8), key: bytes)
        return ExecutionID(bytes: Array(bytes.prefix(6) + code.prefix(10))) ?? self
    }
}
