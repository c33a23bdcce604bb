public import Values

import YAML

/// The text of a YAML or JSON document, in which values can be changed while everything else stays as it was written:
/// comments, order, indentation, quotes.
///
/// Every change is read back: the new text holds exactly the value asked for, or nothing has changed.
public struct DocumentText: Sendable {
    /// The text.
    public private(set) var text: String
    /// The value it holds.
    public private(set) var value: JSON

    let isJSON: Bool
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
        isJSON = !isYAML
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

    private static let maximumBytes = 8 << 20

    /// Makes changes, each in the document that the ones before it left.
    ///
    /// A JSON text in an unusual spelling, such as with escaped surrogates, is written anew with two spaces a level.
    ///
    /// - Throws: ``DocumentEditError`` when a path leads nowhere, or through a YAML alias, or the text is written in a way
    ///   in which the change cannot be made; then nothing has changed.
    public mutating func apply(_ edits: [DocumentEdit]) throws(DocumentEditError) {
        var wanted = value
        for edit in edits { wanted = try wanted.applying(edit) }
        guard let source else {
            text = wanted.indentedText + "\n"
            value = wanted
            return
        }
        for allowsLiteral in [true, false] {
            var draft = source
            draft.allowsLiteral = allowsLiteral
            try draft.apply(edits)
            guard draft.value == wanted else { continue }
            text = draft.text
            value = wanted
            self.source = draft
            return
        }
        throw DocumentEditError(
            description: "The text is written in a way in which \(edits.map(\.path.text).joined(separator: ", ")) "
                + "cannot be changed without changing more. Change it by hand."
        )
    }

    /// The way to the workflow in the document: inside `workflow` of an export, else the document itself.
    public var workflowPath: [PathStep] { value["workflow"]?.object == nil ? [] : ["workflow"] }

    /// The way to the node of that identifier; `nil` when there is none.
    public func path(ofNode id: String) -> [PathStep]? { path(of: id, in: "nodes") }

    /// The way to the edge of that identifier; `nil` when there is none.
    public func path(ofEdge id: String) -> [PathStep]? { path(of: id, in: "edges") }

    private func path(of id: String, in list: String) -> [PathStep]? {
        let path = workflowPath + [.member(list)]
        let place = value.value(at: path[...])?.array?.firstIndex { $0["id"]?.string == id }
        return place.map { path + [.element($0)] }
    }
}
