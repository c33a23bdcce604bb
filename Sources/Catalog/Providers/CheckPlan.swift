/// A call that costs nothing and shows whether a credential is right.
public struct CheckPlan: Sendable, Hashable {
    /// The path behind the base address.
    public let path: String
    /// The statuses besides 2xx that a right credential may get, such as 404 for a job that does not exist.
    public let authorised: [Int]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["url", "authorised"])
        path = try reader.string("url")
        guard path.hasPrefix("/"), !path.contains("${"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw reader.error("url", "must be a fixed path behind baseUrl, beginning with /")
        }
        authorised = try reader.integers("authorised", 200...499)
    }
}
