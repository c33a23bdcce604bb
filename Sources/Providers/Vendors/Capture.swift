import EventLoop
import Assets
import Catalog
import Engine
import Expressions
import HTTPClient
import HTTPValues
import Values

/// Reads the outputs of a node from the vendor's answer and fetches its media into our own store.
struct Capture {
    let plan: OfferPlan
    let type: NodeType
    let assets: AssetStore
    let client: OutgoingClient
    /// The operator's own host, from which results may be fetched too.
    let ownHost: String?
    /// The headers that carry the credential to an address that may have it.
    let credential: @Sendable (HTTPURL) async throws(NodeError) -> HTTPFields
    /// The texts of ports that came in pieces.
    let streamed: [String: String]
    let context: EvaluationContext
    let now: @Sendable () -> Instant
    /// How long one download may take.
    let timeout: Duration

    /// The most bytes of one result.
    static let mediaLimit = 1 << 30

    /// - Throws: ``NodeError`` of the class `contract`, or `expired` when the bytes cannot be had any more.
    func outputs(_ scope: VendorScope) async throws(NodeError) -> [String: Value] {
        var outputs = streamed.mapValues(Value.text)
        for (port, output) in plan.envelope.outputs where streamed[port] == nil {
            guard let declared = type.output(port) else { continue }
            guard var value = try await value(output, port, declared.type, scope) else { continue }
            // One value for a list port is a list of one; of a list for a single port the first counts.
            switch (value, declared.isList) {
            case (.list(let items), false):
                guard let first = items.first else { continue }
                value = first
            case (.list, true), (_, false): break
            case (_, true): value = .list([value])
            }
            outputs[port] = value
        }
        guard let first = type.outputs.first, outputs[first.id] != nil else {
            throw broken("the output \(type.outputs.first?.id ?? "") is missing")
        }
        return outputs
    }

    private func value(
        _ output: OutputPlan,
        _ port: String,
        _ type: PortType,
        _ scope: VendorScope
    ) async throws(NodeError) -> Value? {
        switch output {
        case .value(let expression, let kind):
            guard let value = try evaluate(expression, port, scope) else { return nil }
            return .json(try json(value, kind, port))
        case .media(let media): return try await self.media(media, port, type, scope).map(Value.media)
        case .list(let expression, let name, let item):
            guard let list = try evaluate(expression, port, scope) else { return nil }
            guard case .list(let elements) = list else { throw broken("\(port) is no list") }
            var values: [Value] = []
            for element in elements.prefix(1000) {
                if let value = try await value(item, port, type, scope.with(name, element)) { values.append(value) }
            }
            return .list(values)
        }
    }

    private func json(_ value: CELValue, _ type: PortType, _ port: String) throws(NodeError) -> JSON {
        let json: JSON
        do {
            json = try value.json()
        } catch {
            throw broken("\(port) cannot be read: \(error)")
        }
        let fits =
            switch type {
            case .text: json.string != nil
            case .number: json.number != nil
            case .boolean: json.bool != nil
            default: true
            }
        guard fits else { throw broken("\(port) is a \(json.kind)") }
        return json
    }

    private func media(
        _ media: OutputPlan.MediaOutput,
        _ port: String,
        _ type: PortType,
        _ scope: VendorScope
    ) async throws(NodeError) -> MediaReference? {
        let said = try media.mimeType.flatMap { expression throws(NodeError) in try evaluate(expression, port, scope) }?
            .string
        var reference: MediaReference
        if let expression = media.base64, let text = try evaluate(expression, port, scope)?.string {
            guard let bytes = Base64.decode(text) else { throw broken("\(port) is no base64") }
            reference = try await keep(bytes, said)
        } else if let expression = media.bytes, case .host(let host) = try evaluate(expression, port, scope),
            let answer = host as? AnswerBytes
        {
            reference = try await keep(answer.bytes, said)
        } else if let expression = media.url, let text = try evaluate(expression, port, scope)?.string {
            reference = try await fetch(text, said, sendsCredential: media.sendsCredential)
        } else {
            return nil
        }
        guard reference.bytes > 0 else { throw broken("\(port) has no bytes") }
        addFacts(of: media, scope, to: &reference)
        guard type == .any || type == .file || reference.portType == type else {
            throw broken("\(port) is \(reference.mimeType), not \(type.rawValue)")
        }
        return reference
    }

    /// Adds what the vendor says about media where the bytes themselves did not tell it.
    private func addFacts(of media: OutputPlan.MediaOutput, _ scope: VendorScope, to reference: inout MediaReference) {
        func fact(_ expression: Expression?, atMost limit: Double) -> Double? {
            guard let expression, let value = (try? expression.evaluate(in: scope, with: context))?.unwrapped?.number,
                value > 0, value <= limit
            else { return nil }
            return value
        }
        if reference.width == nil, reference.height == nil, let width = fact(media.width, atMost: 1e6),
            let height = fact(media.height, atMost: 1e6)
        {
            (reference.width, reference.height) = (Int(width), Int(height))
        }
        reference.durationMs = reference.durationMs ?? fact(media.duration, atMost: 1e10).map { Int64($0) }
        reference.fps = reference.fps ?? fact(media.framesPerSecond, atMost: 1000)
    }

