public import Engine
public import Values

import Catalog
import Expressions
import HTTPClient
import HTTPValues
import Synchronization

extension Vendors {
    /// Reads what a vendor says by calling us about an attempt.
    ///
    /// - Parameters:
    ///   - headers: The header fields in lower case.
    ///   - body: The body.
    ///   - call: The attempt.
    /// - Returns: What it says, and what it is answered; `nil` when nobody can read it.
    public func read(
        _ headers: [String: String],
        _ body: [UInt8],
        _ call: Call
    ) async -> (VendorCallback, answer: JSON)? {
        guard let credential = await credential(for: call), let attempt = try? parts(of: call, credential) else {
            return nil
        }
        let redaction = Redaction(credential.fields.values)
        let hint = VendorCallback(keep: .object(JSONObject()), phase: nil, body: nil)
        guard let plan = attempt.plan.envelope.callback else { return (hint, ["ok": true]) }
        let json = (try? JSON(parsing: body, limits: .answer)) ?? .null
        var scope = attempt.baseScope(call.prepared)
        scope.set("keep", CELValue(call.keep.isNull ? .object(JSONObject()) : call.keep))
        var answer = Answer(.callback, json)
        answer.headers = headers
        let full = answer.scope(scope)
        func value(_ expression: Expression) -> JSON? {
            guard let value = (try? expression.evaluate(in: full, with: attempt.context))?.unwrapped else { return nil }
            return try? value.json()
        }
        var kept = JSONObject()
        for (name, expression) in plan.keep { kept[name] = value(expression) }
        kept["jobId"] = value(plan.jobID)
        var callback = VendorCallback(keep: redaction.json(.object(kept)), phase: nil, body: nil)
        if case .challenge(let expression) = plan.proof, let challenge = value(expression) {
            return (callback, ["challenge": challenge])
        }
        let verifier = CallbackVerifier(
            secrets: attempt.credential.fields,
            publicKeys: { [weak self] url, lifetime in await self?.publicKeys(url, lifetime, attempt) },
            told: { key in await attempt.toldKey(key) },
            now: now()
        )
        let isProved = plan.proof.provesContent ? await verifier.proves(plan.proof, headers, body) : false
        let word = plan.phase.flatMap { phase in value(phase.word)?.string.flatMap { phase.meanings[$0] } }
        callback.phase = word?.rawValue
        if isProved, plan.trust == .payload { callback.body = redaction.json(json) }
        return (callback, ["ok": true])
    }

    /// The keys that a vendor publishes, asked for again when they are older than the manifest allows.
    private func publicKeys(_ url: String, _ lifetime: Duration, _ attempt: VendorAttempt) async -> JSON? {
        let now = now()
        if let known = publishedKeys.withLock({ $0[url] }), known.until > now { return known.keys }
        guard let keys = await attempt.document(url, isCredentialed: false) else { return nil }
        publishedKeys.withLock { known in
            if known.count > 1000 { known = [:] }
            known[url] = (keys, now + lifetime)
        }
        return keys
    }

    /// Goes on with a job that nobody waits for: it is cancelled where that is possible, and asked about until it is over.
    ///
    /// - Returns: What it came to; `nil` when nobody can say.
    /// - Throws: `CancellationError` when the task was stopped before.
    public func settle(_ call: Call) async throws -> (outputs: [String: Value], cost: Money)? {
        var call = call
        guard let offer = call.type.offer(call.grant.offer), let plan = try? plan(offer, call.type) else { return nil }
        call.grant.deadline = max(call.startedAt + plan.envelope.deadline, now() + .seconds(60))
        // Nobody listens any more: it is asked about as often as without callbacks.
        guard let credential = await credential(for: call),
            let attempt = try? parts(of: call, credential, listens: false)
        else { return nil }
        let redaction = Redaction(credential.fields.values)
        do throws(NodeError) {
            var kept = call.keep
            if kept.isNull {
                kept = try await attempt.findOut(
                    attempt.baseScope(call.prepared),
                    after: NodeError(.unknownOutcome, "")
                )
            }
            await attempt.cancel(call.prepared, kept)
            let result = try await attempt.perform(call.prepared, from: .submitted(kept))
            return (result.outputs.mapValues(redaction.value), result.cost)
        } catch {
            try Task.checkCancellation()
            let isOver = error.failure != .timeout && error.failure != .unknownOutcome
            return isOver ? ([:], error.charged == .yes ? call.grant.upper : .zero) : nil
        }
    }
}

extension VendorAttempt {
    /// A JSON document of the vendor; `nil` when it cannot be had.
    func document(_ url: String, isCredentialed: Bool) async -> JSON? {
        guard let url = try? HTTPURL(url) else { return nil }
        var request = OutgoingRequest(url: url)
        if isCredentialed { request.headers = (try? credentialHeaders(VendorScope())) ?? [:] }
        request.totalTime = .seconds(10)
        request.maximumResponseBytes = 1 << 20
        guard let response = try? await client.send(request), (200...299).contains(response.status) else { return nil }
        return try? JSON(parsing: response.body, limits: .answer)
    }

    /// The key for its calls that the vendor tells when it is asked.
    func toldKey(_ key: CallbackProof.Key) async -> String? {
        guard let source = key.source else { return nil }
        let base = credential.baseURL ?? plan.manifest?.baseURL ?? ""
        guard let json = await document(base + source.path, isCredentialed: true) else { return nil }
        let scope = Answer(.status, json).scope(VendorScope())
        return (try? source.value.evaluate(in: scope, with: context))?.unwrapped?.string
    }
}
