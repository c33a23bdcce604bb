import FileSystem
import Values
import Workflows

/// The workflows in a folder and those below it, as files in JSON or YAML.
struct WorkflowFolder {
    /// A workflow with the file it stands in.
    struct File {
        let path: String
        /// The workflow as a request sends it; with `id` where the file says which one it is.
        let body: JSON
    }

    /// What cannot be read.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let deepest = 8
    private static let most = 200
    private static let fileBytes = 8 << 20

    private(set) var files: [File] = []
    /// Files that hold something else.
    private(set) var others: [String] = []

    /// Reads a folder.
    ///
    /// - Throws: ``Failure`` when it holds no workflow or one that cannot be read.
    init(_ path: String) throws {
        for file in Self.paths(in: path) { try read(file) }
        guard !files.isEmpty else { throw Failure(description: "There is no workflow in \(path).") }
        guard files.count <= Self.most else {
            throw Failure(description: "\(path) holds more than \(Self.most) workflows.")
        }
    }

    private mutating func read(_ path: String) throws {
        guard let bytes = try Folder.contents(of: path, atMost: Self.fileBytes) else {
            throw Failure(description: "\(path) is longer than 8 MiB.")
        }
        let json: JSON
        do {
            json = try WorkflowDocument.json(bytes, isYAML: !path.hasSuffix(".json"))
        } catch {
            throw Failure(description: "\(path): \(error)")
        }
        let held = json["workflow"]?.object == nil ? json : json["workflow"] ?? json
        guard held["nodes"] != nil, var body = held.object else {
            others.append(path)
            return
        }
        let document = try WorkflowDocument(parsing: bytes, fileName: path)
        body["name"] = .string(document.name)
        body["edges"] = held["edges"] ?? []
        if body["id"] == nil, let id = json["id"] { body["id"] = id }
        for name in ["millrace", "kind", "checksum"] { body[name] = Optional.none }
        files.append(File(path: path, body: .object(body)))
    }

    private static func paths(in folder: String, depth: Int = 0) -> [String] {
        guard depth <= deepest, let names = try? Folder.names(in: folder) else { return [] }
        return names.sorted().flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            if name.hasPrefix(".") { return [] }
            if Folder.isFolder(path) { return Folder.isLink(path) ? [] : paths(in: path, depth: depth + 1) }
            let isText = [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) }
            return isText && Folder.isRegularFile(path) ? [path] : []
        }
    }
}

/// The names that secrets and credentials have on another server.
struct SecretMap {
    private let secrets: [String: String]
    private let credentials: [String: String]

    /// Reads a file with `secrets` and `credentials`, each an object from the name here to the name there.
    init(_ path: String) throws {
        guard let bytes = try Folder.contents(of: path, atMost: 1 << 20) else {
            throw WorkflowFolder.Failure(description: "\(path) is longer than 1 MiB.")
        }
        let json = try WorkflowDocument.json(bytes, isYAML: !path.hasSuffix(".json"))
        func names(_ member: String) -> [String: String] {
            var names: [String: String] = [:]
            for pair in json[member]?.object ?? JSONObject() { names[pair.key] = pair.value.string }
            return names
        }
        secrets = names("secrets")
        credentials = names("credentials")
        guard !secrets.isEmpty || !credentials.isEmpty else {
            throw WorkflowFolder.Failure(
                description: "\(path) must hold \"secrets\" or \"credentials\", objects of names."
            )
        }
    }

    /// A workflow with the other names.
    func applied(to json: JSON, in member: String = "") -> JSON {
        switch json {
        case .string(let text):
            if member == "credentialId" { return .string(credentials[text] ?? text) }
            return .string(renamed(text))
        case .array(let list): return .array(list.map { applied(to: $0) })
        case .object(let object):
            return .object(
                JSONObject(object.map { .init(key: $0.key, value: applied(to: $0.value, in: $0.key)) })
            )
        default: return json
        }
    }

    /// A text in whose templates secrets have other names.
    private func renamed(_ text: String) -> String {
        guard text.utf8.count > 8, text.contains("{{") else { return text }
        var result = ""
        var rest = text[...]
        var isInside = false
        while let character = rest.first {
            if rest.hasPrefix("{{") { isInside = true }
            if rest.hasPrefix("}}") { isInside = false }
            let isFresh = result.last.map { !Self.isNamePart($0) && $0 != "." } ?? true
            if isInside, isFresh, rest.hasPrefix("secrets.") {
                let name = rest.dropFirst(8).prefix(while: Self.isNamePart)
                result += "secrets." + (secrets[String(name)] ?? String(name))
                rest = rest.dropFirst(8 + name.count)
            } else {
                result.append(character)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character == "_" || character.isASCII && (character.isLetter || character.isNumber)
    }
}
