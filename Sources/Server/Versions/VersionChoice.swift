import Storage
import Values

/// Which graph of a workflow is meant: its draft, the published version, or another one.
enum VersionChoice: Sendable, Hashable {
    /// The published version where there is one, else the draft.
    case standard
    /// What is being edited.
    case draft
    /// The published version.
    case published
    /// A version by its number or tag.
    case named(VersionName)

    /// Reads a number, a tag, `draft` or `published`.
    ///
    /// - Throws: ``APIError`` for anything else.
    init(_ json: JSON?) throws(APIError) {
        if let number = json?.integer {
            guard number > 0 else { throw .field("version", "must be at least 1") }
            self = .named(.number(number))
        } else if let text = json?.string {
            try self.init(text)
        } else if let json, !json.isNull {
            throw .field("version", "must be a number, a tag, \"draft\" or \"published\", not a \(json.kind)")
        } else {
            self = .standard
        }
    }

    /// Reads such a word of a path or a query.
    init(_ text: String) throws(APIError) {
        switch text {
        case "draft": self = .draft
        case "published": self = .published
        default:
            if let number = Int64(text), number > 0 {
                self = .named(.number(number))
            } else {
                guard VersionNote.isTag(text) else {
                    throw .field("version", "must be a number, a tag, \"draft\" or \"published\"")
                }
                self = .named(.tag(text))
            }
        }
    }
}

/// What a person says of a version when it is made.
struct VersionNote: Sendable {
    static let fields = ["message", "tag"]

    var message = ""
    var tag: String?

    /// - Throws: ``APIError`` when the tag could be taken for something else.
    init(_ fields: Fields) throws(APIError) {
        message = try fields.string("message", atMost: 2000) ?? ""
        tag = try fields.string("tag", atMost: 100)
        if let tag, !Self.isTag(tag) {
            throw .field(
                "tag",
                "must begin with a letter and have at most 100 of A-Z, a-z, 0-9, dot, _, + and -; not draft, published or diff"
            )
        }
    }

    init(message: String) { self.message = message }

    static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 100 else { return false }
        guard !["draft", "published", "diff", "latest"].contains(text) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || ".+-_".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
}

/// A stored graph of a workflow, and what it is called.
struct SavedGraph: Sendable {
    /// The hash of what runs.
    let runs: ContentHash
    /// The hash of the graph as it was written.
    let written: ContentHash
    /// The number of the version; `nil` for the draft.
    let version: Int64?
}

extension RunStarter {
    /// The graph that is meant.
    ///
    /// - Throws: ``APIError`` when the workflow has no such version.
    func saved(_ choice: VersionChoice, of row: WorkflowRow) async throws(APIError) -> SavedGraph {
        let draft = SavedGraph(runs: row.draft, written: row.draft, version: nil)
        switch choice {
        case .draft: return draft
        case .standard:
            guard let published = row.published else { return draft }
            return SavedGraph(runs: published.graph, written: published.graph, version: published.version)
        case .published:
            guard let published = row.published else {
                throw APIError(
                    .workflowNotPublished,
                    "The workflow \(row.name) is not published. Publish it with POST /workflows/\(row.id)/publish."
                )
            }
            return SavedGraph(runs: published.graph, written: published.graph, version: published.version)
        case .named(let name):
            guard let version = try await stored({ try await self.database.version(name, of: row.id) }) else {
                throw Self.noVersion
            }
            return SavedGraph(runs: version.locked, written: version.graph, version: version.version)
        }
    }

    static let noVersion = APIError(
        .resourceNotFound,
        "The workflow has no such version. GET /workflows/{id}/versions lists them.",
        ["kind": "version", "param": "version"]
    )
}
