import Values

extension Operation {
    /// Refuses items of the query that are not as described: other words, or too long texts.
    ///
    /// What only the route knows, such as the range of a number, it checks itself.
    func check(_ items: [(name: String, value: String)]) throws(APIError) {
        for item in items {
            guard let parameter = query.first(where: { $0.name == item.name }), item.name != "cursor" else { continue }
            if let words = parameter.schema["enum"]?.array?.compactMap(\.string), !words.contains(item.value) {
                throw Self.refused(item.name, "must be one of: \(words.joined(separator: ", "))")
            }
            if parameter.schema["type"] == "boolean", item.value != "true", item.value != "false" {
                throw Self.refused(item.name, "must be true or false")
            }
            if let length = parameter.schema["maxLength"]?.integer, item.value.unicodeScalars.count > length {
                throw Self.refused(item.name, "must have at most \(length) characters")
            }
        }
    }

    private static func refused(_ name: String, _ reason: String) -> APIError {
        APIError(.invalidFilter, "\(name) \(reason).", ["field": .string(name), "param": .string(name)])
    }
}
