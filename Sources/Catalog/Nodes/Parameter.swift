public import Values

import Expressions

/// A setting of a node, with the values it may have.
public struct Parameter: Sendable, Hashable {
    /// How a text that holds CEL is used.
    public enum ExpressionUse: String, Sendable, Hashable, CaseIterable {
        /// Evaluated once, before the node runs.
        case value
        /// Evaluated by the node for each item, with `item` and `index`.
        case item
        /// Evaluated by the node for each item, with `item`, `index`, and with what it gave for the last one as `value`.
        case fold
    }

    /// The name.
    public var id: String
    /// The name for people.
    public var label: String
    /// What it does, for people.
    public var description: String?
    /// The type of its value.
    public var type: PortType
    /// Whether the node cannot run without it.
    public var isRequired: Bool
    /// The value when nothing sets it.
    public var defaultValue: JSON?
    /// The values it may have; empty for all of the type.
    public var options: [JSON]
    /// The smallest number.
    public var minimum: Double?
    /// The largest number.
    public var maximum: Double?
    /// Whether the number must be whole.
    public var isInteger: Bool
    /// The longest text in characters.
    public var maximumLength: Int?
    /// Whether a text is a text template.
    public var isTemplate: Bool
    /// Whether a text is a CEL expression, and how it is used.
    public var expression: ExpressionUse?
    /// Whether the field may name secrets, and is hidden in the editor.
    public var isSecret: Bool
    /// How the editor asks for it: `multiline`, `model`, `color`, …; `nil` by type.
    public var widget: String?
    /// The unit of the number, for people.
    public var unit: String?
    /// Other names that settings may use for it.
    public var aliases: [String]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow([
            "id", "label", "description", "type", "required", "default", "options", "min", "max", "integer",
            "maxLength", "template", "expression", "secret", "widget", "unit", "aliases",
        ])
        id = try reader.string("id")
        label = try reader.optionalString("label") ?? id.asLabel
        description = try reader.optionalString("description")
        type = try reader.portType("type")
        isRequired = try reader.bool("required")
        defaultValue = reader.value("default")
        options = reader.value("options")?.array ?? []
        minimum = try reader.optionalNumber("min")
        maximum = try reader.optionalNumber("max")
        isInteger = try reader.bool("integer")
        maximumLength = try reader.optionalInteger("maxLength").map(Int.init)
        isTemplate = try reader.bool("template")
        expression = try reader.optionalWord("expression")
        isSecret = try reader.bool("secret")
        widget = try reader.optionalString("widget")
        unit = try reader.optionalString("unit")
        aliases = try reader.strings("aliases")
        if let defaultValue, let problem = problem(with: defaultValue) { throw reader.error("default", problem) }
    }

    /// What is wrong with a value for this parameter, or `nil` when it may be set.
    public func problem(with value: JSON) -> String? {
        if !options.isEmpty, !options.contains(value) {
            return "must be one of: \(options.map { $0.string ?? $0.text }.joined(separator: ", "))"
        }
        switch type {
        case .text:
            guard let text = value.string else { return "must be a text, not a \(value.kind)" }
            if widget == "pattern", !text.contains("{{") {
                do { _ = try Pattern(text) } catch { return "is no pattern: \(error)" }
            }
            if let maximumLength, text.count > maximumLength {
                return "must have at most \(maximumLength) characters, not \(text.count)"
            }
        case .number:
            guard let number = value.number else { return "must be a number, not a \(value.kind)" }
            if isInteger, value.integer == nil { return "must be a whole number" }
            if let minimum, number < minimum { return "must be at least \(JSON.double(minimum).text)" }
            if let maximum, number > maximum { return "must be at most \(JSON.double(maximum).text)" }
        case .boolean:
            guard value.bool != nil else { return "must be true or false, not a \(value.kind)" }
        case .json, .any, .image, .video, .audio, .model3D, .file: break
        }
        return nil
    }
}
