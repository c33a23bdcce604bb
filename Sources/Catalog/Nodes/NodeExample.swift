public import Values

/// What a node makes of some settings and inputs.
///
/// Media stands as its facts, with `sha256`; a list for a list port is the list of its items.
public struct NodeExample: Sendable {
    /// The settings.
    public let config: JSONObject
    /// The values at the input ports.
    public let inputs: JSONObject
    /// The values at the output ports; a port that is not named gives nothing.
    public let outputs: JSONObject
    /// What is worth noting, for people.
    public let note: String?

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["config", "inputs", "outputs", "note"])
        config = try reader.optionalReader("config")?.object ?? JSONObject()
        inputs = try reader.optionalReader("inputs")?.object ?? JSONObject()
        outputs = try reader.optionalReader("outputs")?.object ?? JSONObject()
        note = try reader.optionalString("note")
    }
}
