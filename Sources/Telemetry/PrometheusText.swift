/// The text format in which Prometheus reads numbers (exposition format 0.0.4).
public struct PrometheusText: Sendable {
    /// The media type of the text.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text so far.
    public private(set) var text = ""

    /// No numbers.
    public init() {}

    /// Adds a family of numbers that only grow.
    public mutating func add(_ family: CounterFamily) {
        begin(family.name, family.help, "counter")
        for (values, count) in family.samples { line(family.name, family.labels, values, "\(count)") }
    }

    /// Adds a family of durations.
    public mutating func add(_ family: HistogramFamily) {
        begin(family.name, family.help, "histogram")
        for (values, sample) in family.samples {
            let bounds = family.bounds.map(Self.number) + ["+Inf"]
            for (bound, count) in zip(bounds, sample.cumulative) {
                line("\(family.name)_bucket", family.labels + ["le"], values + [bound], "\(count)")
            }
            line("\(family.name)_sum", family.labels, values, Self.number(sample.sum))
            line("\(family.name)_count", family.labels, values, "\(sample.cumulative.last ?? 0)")
        }
    }

    /// Adds numbers that rise and fall.
    public mutating func gauge(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        _ samples: [(values: [String], number: Double)]
    ) {
        begin(name, help, "gauge")
        for (values, number) in samples { line(name, labels, values, Self.number(number)) }
    }

    /// Adds a number that only grows.
    public mutating func counter(_ name: String, _ help: String, _ count: Int) {
        begin(name, help, "counter")
        line(name, [], [], "\(count)")
    }

    private mutating func begin(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: [String], _ values: [String], _ number: String) {
        text += name
        if !labels.isEmpty {
            let pairs = zip(labels, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(number)\n"
    }

    /// A number without a fraction that says nothing.
    private static func number(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
