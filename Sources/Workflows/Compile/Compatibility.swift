public import Catalog
public import Values

/// Which output may be connected to which input (contract §9.3).
public enum Compatibility {
    /// Whether a value of the output can be passed to the input, converted if need be.
    public static func allows(_ output: OutputPort, _ input: InputPort) -> Bool {
        if output.role != input.role, input.role == "svg" || output.role == "svg", input.type != .file { return false }
        return allows(output.type, input.type)
    }

    /// Whether a value of one type can be passed as another, converted if need be.
    public static func allows(_ from: PortType, _ to: PortType) -> Bool {
        if from == to || from == .any || to == .any { return true }
        return switch (from, to) {
        case (.number, .text), (.boolean, .text), (.json, .text), (.text, .json), (.text, .number), (.text, .boolean),
            (.number, .json), (.boolean, .json):
            true
        case (.text, _): to.isMedia
        case (_, .text), (_, .json): from.isMedia
        case (_, .file): from.isMedia
        default: false
        }
    }

    /// Whether the conversion fetches an address.
    public static func fetches(_ output: OutputPort, _ input: InputPort) -> Bool {
        output.type == .text && input.type.isMedia
    }
}
