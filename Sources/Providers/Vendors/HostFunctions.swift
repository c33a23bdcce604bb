import Catalog
import Expressions
import Values

/// The functions for media that manifests may call (media manifests §3.2).
struct HostFunctions: Sendable {
    /// The forms in which the vendor takes media, best first.
    let forms: [OfferPlan.HandOver]
    /// The number of pixels that count as one megapixel.
    let megapixel: Double

    func context(now: Instant) -> EvaluationContext {
        EvaluationContext(now: now) { name, arguments throws(HostCallError) in try call(name, arguments) }
    }

    private func call(_ name: String, _ arguments: [CELValue]) throws(HostCallError) -> CELValue {
        switch name {
        case "handover": return .host(HandedMedia(reference: try media(arguments), isDataURL: try form() == .dataURL))
        case "dataurl": return .host(HandedMedia(reference: try media(arguments), isDataURL: true))
        case "form": return .string(try form().rawValue)
        case "mp": return .double(try pixels(arguments) / megapixel)
        default: throw HostCallError("There is no function \(name) here.")
        }
    }

    /// Media goes inside the body: as a data URL, or as base64 text.
    private func form() throws(HostCallError) -> OfferPlan.HandOver {
        guard let form = forms.first(where: { $0 == .dataURL || $0 == .base64 }) ?? (forms.isEmpty ? .dataURL : nil)
        else {
            throw HostCallError("This vendor takes media in no form that this server can give.")
        }
        return form
    }

    private func media(_ arguments: [CELValue]) throws(HostCallError) -> MediaReference {
        guard case .host(let host) = arguments.first else { throw HostCallError("This is no media.") }
        if let media = host as? MediaReference { return media }
        if let media = host as? LinkedMedia { return media.reference }
        throw HostCallError("This is no media.")
    }

    private func pixels(_ arguments: [CELValue]) throws(HostCallError) -> Double {
        if arguments.count == 2, case .double(let width) = arguments[0], case .double(let height) = arguments[1] {
            return width * height
        }
        let media = try media(arguments)
        guard let width = media.width, let height = media.height else {
            throw HostCallError("The size of the picture is not known.")
        }
        return Double(width) * Double(height)
    }
}
