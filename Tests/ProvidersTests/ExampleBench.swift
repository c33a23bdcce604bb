import Catalog
import Engine
import Foundation
import HTTPServer
import HTTPValues
import TestSupport
import Testing
import Values

/// The six example manifests of the documents, against a server that answers as their vendors do.
enum Examples {
    static let environment = [
        "OPENAI_API_KEY": "key", "OPENAI_BASE_URL": "{vendor}/v1", "ANTHROPIC_API_KEY": "key",
        "ANTHROPIC_BASE_URL": "{vendor}/v1", "FAL_KEY": "id:key", "FAL_BASE_URL": "{vendor}",
        "REPLICATE_API_TOKEN": "key", "REPLICATE_BASE_URL": "{vendor}/v1", "KLINGAI_API_KEY": "key",
        "KLING_BASE_URL": "{vendor}", "STABILITY_API_KEY": "key", "STABILITY_BASE_URL": "{vendor}",
    ]

    static let names = [
        "clarity_pro", "claude_messages", "flux_2_pro_edit", "kling_video", "openai_chat", "stability",
    ]

    /// The documents as they stand in the folder of fixtures.
    static func documents() throws -> [Catalog.Document] {
        try names.map { name in
            let path = "../Fixtures/manifests/\(name).json"
            let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path).standardized
            return Catalog.Document(file: "\(name).json", bytes: [UInt8](try Data(contentsOf: url)))
        }
    }

    /// The documents with short pauses and with changes of one provider or node type, named by `id` or `type`.
    static func bench(
        patch: (name: String, changes: JSON)? = nil,
        environment: [String: String?] = [:],
        link: (@Sendable (MediaReference) -> String)? = nil,
        answer: @escaping @Sendable (FakeVendor.Request, String) async -> HTTPResponse
    ) async throws -> VendorBench {
        let quick: JSON = ["firstMs": 5, "everyMs": 10, "factor": 1, "maxMs": 10, "jitter": 0]
        let documents = try documents().map { document in
            let list = try #require(JSON(parsing: document.bytes).array).map { json in
                var json = json
                if json["kind"] == "provider" { json = json.merging(["poll": quick]) }
                if json["onUnknown"]?["lookup"] != nil {
                    json = json.merging(["onUnknown": ["lookup": ["afterMs": 5]]])
                }
                if let offers = json["offers"]?.array {
                    json = json.merging(["offers": .array(offers.map { $0.merging(["poll": quick]) })])
                }
                if let patch, json["id"]?.string ?? json["type"]?.string == patch.name {
                    json = json.merging(patch.changes)
                }
                return json
            }
            return Catalog.Document(file: document.file, bytes: JSON.array(list).bytes)
        }
        var variables = Self.environment
        for (name, value) in environment { variables[name] = value }
        return try await VendorBench(documents: documents, environment: variables, link: link, answer: answer)
    }

    /// What an outcome gave; an outcome that failed is an issue.
    static func made(_ outcome: RunInput.Outcome) throws -> (outputs: [String: Value], cost: Money, requestID: String?)
    {
        guard case .succeeded(let outputs, let cost, let requestID) = outcome else {
            Issue.record("\(outcome)")
            throw NodeError("none", "There are no outputs.")
        }
        return (outputs, cost, requestID)
    }

    /// A file that is an MP4 by its first box.
    static let film: [UInt8] = [0, 0, 0, 0x18] + Array("ftypmp42".utf8) + [0, 0, 0, 0] + Array("mp42isom".utf8)
}

extension HTTPResponse {
    /// A picture of one pixel.
    static func png(_ headers: [String: String] = [:]) -> HTTPResponse {
        var response = HTTPResponse(status: 200, headers: ["content-type": "image/png"], body: VendorBench.png)
        for (name, value) in headers { if let name = HTTPFieldName(name) { response.headers[name] = value } }
        return response
    }
}
