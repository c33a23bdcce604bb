import Values

/// The fields of a page for the schema of an approval's data: one for each simple property, else one for JSON.
struct ApprovalForm {
    /// A field of the page.
    struct Field {
        let name: String
        let label: String
        let type: String
        let choices: [String]
        let isRequired: Bool
    }

    /// The fields; `nil` when the schema is not that of an object of simple values.
    let fields: [Field]?
    /// Whether data is asked for at all.
    let isWanted: Bool

    init(_ schema: JSON) {
        isWanted = !schema.isNull
        guard let properties = schema["properties"]?.object, properties.count <= 50 else {
            fields = nil
            return
        }
        let required = schema["required"]?.array?.compactMap(\.string) ?? []
        var fields: [Field] = []
        for member in properties {
            let choices = member.value["enum"]?.array
            let type = member.value["type"]?.string ?? (choices == nil ? "" : "string")
            guard ["string", "number", "integer", "boolean"].contains(type),
                choices?.allSatisfy({ $0.string != nil }) ?? true
            else {
                self.fields = nil
                return
            }
            fields.append(
                Field(
                    name: member.key,
                    label: member.value["title"]?.string ?? member.key,
                    type: type,
                    choices: choices?.compactMap(\.string) ?? [],
                    isRequired: required.contains(member.key)
                )
            )
        }
        self.fields = fields
    }

    /// What the fields of a sent form say.
    ///
    /// - Throws: ``APIError`` for a field that cannot be read.
    func decision(_ items: [(name: String, value: String)]) throws(APIError) -> (comment: String?, data: JSON) {
        func value(_ name: String) -> String? { items.first { $0.name == name && !$0.value.isEmpty }?.value }
        let comment = value("comment")
        guard isWanted else { return (comment, .null) }
        guard let fields else {
            guard let text = value("data") else { return (comment, .null) }
            guard let json = try? JSON(parsing: text) else { throw .field("data", "must be JSON") }
            return (comment, json)
        }
        var data = JSONObject()
        for field in fields {
            guard let text = value("data.\(field.name)") else {
                if field.type == "boolean" { data[field.name] = false }
                continue
            }
            switch field.type {
            case "boolean": data[field.name] = true
            case "string": data[field.name] = .string(text)
            default:
                guard let json = try? JSON(parsing: text), json.number != nil else {
                    throw .field("data.\(field.name)", "must be a number")
                }
                data[field.name] = json
            }
        }
        return (comment, .object(data))
    }
}
