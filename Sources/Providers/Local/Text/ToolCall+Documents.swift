import Assets
import Catalog
import Engine
import FileSystem
import Values

extension ToolCall {
    /// The rows of a file of comma-separated values.
    func readRows() async throws(NodeError) -> [Value] {
        let media = try media("file")
        let path = tools.assets.path(of: media.hash)
        let bytes = try await blocking { () throws(FileError) in
            try Folder.contents(of: path, atMost: CSVTable.maximumBytes)
        }
        guard let bytes else {
            throw NodeError(.invalidInput, "The table is larger than \(CSVTable.maximumBytes) bytes.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NodeError(.invalidInput, "The table is no text in UTF-8. Save it as CSV UTF-8.")
        }
        let hasNames = try settings.flag("header", or: true)
        do {
            return try CSVTable(text, delimiter: settings.text("delimiter") ?? ",", hasNames: hasNames)
                .records.map(Value.json)
        } catch {
            throw NodeError(.invalidInput, "The table could not be read: \(error)")
        }
    }

    /// Markdown as HTML, without the HTML that stands in it and without addresses that could do harm.
    func writeHTML() async throws(NodeError) -> String {
        let markdown = try text("text")
        try await write(Array(markdown.utf8), as: "in.md")
        let extensions = ["table", "strikethrough", "tasklist", "autolink"].flatMap { ["-e", $0] }
        return try await run(.markdown, extensions + ["in.md"])
    }
}
