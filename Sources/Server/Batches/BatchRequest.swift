import Assets
import Catalog
import Engine
import Values
import Workflows

/// Reads `iteratorConfigs` (contract §8) as what a batch runs for.
struct BatchRequest {
    let plan: Plan
    /// Whose media may be named.
    let account: AccountID
    let assets: AssetStore
    /// The longest source of items in bytes.
    static let maximumSource = 16 << 20

    /// - Throws: ``APIError`` naming the field that cannot be used.
    func read(_ configs: [JSON]) async throws -> BatchSpec {
        var axes: [BatchSpec.Axis] = []
        var modes: Set<BatchSpec.Mode> = []
        var concurrency: Int?
        var onError: BatchSpec.OnError?
        var maximumFailures: Int?
        var maximumItems = BatchSpec.maximumItems
        for (place, config) in configs.enumerated() {
            let path = "iteratorConfigs[\(place)]"
            guard let object = config.object else { throw APIError.field(path, "must be an object") }
            let fields = try Fields(
                object,
                known: [
                    "nodeId", "port", "items", "source", "mode", "concurrency", "onError", "maxFailures", "maxItems",
                ]
            )
            axes.append(try await axis(fields, path))
            if let mode: BatchSpec.Mode = try word(fields, "mode", path) { modes.insert(mode) }
            concurrency = try concurrency ?? fields.integer("concurrency", 1...100).map { Int($0) }
            onError = try onError ?? word(fields, "onError", path)
            maximumFailures = try maximumFailures ?? fields.integer("maxFailures", 0...10_000).map { Int($0) }
            if let most = try fields.integer("maxItems", 1...Int64(BatchSpec.maximumItems)) {
                maximumItems = min(maximumItems, Int(most))
            }
        }
        guard modes.count == 1 || configs.count == 1 else {
            throw APIError.field("iteratorConfigs", "must say the same mode everywhere: zip or product")
        }
        guard onError != .threshold || maximumFailures != nil else {
            throw APIError.field("iteratorConfigs[0].maxFailures", "must be set with onError threshold")
        }
        let spec = BatchSpec(
            axes: axes,
            mode: modes.first ?? .zip,
            concurrency: concurrency ?? 5,
            onError: onError ?? .continue,
            maximumFailures: maximumFailures ?? 0
        )
        if spec.mode == .zip, let other = axes.first(where: { $0.items.count != axes[0].items.count }) {
            throw APIError(
                .invalidGraph,
                "\(axes[0].node) has \(axes[0].items.count) items and \(other.node) has \(other.items.count); "
                    + "with mode zip they must have equal length.",
                ["violations": []]
            )
        }
        guard spec.total <= maximumItems else {
            throw APIError.field("iteratorConfigs", "makes \(spec.total) items; at most \(maximumItems) are allowed")
        }
        return spec
    }

    private func axis(_ fields: Fields, _ path: String) async throws -> BatchSpec.Axis {
        guard let id = try fields.string("nodeId"), let place = plan.place(of: id) else {
            throw APIError.field("\(path).nodeId", "must name a node of the workflow")
        }
        let node = plan.nodes[place]
        guard node.type.kind == .input || node.type.family == "iterator" else {
            throw APIError.field("\(path).nodeId", "must name an input or iterator node")
        }
        let wanted = try fields.string("port") ?? node.outputs.first?.id ?? ""
        guard let port = node.settingName(wanted) ?? node.type.parameters.first?.id ?? node.inputs.first?.port.id
        else { throw APIError.field("\(path).port", "must name a port of \(id)") }
        let items: [JSON]
        switch (fields["items"], try fields.object("source")) {
        case (let list?, nil):
            guard let values = list.array else { throw APIError.field("\(path).items", "must be a list") }
            items = values
        case (nil, let source?): items = try await self.items(of: source, "\(path).source")
        default: throw APIError.field("\(path).items", "must be set, or source instead")
        }
        guard (1...BatchSpec.maximumItems).contains(items.count) else {
            throw APIError.field("\(path).items", "must have 1 to \(BatchSpec.maximumItems) entries")
        }
        let values = try await RunInputs.values(of: items, for: node, port, plan, of: account, assets: assets)
        return BatchSpec.Axis(node: node.id, port: port, items: values)
    }

    /// The items that a file of this server lists.
    private func items(of source: JSONObject, _ path: String) async throws -> [JSON] {
        let fields = try Fields(source, known: ["mediaId", "format", "column"])
        guard let id = try fields.string("mediaId").flatMap(MediaID.init) else {
            throw APIError.field("\(path).mediaId", "must be the identifier of media")
        }
        let text: String
        do {
            guard let reference = try await assets.reference(id, of: account) else {
                throw APIError(.resourceNotFound, "There is no media \(id).", ["kind": "media"])
            }
            guard reference.bytes <= Self.maximumSource else {
                throw APIError.field("\(path).mediaId", "names a file of more than \(Self.maximumSource) bytes")
            }
            let bytes = try await assets.bytes(of: reference.hash, atMost: Self.maximumSource)
            text = String(decoding: bytes, as: UTF8.self)
        } catch let error as AssetError {
            throw APIError(.internalError, error.description)
        }
        let column = try fields.string("column")
        let records: [JSON]
        switch try fields.string("format") {
        case "csv":
            do {
                records = try CSVTable(text, delimiter: ",", hasNames: true).records
            } catch {
                throw APIError.field("\(path).mediaId", "is no table: \(error)")
            }
        case "jsonl":
            var lines: [JSON] = []
            for (number, line) in text.split(separator: "\n").enumerated() where line.contains(where: { $0 != " " }) {
                do {
                    lines.append(try JSON(parsing: String(line)))
                } catch {
                    throw APIError.field("\(path).mediaId", "is no JSON in line \(number + 1): \(error)")
                }
            }
            records = lines
        default: throw APIError.field("\(path).format", "must be csv or jsonl")
        }
        guard let column else { return records }
        return try records.enumerated().map { number, record in
            guard let value = record[column] else {
                throw APIError.field("\(path).column", "is missing in record \(number + 1)")
            }
            return value
        }
    }

    private func word<Word: RawRepresentable & CaseIterable>(
        _ fields: Fields,
        _ name: String,
        _ path: String
    ) throws(APIError) -> Word? where Word.RawValue == String {
        guard let text = try fields.string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .field("\(path).\(name)", "must be one of: \(words)")
        }
        return word
    }
}
