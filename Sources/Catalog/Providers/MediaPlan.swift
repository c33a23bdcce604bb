public import Expressions

/// In which forms a vendor takes media.
public struct MediaPlan: Sendable {
    /// A form in which media is handed over.
    public enum Form: String, Sendable, Hashable, CaseIterable {
        /// A link to our own store, when vendors can reach it.
        case url
        /// An upload to the vendor.
        case upload
        /// A data URL.
        case dataURL = "dataurl"
        /// Base64 text.
        case base64
        /// A part of a multipart body.
        case part
    }

    /// How media is uploaded to the vendor before the work is asked for.
    public struct Upload: Sendable {
        /// The calls, in order.
        public let steps: [CallPlan]
        /// What stands for the media in the request, from what the calls kept.
        public let result: Expression
        /// Whether every call goes where the base address leads, or where an answer said.
        public let isRelative: Bool
    }

    /// The forms, best first.
    public let order: [Form]
    /// The most bytes of media in a data URL.
    public let dataURLBytes: Int
    /// The most bytes of media as base64 text.
    public let base64Bytes: Int
    /// The most pixels of a picture; `nil` for any number.
    public let pixels: Int64?
    /// The MIME types taken; empty for all.
    public let accept: [String]
    /// How media is uploaded; `nil` when it cannot be.
    public let upload: Upload?

    init(_ reader: ManifestReader?, _ facts: EnvelopeFacts) throws(ManifestError) {
        try reader?.allow([
            "order", "dataUrlMaxBytes", "base64MaxBytes", "maxPixels", "accept", "upload",
        ])
        var order: [Form] = []
        for (index, word) in (try reader?.strings("order") ?? []).enumerated() {
            guard let form = Form(rawValue: word) else {
                throw ManifestError(
                    file: reader?.file ?? "",
                    path: reader?.place("order[\(index)]") ?? "",
                    reason: "must be one of: \(Form.words)"
                )
            }
            order.append(form)
        }
        self.order = order
        dataURLBytes = Int(try reader?.optionalInteger("dataUrlMaxBytes", 1...(1 << 30)) ?? 20_000_000)
        base64Bytes = Int(try reader?.optionalInteger("base64MaxBytes", 1...(1 << 30)) ?? 20_000_000)
        pixels = try reader?.optionalInteger("maxPixels", 1...(1 << 40))
        accept = try reader?.strings("accept") ?? []
        upload = try reader?.optionalReader("upload").map { upload throws(ManifestError) in
            try Self.upload(upload, facts)
        }
        if order.contains(.upload), upload == nil, facts.isComplete, let reader {
            throw reader.error("upload", "is missing: the order names it")
        }
    }

    private static func upload(_ reader: ManifestReader, _ facts: EnvelopeFacts) throws(ManifestError) -> Upload {
        try reader.allow(["steps", "result"])
        var steps: [CallPlan] = []
        var isRelative = true
        for var step in try reader.readers("steps") {
            step.names?.members["inputs"] = ["file"]
            steps.append(try CallPlan(step, kind: .upload, facts))
            if try step.string("url").hasPrefix("http") { isRelative = false }
        }
        guard !steps.isEmpty else { throw reader.error("steps", "must hold at least one call") }
        return Upload(
            steps: steps,
            result: try reader.expression(try reader.string("result"), at: "result", ManifestScope.later),
            isRelative: isRelative
        )
    }
}
