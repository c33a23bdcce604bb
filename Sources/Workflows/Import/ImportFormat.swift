public import Values

/// The form of a workflow of another system, or of our own.
public enum ImportFormat: String, Sendable, Hashable, CaseIterable {
    /// A workflow of Millrace or Wireflow, alone or inside an export.
    case millrace
    /// What React Flow writes: `nodes`, `edges`, `viewport`.
    case reactFlow = "reactflow"
    /// A workflow of n8n.
    case n8n
    /// The prompt that ComfyUI's API takes.
    case comfyUI = "comfyui"
    /// What ComfyUI's canvas saves; recognised and refused.
    case comfyUICanvas = "comfyui-ui"
    /// A file of Dify; recognised and refused.
    case dify
    /// A flow of Langflow; recognised and refused.
    case langflow

    /// Reads the word of a request in any letter case; `wireflow` is an alias of `millrace`.
    public init?(word: String) {
        let word = word.lowercased()
        guard let format = ImportFormat(rawValue: word == "wireflow" ? "millrace" : word) else { return nil }
        self = format
    }

    /// The form a value has, in the order of contract §11; `nil` when it has none of them.
    public static func detect(_ source: JSON) -> ImportFormat? {
        if source["kind"] == "app", source["workflow"]?["graph"] != nil { return .dify }
        if N8nWorkflow.body(of: source) != nil { return .n8n }
        if ComfyUIPrompt.body(of: source) != nil { return .comfyUI }
        if source["nodes"]?.array != nil, source["links"]?.array != nil { return .comfyUICanvas }
        if source["data"]?["nodes"] != nil, source["data"]?["edges"] != nil { return .langflow }
        let body = source["workflow"]?.object == nil ? source : source["workflow"] ?? source
        guard let nodes = body["nodes"]?.array else { return nil }
        if nodes.contains(where: { $0["data"]?["node"]?["template"] != nil }) { return .langflow }
        let isOurs = source["millrace"] != nil || nodes.contains { $0["data"]?["nodeType"] != nil }
        return isOurs ? .millrace : .reactFlow
    }

    /// Why the form is refused and what to do; `nil` for the forms that are read.
    var refusal: String? {
        switch self {
        case .millrace, .reactFlow, .n8n, .comfyUI: nil
        case .comfyUICanvas:
            "This is what ComfyUI's canvas saves; it names no settings. Save it with Export (API) and import that file."
        case .dify: "Workflows of Dify cannot be imported yet. Rebuild it from input:, llm:chat and logic: nodes."
        case .langflow: "Flows of Langflow cannot be imported yet. Rebuild it from input:, llm:chat and logic: nodes."
        }
    }
}
