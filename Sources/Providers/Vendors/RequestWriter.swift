import Catalog
import Assets
import Engine
import Expressions
import Values

/// Turns a rendered template into JSON: opaque values become what they stand for, only here.
struct RequestWriter {
    let assets: AssetStore
    /// The largest media that goes inside a body, in bytes.
    let mediaLimit: Int

    /// - Throws: ``NodeError`` when media is too large or cannot be read.
    func json(_ value: CELValue) async throws(NodeError) -> JSON {
        switch value {
        case .host(let host): return try await json(host)
        case .list(let list):
            var elements: [JSON] = []
            for element in list { elements.append(try await json(element)) }
            return .array(elements)
        case .map(let map):
            var object = JSONObject()
            for entry in map.entries {
                guard case .string(let key) = entry.key else { continue }
                object[key] = try await json(entry.value)
            }
            return .object(object)
        default:
            do {
                return try value.json()
            } catch {
                throw NodeError(.contract, "The request cannot be written: \(error)")
            }
        }
    }

    /// The text of a header or query value; numbers and Booleans as JSON text.
    func text(_ value: CELValue) async throws(NodeError) -> String {
        let json = try await json(value)
        return json.string ?? json.text
    }

    private func json(_ host: any HostValue) async throws(NodeError) -> JSON {
        if let secret = host as? SecretValue { return .string(secret.text) }
        if let media = host as? HandedMedia { return .string(try await text(media)) }
        if let affixed = host as? AffixedOpaque {
            return .string(affixed.prefix + (try await text(affixed.opaque)) + affixed.suffix)
        }
        throw NodeError(.contract, "The request holds a value of the type \(host.typeName), which cannot be sent.")
    }

    private func text(_ media: HandedMedia) async throws(NodeError) -> String {
        let reference = media.reference
        guard reference.bytes <= Int64(mediaLimit) else {
            throw NodeError(
                .invalidInput,
                "The \(reference.mimeType) has \(reference.bytes) bytes; this vendor takes at most \(mediaLimit) in a request."
            )
        }
        let bytes: [UInt8]
        do {
            bytes = try await assets.bytes(of: reference.hash, atMost: mediaLimit)
        } catch {
            throw NodeError(.invalidInput, error.description)
        }
        let text = Base64.encode(bytes)
        return media.isDataURL ? "data:\(reference.mimeType);base64,\(text)" : text
    }
}
