import Catalog
import Engine
import Expressions
import Foundation
import Testing
import Values
import Workflows

struct BuiltInCatalogTests {
    let catalog: Catalog

    init() throws {
        catalog = try Catalog(BuiltInCatalog.documents)
    }

    @Test func `holds exactly the files of the folder Catalog`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Catalog").standardized
        guard let files = FileManager.default.enumerator(atPath: folder.path) else { return }
        let paths = files.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.sorted()
        let documents = BuiltInCatalog.documents
        try #require(!paths.isEmpty)
        #expect(documents.map(\.file) == paths, "Run Scripts/embed-catalog.")
        for document in documents {
            let data = try Data(contentsOf: folder.appending(path: document.file))
            #expect(document.bytes == [UInt8](data), "Build again: \(document.file) has changed.")
        }
    }

    @Test func `is written with two spaces, one file for each node type under its family and name`() throws {
        for document in BuiltInCatalog.documents {
            let text = String(decoding: document.bytes, as: UTF8.self)
            let json = try JSON(parsing: document.bytes)
            #expect(text.hasPrefix("{\n  \"format\": \"mx/1\",\n"), "\(document.file)")
            #expect(text == json.indentedText + "\n" || text.contains("[]") || text.contains("{}"), "\(document.file)")
            let expected =
                switch json["kind"]?.string {
                case "node": "nodes/\(json["type"]?.string?.replacing(":", with: "/") ?? "").json"
                case "provider": "providers/\(json["id"]?.string ?? "").json"
                case "template": "templates/\(json["id"]?.string ?? "").json"
                default: ""
                }
            #expect(document.file == expected)
        }
    }

    @Test func `compiles every offer`() throws {
        for type in catalog.nodeTypes.values {
            for offer in type.offers {
                #expect(throws: Never.self, "\(type.id), \(offer.id)") { try catalog.plan(for: offer, of: type) }
                guard !offer.isLocal else { continue }
                let plan = try catalog.plan(for: offer, of: type)
                #expect(Set(plan.envelope.outputs.map(\.port)) == Set(type.outputs.map(\.id)), "\(type.id)")
                #expect(plan.price?.upper != nil && plan.price?.estimate != nil && plan.price?.isUnbounded == false)
                #expect(type.effect == .once && offer.typical != nil)
            }
        }
    }

    @Test func `has no node type that nobody can serve`() {
        for type in catalog.nodeTypes.values where type.offers.isEmpty {
            #expect(Computation.exists(for: type.id), "\(type.id)")
        }
    }

    @Test func `names every node type and every setting for people`() {
        for type in catalog.nodeTypes.values {
            #expect(!type.description.isEmpty && type.description.hasSuffix("."), "\(type.id)")
            #expect(type.label.first?.isUppercase == true, "\(type.id)")
            for parameter in type.parameters {
                #expect(parameter.label.first?.isUppercase == true, "\(type.id) \(parameter.id)")
                if let value = parameter.defaultValue { #expect(parameter.problem(with: value) == nil) }
            }
        }
    }

    @Test func `gives every alias to one living type`() {
        var owners: [String: String] = [:]
        for type in catalog.nodeTypes.values {
            for alias in type.aliases {
                #expect(owners.updateValue(type.id, forKey: alias) == nil, "\(alias)")
                #expect(catalog.nodeTypes[alias] == nil, "\(alias)")
            }
        }
        #expect(owners["compv3"] == "process:image_composite")
        #expect(owners["generate:imagen4"] == "generate:nano_banana_2_1")
        #expect(owners["edit:crystal_upscaler"] == "upscale:crystal")
    }

    @Test func `has the ports of the catalogue`() throws {
        func ports(_ id: String) throws -> String {
            let type = try #require(catalog.nodeTypes[id])
            let inputs = type.inputs.map {
                "\($0.id) \($0.type.rawValue)\($0.isList ? "*" : "")\($0.isRequired ? "" : "?")"
            }
            let outputs = type.outputs.map { "\($0.id) \($0.type.rawValue)\($0.isList ? "*" : "")" }
            return "\(inputs.joined(separator: ", ")) → \(outputs.joined(separator: ", "))"
        }
        #expect(try ports("llm:chat") == "prompt TEXT, system_prompt TEXT?, images IMAGE*? → text TEXT, usage JSON")
        #expect(try ports("llm:classify") == "text TEXT → label TEXT, confidence NUMBER")
        #expect(try ports("generate:flux_2") == "prompt TEXT, images IMAGE*? → images IMAGE*")
        #expect(try ports("edit:flux_2_edit") == "prompt TEXT, images IMAGE* → images IMAGE*")
        #expect(try ports("video:kling_video_2_5_i2v") == "image IMAGE, end_image IMAGE?, prompt TEXT? → video VIDEO")
        #expect(try ports("process:video_assemble") == "image IMAGE, audio AUDIO, text TEXT? → video VIDEO")
        #expect(
            try ports("process:image_composite")
                == "background IMAGE, layer_1 IMAGE, layers IMAGE*?, data JSON?, mask IMAGE? → image IMAGE"
        )
        #expect(try ports("vision:ocr_local") == "image IMAGE → text TEXT, words JSON")
        #expect(try ports("logic:switch") == "value ANY? → default ANY")
    }

    @Test(arguments: [("gpt-5.4-mini", 4_608_000.0), ("gpt-6-astra", 51_200_000.0), ("llama3:8b", 51_200_000.0)])
    func `bounds the price of a model that is not known by the dearest one that is`(
        model: String,
        least: Double
    ) throws {
        let type = try #require(catalog.nodeTypes["llm:chat"])
        let plan = try catalog.plan(for: try #require(type.offers.first), of: type)
        let upper = try #require(plan.price?.upper).evaluate(in: PriceScope(model: model, plan: plan))
        let nano = try #require(upper.number)
        // 1,024 tokens of answer at the model's price, and a little for the question.
        #expect(nano >= least && nano < least * 1.4, "\(nano)")
    }
}

private struct PriceScope: Scope {
    let model: String
    let plan: OfferPlan

    func value(ofRoot name: String) -> CELValue? {
        switch name {
        case "inputs": CELValue(["prompt": "A short question"] as JSON)
        case "params": CELValue(["model": .string(model), "max_tokens": 1024] as JSON)
        case "vars": CELValue(plan.variables)
        default: nil
        }
    }
}
