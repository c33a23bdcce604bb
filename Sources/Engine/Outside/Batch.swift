public import Values

/// What a batch runs its workflow for, item by item; stored once, with the batch.
public struct BatchSpec: Sendable, Hashable {
    /// How several lists go together; the raw value is the word on the wire.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Side by side; the lists have equal length.
        case zip
        /// All combinations, the last list fastest.
        case product
    }

    /// What a failed item means for the others; the raw value is the word on the wire.
    public enum OnError: String, Sendable, Hashable, CaseIterable {
        /// The others go on.
        case `continue`
        /// Nothing more starts, what runs is cancelled.
        case failFast = "fail_fast"
        /// As ``failFast`` once more than so many have failed.
        case threshold
    }

    /// A list of values for a port or parameter of a node.
    public struct Axis: Sendable, Hashable {
        /// The node.
        public var node: String
        /// The port or parameter.
        public var port: String
        /// The values.
        public var items: [Value]

        /// A list for that port.
        public init(node: String, port: String, items: [Value]) {
            self.node = node
            self.port = port
            self.items = items
        }
    }

    /// The lists, at least one.
    public var axes: [Axis]
    /// How they go together.
    public var mode: Mode
    /// How many items compute at once, from 1 to 100.
    public var concurrency: Int
    /// What a failed item means for the others.
    public var onError: OnError
    /// How many items may fail under ``OnError/threshold``.
    public var maximumFailures: Int
    /// The items that are run, by their places among all; `nil` for all of them.
    public var only: [Int]?

    /// The most items of a batch.
    public static let maximumItems = 10_000

    /// A batch over these lists.
    public init(axes: [Axis], mode: Mode, concurrency: Int, onError: OnError, maximumFailures: Int) {
        self.axes = axes
        self.mode = mode
        self.concurrency = concurrency
        self.onError = onError
        self.maximumFailures = maximumFailures
    }

    /// The number of items that are run.
    public var total: Int { only?.count ?? all }

    /// The number of items that there are.
    private var all: Int {
        switch mode {
        case .zip: axes.first?.items.count ?? 0
        case .product:
            axes.reduce(1) { product, axis in
                let (count, overflow) = product.multipliedReportingOverflow(by: axis.items.count)
                return overflow ? .max : count
            }
        }
    }

    /// How many items are started ahead: twice as many as compute at once (engine.md §5, rule 7).
    var window: Int { 2 * concurrency }

    /// The place among all items of one that is run.
    public func place(of number: Int) -> Int {
        only.map { $0.indices.contains(number) ? $0[number] : number } ?? number
    }

    /// The place in each list that belongs to an item that is run.
    public func places(at number: Int) -> [Int] {
        let item = place(of: number)
        guard mode == .product else { return axes.map { _ in item } }
        var places: [Int] = []
        var rest = item
        for axis in axes.reversed() {
            places.append(rest % max(1, axis.items.count))
            rest /= max(1, axis.items.count)
        }
        return places.reversed()
    }

    /// The values of an item, by node and then by port.
    public func values(at item: Int) -> [String: [String: Value]] {
        var values: [String: [String: Value]] = [:]
        for (axis, place) in zip(axes, places(at: item)) where axis.items.indices.contains(place) {
            values[axis.node, default: [:]][axis.port] = axis.items[place]
        }
        return values
    }

    var record: JSON {
        var object: JSONObject = [
            "axes": .array(
                axes.map {
                    [
                        "node": .string($0.node), "port": .string($0.port), "items": .array($0.items.map(\.record)),
                    ]
                }
            ),
            "mode": .string(mode.rawValue), "concurrency": .int(Int64(concurrency)),
            "onError": .string(onError.rawValue), "maxFailures": .int(Int64(maximumFailures)),
        ]
        if let only { object["only"] = .array(only.map { .int(Int64($0)) }) }
        return .object(object)
    }

    init?(record: JSON?) {
        guard let record, let axes = record["axes"]?.array, let mode = record["mode"]?.string.flatMap(Mode.init) else {
            return nil
        }
        self.init(
            axes: axes.map { axis in
                Axis(
                    node: axis["node"]?.string ?? "",
                    port: axis["port"]?.string ?? "",
                    items: axis["items"]?.array?.compactMap(Value.init(record:)) ?? []
                )
            },
            mode: mode,
            concurrency: Int(record["concurrency"]?.integer ?? 1),
            onError: record["onError"]?.string.flatMap(OnError.init) ?? .continue,
            maximumFailures: Int(record["maxFailures"]?.integer ?? 0)
        )
        only = record["only"]?.array?.compactMap { $0.integer.map { Int($0) } }
    }
}

/// Where a batch stands.
public struct BatchState: Sendable {
    /// What it runs for.
    let spec: BatchSpec
    /// The number of items.
    public let total: Int
    /// How many items were started, in order.
    public internal(set) var started = 0
    /// The items that were started and have not ended.
    public internal(set) var open: Set<Int> = []
    /// How many items have completed.
    public internal(set) var completed = 0
    /// How many items have failed.
    public internal(set) var failed = 0
    /// How many items were cancelled.
    public internal(set) var cancelled = 0
    /// What the ended items cost.
    public internal(set) var cost = Money.zero

    init(_ spec: BatchSpec) {
        self.spec = spec
        total = spec.total
    }

    /// Whether so many items have failed that nothing more may start.
    var isStopped: Bool {
        switch spec.onError {
        case .continue: false
        case .failFast: failed > 0
        case .threshold: failed > spec.maximumFailures
        }
    }

    var view: BatchView {
        BatchView(
            total: total,
            started: started,
            completed: completed,
            failed: failed,
            cancelled: cancelled,
            cost: cost
        )
    }
}

/// The items of a batch in numbers.
public struct BatchView: Sendable, Hashable {
    /// All items.
    public var total: Int
    /// Those that were started.
    public var started: Int
    /// Those that have completed.
    public var completed: Int
    /// Those that have failed.
    public var failed: Int
    /// Those that were cancelled after they had started.
    public var cancelled: Int
    /// What the ended ones cost.
    public var cost: Money

    /// Those that have ended.
    public var ended: Int { completed + failed + cancelled }
    /// Those that were started and have not ended.
    public var running: Int { started - ended }
    /// Those that were not started.
    public var queued: Int { total - started }

    var record: JSON {
        [
            "total": .int(Int64(total)), "started": .int(Int64(started)), "completed": .int(Int64(completed)),
            "failed": .int(Int64(failed)), "cancelled": .int(Int64(cancelled)), "cost": .int(cost.nano),
        ]
    }
}

extension BatchView {
    init?(record: JSON?) {
        guard let record else { return nil }
        func count(_ name: String) -> Int { Int(record[name]?.integer ?? 0) }
        self.init(
            total: count("total"),
            started: count("started"),
            completed: count("completed"),
            failed: count("failed"),
            cancelled: count("cancelled"),
            cost: Money(nano: record["cost"]?.integer ?? 0)
        )
    }
}
