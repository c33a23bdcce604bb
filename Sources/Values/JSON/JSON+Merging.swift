extension JSON {
    /// This value with another merged over it: objects merge member by member, all else replaces, null deletes
    /// (RFC 7396).
    public func merging(_ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var object = self.object ?? JSONObject()
        let deleted = Set(changes.lazy.filter(\.value.isNull).map(\.key))
        if !deleted.isEmpty { object = JSONObject(object.filter { !deleted.contains($0.key) }) }
        for member in changes where !member.value.isNull {
            object[member.key] = (object[member.key] ?? .null).merging(member.value)
        }
        return .object(object)
    }
}
