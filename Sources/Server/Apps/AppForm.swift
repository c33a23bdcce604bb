import Values

/// The form of an app: a field for each input, by its type.
struct AppForm {
    let settings: AppSettings
    /// The inputs as they are described (contract §7.2).
    let inputs: [JSON]
    /// What was sent before, to be shown again.
    var sent: [String: String] = [:]
    /// What was wrong with it.
    var problem: String?

    private static let media = [
        "image": "image/*", "video": "video/*", "audio": "audio/*", "model_3d": ".glb,.gltf,.obj,.stl", "file": "",
    ]

    /// Whether files belong to the form.
    var hasFiles: Bool { inputs.contains { Self.media[$0["type"]?.string ?? ""] != nil } }

    var page: PageText {
        let fields = inputs.map(field).joined(separator: "\n")
        let encoding = hasFiles ? " enctype=\"multipart/form-data\"" : ""
        let problem = problem.map { "<p class=\"bad\" role=\"alert\">\($0.escapedForHTML)</p>" } ?? ""
        return PageText(
            title: settings.name,
            body: """
                <h1>\(settings.name.escapedForHTML)</h1>
                <p class="soft">\(settings.description.escapedForHTML)</p>
                \(problem)
                <form method="post" action="/apps/\(settings.slug)"\(encoding)>
                \(fields)
                <button type="submit">Run</button>
                </form>
                """
        )
    }

    /// The inputs that a form holds, without its files; fields that are left empty are left out.
    ///
    /// - Throws: ``APIError`` naming the field that cannot be read.
    func values(_ form: FormBody) throws(APIError) -> JSONObject {
        var values = JSONObject()
        for input in inputs {
            guard let name = input["name"]?.string else { continue }
            let text = form[name] ?? ""
            switch input["type"]?.string {
            case "boolean": values[name] = .bool(!text.isEmpty)
            case let type? where Self.media[type] != nil: continue
            case _ where text.isEmpty: continue
            case "number":
                guard let number = try? JSON(parsing: Array(text.utf8)), number.number != nil else {
                    throw .field(name, "must be a number")
                }
                values[name] = number
            case "json":
                guard let json = try? JSON(parsing: Array(text.utf8), limits: .request) else {
                    throw .field(name, "must be JSON")
                }
                values[name] = json
            default: values[name] = .string(text)
            }
        }
        return values
    }

    /// Whether a file of that name belongs to the form.
    func takesFile(_ name: String) -> Bool {
        inputs.contains { $0["name"]?.string == name && Self.media[$0["type"]?.string ?? ""] != nil }
    }

    private func field(_ input: JSON) -> String {
        let name = input["name"]?.string ?? ""
        let type = input["type"]?.string ?? "text"
        let isRequired = input["required"]?.bool == true
        let given = sent[name] ?? input["default"].map { $0.string ?? ($0.isNull ? "" : $0.text) } ?? ""
        let hint = input["description"]?.string.map { "<small>\($0.escapedForHTML)</small>" } ?? ""
        let label = (input["label"]?.string ?? name).escapedForHTML + (isRequired ? "" : " (optional)")
        let attributes = "name=\"\(name.escapedForHTML)\"\(isRequired ? " required" : "")"
        if let accept = Self.media[type] {
            return "<label>\(label)\(hint)<input type=\"file\" accept=\"\(accept)\" \(attributes)></label>"
        }
        switch type {
        case "boolean":
            let isOn = given == "true" ? " checked" : ""
            return
                "<label><input type=\"checkbox\" value=\"true\" name=\"\(name.escapedForHTML)\"\(isOn)>\(label)\(hint)</label>"
        case "select":
            let options = (input["options"]?.array ?? []).map { option in
                let value = option.string ?? option["value"]?.string ?? option.text
                let shown = option["label"]?.string ?? value
                let mark = value == given ? " selected" : ""
                return "<option value=\"\(value.escapedForHTML)\"\(mark)>\(shown.escapedForHTML)</option>"
            }
            return "<label>\(label)\(hint)<select \(attributes)>\(options.joined())</select></label>"
        case "number":
            return
                "<label>\(label)\(hint)<input type=\"number\" step=\"any\" value=\"\(given.escapedForHTML)\" \(attributes)></label>"
        case "url":
            return "<label>\(label)\(hint)<input type=\"url\" value=\"\(given.escapedForHTML)\" \(attributes)></label>"
        default:
            let limit = input["maxLength"]?.integer.map { " maxlength=\"\($0)\"" } ?? ""
            return
                "<label>\(label)\(hint)<textarea rows=\"4\" \(attributes)\(limit)>\(given.escapedForHTML)</textarea></label>"
        }
    }
}

/// What a run of an app has come to, for people.
struct AppResult {
    let settings: AppSettings
    /// The body of a poll.
    let state: JSON

    var page: PageText {
        let status = state["status"]?.string ?? ""
        let back = "<p><a href=\"/apps/\(settings.slug)\">Run it again</a></p>"
        let body: String
        switch status {
        case "COMPLETED":
            let outputs = state["finalOutput"]?["outputs"]?.object ?? JSONObject()
            let shown = outputs.map { output in
                let heading = outputs.count > 1 ? "<h2>\(output.key.escapedForHTML)</h2>" : ""
                return heading + Self.shown(output.value)
            }
            body = shown.joined(separator: "\n") + back
        case "FAILED", "CANCELLED":
            let reason = state["error"]?.string ?? "It was stopped."
            body = "<p class=\"bad\" role=\"alert\">\(reason.escapedForHTML)</p>\(back)"
        default:
            let progress = state["progress"]?.number ?? 0
            body = """
                <p class="soft">\(state["waiting"]?["reason"] == nil ? "Working on it." : "Waiting its turn.")
                This page looks again by itself.</p><progress max="1" value="\(progress)"></progress>
                """
        }
        return PageText(
            title: settings.name,
            body: "<h1>\(settings.name.escapedForHTML)</h1>\n\(body)",
            refresh: status == "RUNNING" ? 2 : nil
        )
    }

    private static func shown(_ value: JSON) -> String {
        if let list = value.array, list.contains(where: { $0["url"] != nil }) {
            return list.prefix(100).map(shown).joined(separator: "\n")
        }
        guard let url = value["url"]?.string, let type = value["mimeType"]?.string else {
            return "<pre>\((value.string ?? value.indentedText).escapedForHTML)</pre>"
        }
        let link = url.escapedForHTML
        let save = "<p><a href=\"\(link)\" download>Save it</a></p>"
        if type.hasPrefix("image/") { return "<img alt=\"Result\" src=\"\(link)\">\(save)" }
        if type.hasPrefix("video/") { return "<video controls src=\"\(link)\"></video>\(save)" }
        if type.hasPrefix("audio/") { return "<audio controls src=\"\(link)\"></audio>\(save)" }
        return save
    }
}
