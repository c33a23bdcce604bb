import Catalog
import Engine
import Expressions
import Values

/// Turns a rendered template into what is sent: opaque values become what they stand for, only here.
///
/// What has to be read or uploaded first is noted as missing; with that at hand the request is written once more.
struct RequestWriter {
    /// Media in the form in which a request takes it.
    struct Handover: Hashable {
        let reference: MediaReference
        let form: MediaPlan.Form
    }

    /// What the vendor takes.
    let media: MediaPlan
    /// The address of media in our own store for whoever has no key; `nil` when vendors cannot reach the store.
    var link: (@Sendable (MediaReference) -> String)?
    /// Whether media may be given to the vendor before the call.
    var mayUpload = false
    /// What is at hand.
    var known: [Handover: [UInt8]] = [:]
    /// What has to be read or uploaded before the request can be written.
    private(set) var missing: [Handover] = []

    /// The most bytes of a form with its files.
    static let formBytes = 64 << 20

    /// - Throws: ``NodeError`` when media is too large.
    mutating func json(_ value: CELValue) throws(NodeError) -> JSON {
        switch value {
        case .host(let host): return .string(try text(host))
        case .list(let list):
            var elements: [JSON] = []
            for element in list { elements.append(try json(element)) }
            return .array(elements)
        case .map(let map):
            var object = JSONObject()
            for entry in map.entries {
                guard case .string(let key) = entry.key else { continue }
                object[key] = try json(entry.value)
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
    mutating func text(_ value: CELValue) throws(NodeError) -> String {
        let json = try json(value)
        return json.string ?? json.text
    }

    /// A form with these parts, in order; a list of files makes as many parts.
    mutating func form(
        _ parts: [(name: String, value: CELValue, isFile: Bool)],
        boundary: String
    ) throws(NodeError) -> MultipartBody {
        var body = MultipartBody(boundary: boundary)
        // The bytes of files that are not at hand yet.
        var absent = 0
        for part in parts {
            guard part.isFile else {
                body.add(part.name, text: try text(part.value))
                continue
            }
            var files = [part.value]
            if case .list(let list) = part.value { files = Array(list) }
            for value in files {
                guard case .host(let host) = value, let file = MediaReference(host) else {
                    throw NodeError(.contract, "The part \(part.name) of the request is no media.")
                }
                let bytes = try bytes(of: file, as: .part, atMost: Self.formBytes - body.bytes.count - absent)
                absent += max(0, Int(file.bytes) - bytes.count)
                let name = file.name ?? "\(part.name).\(file.mimeType.split(separator: "/").last ?? "bin")"
                body.add(part.name, file: bytes, named: name, mimeType: file.mimeType)
            }
        }
        body.end()
        return body
    }

    private mutating func text(_ host: any HostValue) throws(NodeError) -> String {
        if let secret = host as? SecretValue { return secret.text }
        if let media = host as? HandedMedia { return try text(media) }
        if let affixed = host as? AffixedOpaque {
            return affixed.prefix + (try text(affixed.opaque)) + affixed.suffix
        }
        throw NodeError(.contract, "The request holds a value of the type \(host.typeName), which cannot be sent.")
    }

    private mutating func text(_ handed: HandedMedia) throws(NodeError) -> String {
        let reference = handed.reference
        switch handed.form {
        case .url:
            guard let link else { throw NodeError(.contract, "This server has no address that vendors can reach.") }
            try check(reference)
            return link(reference)
        case .upload:
            guard mayUpload else {
                throw NodeError(.contract, "Media cannot be uploaded while it is being uploaded.")
            }
            try check(reference)
            return String(decoding: atHand(reference, as: .upload), as: UTF8.self)
        case .dataURL:
            let bytes = try bytes(of: reference, as: .dataURL, atMost: media.dataURLBytes)
            return "data:\(reference.mimeType);base64,\(Base64.encode(bytes))"
        case .base64: return Base64.encode(try bytes(of: reference, as: .base64, atMost: media.base64Bytes))
        case .part: throw NodeError(.contract, "This vendor takes media only as parts of a form.")
        }
    }

    /// Whether the vendor takes such media.
    func check(_ reference: MediaReference) throws(NodeError) {
        guard media.accept.isEmpty || media.accept.contains(reference.mimeType) else {
            let known = media.accept.joined(separator: ", ")
            throw NodeError(.invalidInput, "This vendor does not take \(reference.mimeType), only \(known).")
        }
        let area = Int64(reference.width ?? 0).multipliedReportingOverflow(by: Int64(reference.height ?? 0))
        let pixels = area.overflow ? .max : area.partialValue
        guard pixels <= media.pixels ?? .max else {
            throw NodeError(
                .invalidInput,
                "The picture has \(pixels) pixels; this vendor takes at most \(media.pixels ?? 0)."
            )
        }
    }

    private mutating func bytes(
        of reference: MediaReference,
        as form: MediaPlan.Form,
        atMost limit: Int
    ) throws(NodeError) -> [UInt8] {
        try check(reference)
        guard reference.bytes <= Int64(limit) else {
            throw NodeError(
                .invalidInput,
                "The \(reference.mimeType) has \(reference.bytes) bytes; this vendor takes at most \(limit) in a request."
            )
        }
        return atHand(reference, as: form)
    }

    private mutating func atHand(_ reference: MediaReference, as form: MediaPlan.Form) -> [UInt8] {
        let handover = Handover(reference: reference, form: form)
        if let bytes = known[handover] { return bytes }
        if !missing.contains(handover) { missing.append(handover) }
        return []
    }

    /// Begins anew with what was missing.
    mutating func takeMissing() -> [Handover] {
        defer { missing = [] }
        return missing
    }
}
