import Expressions
public import Values

/// How an attempt through one offer is made: the manifests of the offer and its provider, merged and compiled.
public final class OfferPlan: Sendable {
    /// The offer.
    public let offer: Offer
    /// The provider's name.
    public let provider: String
    /// The provider's manifest; `nil` for local tools.
    public let manifest: Provider?
    /// Constants of the provider and the offer, with the price table as `price`.
    public let variables: JSON
    /// What is sent and how answers are read.
    public let envelope: Envelope
    /// How an answer comes in pieces; `nil` when it never does, or when its text is no output of the node type.
    public let stream: StreamPlan?
    /// What it costs; `nil` when it is free.
    public let price: PricePlan?

    init(
        offer: Offer,
        type: NodeType,
        providers: [String: Provider],
        prices: PricePatch? = nil
    ) throws(ManifestError) {
        self.offer = offer
        provider = offer.provider
        manifest = providers[offer.provider]
        var merged = offer.source
        if !offer.isLocal {
            guard let manifest else {
                throw offer.reader.error("provider", "names the unknown provider \(offer.provider)")
            }
            merged = try Self.merged(offer, manifest)
        }
        if let prices { merged = merged.merging(["price": prices.json]) }
        var reader = try ManifestReader(merged, file: offer.reader.file, path: offer.reader.path)
        reader.names = Self.names(merged, offer, type, manifest)
        do throws(ManifestError) {
            envelope = try Envelope(reader, isComplete: true, isForDevelopment: manifest?.isForDevelopment ?? false)
        } catch {
            throw Self.naming(error, offer)
        }
        do throws(ManifestError) {
            price = try reader.optionalReader("price").map { price throws(ManifestError) in
                try PricePlan(price, isComplete: !offer.isLocal)
            }
        } catch {
            throw prices.map { $0.blamed(for: error, at: reader.place("price")) } ?? Self.naming(error, offer)
        }
        let streamsText = envelope.stream?.append.allSatisfy { type.output($0.name)?.type == .text } ?? false
        stream = streamsText ? envelope.stream : nil
        variables = (merged["vars"] ?? .object(JSONObject())).merging(["price": price?.table ?? .object(JSONObject())])
        try check(reader, type)
    }

    /// The error, with the provider named where the offer itself does not say what is wrong.
    private static func naming(_ error: ManifestError, _ offer: Offer) -> ManifestError {
        let member = error.path.dropFirst(offer.reader.path.count).drop { $0 == "." }.prefix { $0 != "." && $0 != "[" }
        guard !offer.isLocal, offer.source[String(member)] == nil else { return error }
        var error = error
        error.reason += " (so says the provider \(offer.provider))"
        return error
    }

    /// The names that the expressions of the merged manifest may use.
    private static func names(_ merged: JSON, _ offer: Offer, _ type: NodeType, _ manifest: Provider?) -> ManifestNames
    {
        func keys(_ json: JSON?) -> Set<String> { Set(json?.object?.map(\.key) ?? []) }
        var keeps = [merged["callback"], merged["stream"], merged["onUnknown"]?["lookup"]].compactMap { $0?["keep"] }
        keeps += merged["calls"]?.object?.compactMap { $0.value["keep"] } ?? []
        keeps += merged["media"]?["upload"]?["steps"]?.array?.compactMap { $0["keep"] } ?? []
        var members: [String: Set<String>] = [
            "params": Set(type.parameters.map(\.id)), "vars": keys(merged["vars"]).union(["price"]),
            "keep": keeps.reduce(into: []) { $0.formUnion(keys($1)) },
        ]
        if !type.hasDynamicPorts { members["inputs"] = Set(type.inputs.map(\.id)) }
        if let manifest { members["secrets"] = Set(manifest.secrets.map(\.name)) }
        // What a wire says is said for many node types, of which each has only some of the ports and settings.
        let varying: Set<String> = offer.wire == nil ? ["vars", "keep"] : ["vars", "keep", "inputs", "params"]
        return ManifestNames(members: members, priceLines: keys(merged["price"]?["table"]), varying: varying)
    }

    private func check(_ reader: ManifestReader, _ type: NodeType) throws(ManifestError) {
        guard !offer.isLocal else { return }
        guard envelope.calls[.submit] != nil else { throw reader.error("calls.submit", "is missing") }
        if envelope.mode != .inline, envelope.calls[.status] == nil {
            throw reader.error("calls.status", "is missing: the mode is \(envelope.mode.rawValue)")
        }
        if envelope.mode != .inline, envelope.calls[.status]?.phase == nil {
            throw reader.error("calls.status.phase", "is missing: nothing says when a job is done")
        }
        guard !envelope.outputs.isEmpty else { throw reader.error("output", "is missing") }
        for (name, output) in envelope.outputs {
            guard let port = type.output(name) else {
                throw reader.error("output.\(name)", "is no output port of \(type.id)")
            }
            guard output.fits(port.type) else {
                throw reader.error("output.\(name)", "does not fit: the port is \(port.type.rawValue)")
            }
        }
        // A stream that the provider describes is only taken where it fits.
        for (name, _) in envelope.stream?.append ?? [] where offer.source["stream"] != nil && stream == nil {
            guard type.output(name)?.type != .text else { continue }
            throw reader.error("stream.append.\(name)", "is no output port of \(type.id) for text")
        }
        guard price != nil else {
            throw reader.error("price", "is missing: state the price, or that it is unbounded")
        }
    }

    /// The provider's manifest with that of the wire and of the offer merged over it.
    private static func merged(_ offer: Offer, _ provider: Provider) throws(ManifestError) -> JSON {
        var json = provider.source
        if let wire = offer.wire {
            guard let patch = provider.source["wires"]?[wire] else {
                throw offer.reader.error("wire", "names the unknown wire \(wire) of \(provider.id)")
            }
            json = json.merging(patch)
        }
        guard var own = offer.source.object else { return json }
        for name in Offer.ownMembers where name != "price" { own[name] = nil }
        var vars = json["vars"] ?? .object(JSONObject())
        if let model = offer.model { vars = vars.merging(["model": .string(model)]) }
        // One way to authenticate replaces the other.
        if own["auth"] != nil { json = json.merging(["authAny": nil]) }
        if own["authAny"] != nil { json = json.merging(["auth": nil]) }
        return json.merging(["vars": vars]).merging(.object(own))
    }
}
