import Assets
import Catalog
import Engine
import Expressions
import HTTPClient
import Synchronization
import Values

extension VendorAttempt {
    /// Writes a request; media that goes along is read or uploaded before.
    ///
    /// Only then is anything waited for: a task keeps the memory of the deepest call it was ever suspended in.
    func written(
        _ kind: CallKind,
        _ scope: VendorScope,
        _ write: (inout RequestWriter) throws(NodeError) -> OutgoingRequest
    ) async throws(NodeError) -> OutgoingRequest {
        let media = plan.envelope.media
        var writer = RequestWriter(media: media, link: vendors.link, mayUpload: kind != .upload && media.upload != nil)
        while true {
            let request = try write(&writer)
            let missing = writer.takeMissing()
            guard !missing.isEmpty else { return request }
            for handover in missing { writer.known[handover] = try await bytes(of: handover, scope) }
        }
    }

    private func bytes(of handover: RequestWriter.Handover, _ scope: VendorScope) async throws(NodeError) -> [UInt8] {
        let reference = handover.reference
        if handover.form == .upload, let steps = plan.envelope.media.upload {
            return Array(try await upload(reference, steps, scope).utf8)
        }
        do {
            return try await assets.bytes(of: reference.hash, atMost: Int(clamping: reference.bytes))
        } catch {
            throw NodeError(.invalidInput, error.description)
        }
    }

    /// Gives media to the vendor before the work is asked for; what stands for it is the same all through the attempt.
    private func upload(
        _ media: MediaReference,
        _ upload: MediaPlan.Upload,
        _ scope: VendorScope
    ) async throws(NodeError) -> String {
        if let known = uploads[media.hash] { return known }
        var named = media
        if named.name == nil { named.name = "file.\(media.mimeType.split(separator: "/").last ?? "bin")" }
        var scope = scope
        scope.set("inputs", .members(["file": .host(named)]))
        var kept: JSON = .object(JSONObject())
        scope.set("keep", CELValue(kept))
        do throws(NodeError) {
            for step in upload.steps {
                let answer = try await ask(.upload, step, scope)
                kept = try keep(step, answer, answer.scope(scope), before: kept)
                scope.set("keep", CELValue(kept))
            }
        } catch {
            // Nothing has been asked for yet, so that everything may be done again.
            var error = error
            (error.accepted, error.charged) = (.no, .no)
            throw error
        }
        guard let text = (try? upload.result.evaluate(in: scope, with: context))?.unwrapped?.string else {
            throw NodeError(.contract, "\(plan.provider) did not say where the uploaded media is.")
        }
        uploads[media.hash] = text
        return text
    }
}

/// What stands for media that the vendor has.
final class UploadedMedia: Sendable {
    private let texts = Mutex<[ContentHash: String]>([:])

    subscript(hash: ContentHash) -> String? {
        get { texts.withLock { $0[hash] } }
        set { texts.withLock { $0[hash] = newValue } }
    }
}
