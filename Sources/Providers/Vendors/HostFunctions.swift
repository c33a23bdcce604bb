import Catalog
import Expressions
import Values

/// The functions for media that manifests may call (media manifests §3.2).
struct HostFunctions: Sendable {
    /// The forms in which the vendor takes media.
    let media: MediaPlan
    /// The number of pixels that count as one megapixel.
    let megapixel: Double
    /// The forms that this server can give to this vendor now besides those inside a body.
    var outside: Set<MediaPlan.Form> = []

    func context(now: Instant) -> EvaluationContext {
        EvaluationContext(now: now) { name, arguments throws(HostCallError) in try call(name, arguments) }
    }

    private func call(_ name: String, _ arguments: [CELValue]) throws(HostCallError) -> CELValue {
        switch name {
        case "handover":
            let media = try reference(arguments)
            return .host(HandedMedia(reference: media, form: try form(of: media)))
        case "dataurl": return .host(HandedMedia(reference: try reference(arguments), form: .dataURL))
        case "form": return .string(try form(of: try reference(arguments)).rawValue)
        case "mp": return .double(try pixels(arguments) / megapixel)
        default: throw HostCallError("There is no function \(name) here.")
        }
    }

    /// The first form that can be given and takes as many bytes; too large media goes on, to be refused with its size.
    private func form(of reference: MediaReference) throws(HostCallError) -> MediaPlan.Form {
        let order = media.order.isEmpty ? [.dataURL] : media.order
        var tooSmall: MediaPlan.Form?
        for form in order {
            switch form {
            case .url, .upload: if outside.contains(form) { return form }
            case .part: return .part
            case .dataURL, .base64:
                guard reference.bytes > Int64(form == .dataURL ? media.dataURLBytes : media.base64Bytes) else {
                    return form
                }
                tooSmall = tooSmall ?? form
            }
        }
        guard let tooSmall else {
            throw HostCallError("This vendor takes media in no form that this server can give.")
        }
        return tooSmall
    }

    private func reference(_ arguments: [CELValue]) throws(HostCallError) -> MediaReference {
        guard case .host(let host) = arguments.first, let media = MediaReference(host) else {
            throw HostCallError("This is no media.")
        }
        return media
    }

    private func pixels(_ arguments: [CELValue]) throws(HostCallError) -> Double {
        if arguments.count == 2, let width = arguments[0].number, let height = arguments[1].number {
            return width * height
        }
        let media = try reference(arguments)
        guard let width = media.width, let height = media.height else {
            throw HostCallError("The size of the picture is not known.")
        }
        return Double(width) * Double(height)
    }
}

extension MediaReference {
    /// The media that a value of an expression is; `nil` when it is none.
    init?(_ host: any HostValue) {
        if let media = host as? MediaReference {
            self = media
        } else if let media = host as? LinkedMedia {
            self = media.reference
        } else {
            return nil
        }
    }
}