    private func fetch(
        _ text: String,
        _ mimeType: String?,
        sendsCredential: Bool
    ) async throws(NodeError) -> MediaReference {
        if text.hasPrefix("data:") {
            guard let comma = text.firstIndex(of: ","), text[..<comma].hasSuffix(";base64"),
                let bytes = Base64.decode(String(text[text.index(after: comma)...]))
            else { throw broken("a data URL cannot be read") }
            return try await keep(bytes, String(text.dropFirst(5).prefix { $0 != ";" && $0 != "," }))
        }
        let url: HTTPURL
        do {
            url = try HTTPURL(text)
        } catch {
            throw broken("its address cannot be fetched: \(error.description)")
        }
        guard allows(url) else {
            throw broken("its address leads to \(url.host), which is not among the hosts of \(plan.provider)")
        }
        var request = OutgoingRequest(url: url)
        if sendsCredential { request.headers = try await credential(url) }
        request.totalTime = timeout
        request.maximumResponseBytes = Self.mediaLimit
        var lastError = ""
        var pauses = [500, 2000][...]
        while true {
            try await waitForRoom()
            let path = assets.newPath()
            do {
                let response = try await client.download(request, to: path, followingRedirects: 3) { allows($0) }
                if (200...299).contains(response.status) {
                    let type = mimeType ?? response.headers["content-type"].map { String($0.prefix { $0 != ";" }) }
                    return try await keep(file: path, type, name: Self.name(url))
                }
                lastError = "status \(response.status)"
                if (400...499).contains(response.status), response.status != 429 { break }
            } catch let error as NodeError {
                throw error
            } catch {
                lastError = "\(error)"
                // A disk that became full meanwhile is waited for, and the result fetched again.
                if case HTTPClientError.file = error, !(await assets.hasRoom()) { continue }
            }
            guard !Task.isCancelled, let pause = pauses.popFirst() else { break }
            try? await client.loop.sleep(for: .milliseconds(pause))
        }
        throw NodeError(
            .expired,
            "The result of \(plan.provider) could not be fetched from \(url.host): \(lastError)",
            accepted: .yes,
            charged: .yes
        )
    }

    private static func name(_ url: HTTPURL) -> String? {
        let path = url.target.prefix { $0 != "?" }
        return path.split(separator: "/").last.map { String($0.prefix(120)) }
    }

    private func allows(_ url: HTTPURL) -> Bool {
        let host = url.host
        if let ownHost, host == ownHost { return true }
        guard url.scheme == .https else { return false }
        return (plan.envelope.downloadHosts + plan.envelope.credentialedHosts).contains { HostName.matches(host, $0) }
    }

    private func keep(_ bytes: [UInt8], _ mimeType: String?) async throws(NodeError) -> MediaReference {
        try await insist { () throws(AssetError) in
            try await assets.keep(bytes: bytes, mimeType: mimeType, at: now())
        }
    }

    private func keep(file path: String, _ mimeType: String?, name: String?) async throws(NodeError) -> MediaReference {
        do throws(NodeError) {
            return try await insist { () throws(AssetError) in
                try await assets.keep(path, mimeType: mimeType, name: name, at: now())
            }
        } catch {
            await assets.discard(path)
            throw error
        }
    }

    /// Waits until the disk has room; the vendor keeps the result meanwhile.
    private func waitForRoom() async throws(NodeError) {
        try await insist { () throws(AssetError) in
            guard await assets.hasRoom() else { throw .full }
        }
    }

    /// Does what a full disk refuses again and again, with growing pauses: a paid result is not given up for it as long
    /// as its attempt lives.
    private func insist<Result>(
        _ work: () async throws(AssetError) -> Result
    ) async throws(NodeError) -> Result {
        var pause = Duration.milliseconds(250)
        while true {
            do throws(AssetError) {
                return try await work()
            } catch {
                guard error == .full, !Task.isCancelled else {
                    throw NodeError("internal_error", error.description)
                }
            }
            try? await client.loop.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }

    private func evaluate(
        _ expression: Expression,
        _ port: String,
        _ scope: VendorScope
    ) throws(NodeError) -> CELValue? {
        do {
            return try expression.evaluate(in: scope, with: context).unwrapped
        } catch {
            throw broken("\(port): \(error.message)")
        }
    }

    private func broken(_ what: String) -> NodeError {
        NodeError(
            .contract,
            "\(plan.provider) answered with something its description does not cover: \(what).",
            accepted: .yes,
            charged: .unknown
        )
    }
}
