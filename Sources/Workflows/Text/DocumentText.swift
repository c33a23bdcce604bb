public import Values

import YAML

/// The text of a YAML or JSON document, in which values can be changed while everything else stays as it was written:
/// comments, order, indentation, quotes.
///
/// Every change is read back. Where the text around a place is written in a way that does not allow the change, as with
/// YAML anchors, the nearest value around it that can be is written anew.
public struct DocumentText: Sendable {
    /// The text.
    public private(set) var text: String
    /// The value it holds.
    public private(set) var value: JSON

    /// The places of the values; `nil` for a JSON text in an unusual spelling, such as with escaped surrogates.
    private var source: DocumentSource?

    /// Reads a text of at most 8 MiB.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - isYAML: Whether it is YAML; JSON otherwise.
    /// - Throws: ``WorkflowDocument/ReadError`` with the place where that is known.
    public init(_ text: String, isYAML: Bool) throws(WorkflowDocument.ReadError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw WorkflowDocument.ReadError(description: "The file is longer than 8 MiB.")
        }
        self.text = text
        do {
            if isYAML {
                guard let root = try YAMLParser.parse(text) else {
                    throw WorkflowDocument.ReadError(description: "The file is empty.")
                }
                value = try JSON(yaml: root)
                source = DocumentSource(text, root, isJSON: false)
            } else {
                value = try JSON(parsing: text, limits: JSONLimits(depth: 64, bytes: Self.maximumBytes))
                source = DocumentSource(json: text, holding: value)
            }
        } catch let error as WorkflowDocument.ReadError {
            throw error
        } catch {
            throw WorkflowDocument.ReadError(description: "\(error)")
        }
    }

    static let maximumBytes = 8 << 20

    /// Makes changes, each in the document that the ones before it left.
    ///
    /// - Throws: ``WorkflowDocument/ReadError`` when a place is not there; then nothing has changed.
    public mutating func apply(_ changes: [JSONChange]) throws(WorkflowDocument.ReadError) {
        guard let wanted = value.applying(changes) else {
            throw WorkflowDocument.ReadError(
                description:
                    "The document lacks a place of the change \(changes.map(\.json.text).joined(separator: ", "))."
            )
        }
        guard source != nil else {
            (text, value) = (wanted.indentedText + "\n", wanted)
            return
        }
        // As many at once as stand apart; half as many when those do not hold, in the end one.
        var draft = self
        var rest = changes[...]
        var limit = changes.count
        while let first = rest.first {
            let batch = draft.source?.batch(rest.prefix(limit)) ?? []
            if batch.count > 1 {
                guard let wanted = draft.value.applying(Array(rest.prefix(batch.count))),
                    let next = draft.source?.splicing(batch, toHold: wanted)
                else {
                    limit = batch.count / 2
                    continue
                }
                (draft.source, draft.text, draft.value) = (next, next.text, wanted)
                rest = rest.dropFirst(batch.count)
                limit = min(changes.count, limit * 2)
            } else {
                try draft.apply(first)
                rest = rest.dropFirst()
                limit = min(changes.count, max(2, limit) * 2)
            }
        }
        self = draft
    }

    private mutating func apply(_ change: JSONChange) throws(WorkflowDocument.ReadError) {
        guard let source, let wanted = value.applying([change]) else {
            throw WorkflowDocument.ReadError(description: "The document cannot be changed.")
        }
        // From the place itself outwards, until the text holds what it is to hold.
        for attempt in [change] + wanted.rewritings(around: change.path) {
            for allowsLiteral in [true, false] {
                guard let draft = source.applying(attempt, toHold: wanted, allowsLiteral: allowsLiteral) else {
                    continue
                }
                (self.source, text, value) = (draft, draft.text, wanted)
                return
            }
        }
        let draft = try DocumentText(
            source.isJSON ? wanted.indentedText + "\n" : wanted.yamlText,
            isYAML: !source.isJSON
        )
        (self.source, text, value) = (draft.source, draft.text, wanted)
    }
}

extension JSON {
    /// The changes that write the values on the way to a place anew, the innermost first.
    fileprivate func rewritings(around path: [String]) -> [JSONChange] {
        var changes: [JSONChange] = []
        var value: JSON? = self
        for (depth, name) in path.enumerated() {
            guard let here = value else { break }
            changes.append(JSONChange(Array(path.prefix(depth)), .replace(here)))
            value = here.array == nil ? here[name] : Int(name).flatMap { here[$0] }
        }
        return changes.reversed()
    }
}
