import Catalog
import Engine
import Expressions
import Synchronization
import Values

extension VendorAttempt {
    /// Writes requests with media in the form that was chosen.
    func writer(_ kind: CallKind, _ scope: VendorScope) -> RequestWriter {
        var writer = RequestWriter(assets: assets, media: plan.envelope.media, link: link)
        if kind != .upload, let upload = plan.envelope.media.upload {
            writer.upload = { media async throws(NodeError) in try await self.upload(media, upload, scope) }
        }
        return writer
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
