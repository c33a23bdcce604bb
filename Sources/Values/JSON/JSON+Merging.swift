extension JSON {
    /// This value with another merged over it: objects merge member by member, all else replaces, null deletes
    /// (RFC 7396).
    public func merging(_ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var object = self.object ?? JSONObject()
        for member in changes {
            // A bare `nil` would be the literal `null` here.
            let merged = (object[member.key] ?? .null).merging(member.value)
            object[member.key] = member.value.isNull ? Optional.none : merged
        }
        return .object(object)
    }
}
