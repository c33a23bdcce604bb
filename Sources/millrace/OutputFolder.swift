import Assets
import Engine
import FileSystem
import Values

/// Writes what a run has made: each result in a file named after its node, and `result.json` with all of them.
struct OutputFolder {
    let path: String
    let assets: AssetStore

    func write(_ view: RunView) async throws {
        var result = JSONObject()
        for id in view.results {
            guard let node = view.nodes.first(where: { $0.id == id }), !node.outputs.isEmpty else { continue }
            let name = String(id.map { $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : "_" })
            var members = JSONObject()
            for (port, value) in node.outputs.sorted(by: { $0.key < $1.key }) {
                members[port] = try await write(value, node.outputs.count == 1 ? name : "\(name)-\(port)")
            }
            result[id] = node.outputs.count == 1 ? members.first?.value : .object(members)
        }
        try save(Array((JSON.object(result).indentedText + "\n").utf8), as: "result.json")
    }

    /// - Returns: The value as `result.json` shows it: media as its file name.
    private func write(_ value: Value, _ name: String) async throws -> JSON {
        switch value {
        case .json(.string(let text)):
            try save(Array((text + "\n").utf8), as: "\(name).txt")
            return .string(text)
        case .json(let json): return json
        case .media(let media):
            let file = "\(name).\(media.fileExtension)"
            try save(try await assets.bytes(of: media.hash, atMost: 1 << 30), as: file)
            return .string(file)
        case .list(let items):
            var list: [JSON] = []
            for (place, item) in items.enumerated() { list.append(try await write(item, "\(name)-\(place + 1)")) }
            return .array(list)
        }
    }

    private func save(_ bytes: [UInt8], as name: String) throws {
        var file = try File(writing: "\(path)/\(name)")
        try file.write(bytes.span)
    }
}
