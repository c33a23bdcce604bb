import Catalog
import Engine
import Expressions
import HTTPClient
import HTTPValues
import Values

extension VendorAttempt {
    /// Makes a submit call whose answer comes in pieces; one that comes as a whole is taken as well.
    func streamed(
        _ request: OutgoingRequest,
        _ plan: StreamPlan,
        _ scope: VendorScope
    ) async throws -> Answer {
        let stream = try await client.stream(request)
        let type = stream.head.headers["content-type"] ?? ""
        let isStream = (200...299).contains(stream.head.status) && !type.hasPrefix("application/json")
        var body: [UInt8] = []
        var pieces = stream.makeAsyncIterator()
        guard isStream else {
            while let piece = try await pieces.next() { body += piece }
            return Answer(.submit, stream.head, body, within: .zero)
        }
        var answer = Answer(.stream, stream.head, [], within: .zero)
        let full = answer.scope(scope)
        var streamed = StreamedAnswer()
        var reader = EventReader(isSSE: plan.format == .sse)
        reading: while let piece = try await pieces.next() {
            for event in try reader.read(piece) {
                try take(event, &streamed, plan, answer, full)
                if streamed.isComplete { break reading }
            }
        }
        if !streamed.isComplete, let event = reader.finish() { try take(event, &streamed, plan, answer, full) }
        // The caller judges it as the answer of the call it belongs to.
        answer = Answer(.submit, stream.head, [], within: .zero)
        answer.streamed = streamed
        guard streamed.isComplete || plan.done == nil && plan.endWhen == nil else {
            throw NodeError(
                .network,
                "\(self.plan.provider) broke its answer off before the end.",
                accepted: .yes,
                charged: .unknown
            )
        }
        await stream.cancel()
        return answer
    }

    private func take(
        _ event: String,
        _ streamed: inout StreamedAnswer,
        _ plan: StreamPlan,
        _ answer: Answer,
        _ scope: VendorScope
    ) throws(NodeError) {
        guard let additions = streamed.take(event, plan, scope, context) else {
            var scope = scope
            let chunk = (try? JSON(parsing: Array(event.utf8), limits: .answer)) ?? .null
            scope.set("body", CELValue(chunk, nullsAreMissing: true))
            throw judge.streamFailure(answer, scope)
        }
        for addition in additions { order.partial?(addition.port, addition.text) }
    }
}
