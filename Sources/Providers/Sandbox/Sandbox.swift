public import Assets
public import Catalog
public import Engine
public import Values

/// Answers in the place of a vendor: labelled placeholders by the ports of a node, the same for the same inputs, for
/// nothing.
public struct Sandbox: Sendable {
    let assets: AssetStore
    let tools: LocalTools

    /// A sandbox that keeps and makes media with these.
    public init(assets: AssetStore, tools: LocalTools) {
        self.assets = assets
        self.tools = tools
    }

    /// An answer to what a node asks a model.
    ///
    /// - Parameters:
    ///   - type: The type of the node.
    ///   - inputs: The values by input port.
    ///   - parameters: The settings by name, defaults filled in.
    ///   - settings: For tests: `sandbox_latency_ms` is how long the answer takes in milliseconds, `sandbox_fault` is a
    ///     failure class with which it fails.
    ///   - deadline: When it must be there.
    ///   - now: The time.
    /// - Returns: The values by output port; their media is kept, and belongs to nobody yet.
    /// - Throws: ``NodeError``: the fault asked for, or that a tool is missing.
    public func answer(
        for type: NodeType,
        inputs: [String: Value],
        parameters: [String: JSON],
        settings: [String: JSON] = [:],
        deadline: Instant,
        now: @escaping @Sendable () -> Instant
    ) async throws(NodeError) -> [String: Value] {
        try await wait(settings, deadline, now)
        if let word = settings["sandbox_fault"]?.string {
            guard let fault = FailureClass(rawValue: word) else {
                throw NodeError(
                    .invalidInput,
                    "sandbox_fault must be one of: \(FailureClass.allCases.map(\.rawValue).joined(separator: ", "))."
                )
            }
            throw NodeError(fault, "The sandbox fails with \(word), as it was told to.")
        }
        return try await tools.withCall(inputs, [:], deadline, now) { call throws(NodeError) in
            let question = SandboxQuestion(type: type, inputs: inputs, parameters: parameters)
            var answer: [String: Value] = [:]
            for port in type.outputs {
                answer[port.id] = try await value(of: port, question, call)
            }
            return answer
        }
    }

    private func wait(
        _ settings: [String: JSON],
        _ deadline: Instant,
        _ now: @Sendable () -> Instant
    ) async throws(NodeError) {
        guard let latency = settings["sandbox_latency_ms"]?.number, latency > 0 else { return }
        let left = deadline - now()
        let span = min(Duration.milliseconds(Int64(min(latency, 86_400_000))), left)
        if span > .zero {
            do {
                try await Task.sleep(for: span)
            } catch {
                throw .cancelled
            }
        }
        if span == left { throw NodeError(.timeout, "The sandbox's latency is longer than the node may take.") }
    }

    private func value(
        of port: OutputPort,
        _ question: SandboxQuestion,
        _ call: ToolCall
    ) async throws(NodeError) -> Value {
        let count = port.isList ? question.count(of: port) : 1
        var values: [Value] = []
        for number in 0..<count { values.append(try await item(of: port, number, question, call)) }
        return port.isList ? .list(values) : values.first ?? .json(.null)
    }

    private func item(
        of port: OutputPort,
        _ number: Int,
        _ question: SandboxQuestion,
        _ call: ToolCall
    ) async throws(NodeError) -> Value {
        switch port.type {
        case .text, .any: .text(question.text(for: port, number))
        case .number: .json(question.number(for: port))
        case .boolean: .json(.bool(port.id != "flagged"))
        case .json: .json(question.json(for: port))
        case .image: try await image(question, number, call)
        case .audio: try await sound(question, call)
        case .video: try await film(question, call)
        case .model3D: try await keep(TinyModel.bytes, "model/gltf-binary", call)
        case .file: try await keep(Array((question.text(for: port, number) + "\n").utf8), "text/plain", call)
        }
    }

    func keep(_ bytes: [UInt8], _ mimeType: String, _ call: ToolCall) async throws(NodeError) -> Value {
        let suffix = MediaReference.fileExtension(of: mimeType)
        do {
            return .media(
                try await assets.keep(bytes: bytes, mimeType: mimeType, name: "sandbox.\(suffix)", at: call.now())
            )
        } catch {
            throw NodeError(.providerInternal, error.description)
        }
    }
}
