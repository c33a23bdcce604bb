import Catalog
import Crypto
import EventLoop
import HTTPServer
import HTTPValues
import Values

extension APIServer {
    /// GET /nodes.
    func listNodes(_ exchange: Exchange) async throws -> Reply {
        let catalog = catalog
        let refusals = JSON.array(
            refusedManifests.map { error in
                ["file": .string(error.file), "path": .string(error.path), "reason": .string(error.reason)]
            }
        )
        let types = catalog.nodeTypes.values.sorted { $0.id < $1.id }
        // What is installed is looked up on the disk.
        let nodes = try await pool.run { JSON.array(types.map { self.describe($0, exchange.account) }) }
        let tag = Self.tag(of: nodes.bytes + refusals.bytes)
        let headers: HTTPFields = ["etag": tag, "cache-control": "private, no-cache"]
        if exchange.hasCopy(of: tag) { return .raw(HTTPResponse(status: 304, headers: headers)) }
        var categories: [String: Int] = [:]
        for type in types { categories[type.family, default: 0] += 1 }
        let list = categories.sorted { $0.key < $1.key }.map { name, count -> JSON in
            ["id": .string(name), "label": .string(name.asLabel), "count": .int(Int64(count))]
        }
        return .json(
            [
                "nodes": nodes, "categories": .array(list), "refusals": refusals,
                "etag": .string(String(tag.dropFirst().dropLast())),
            ],
            headers: headers
        )
    }

    private static func tag(of bytes: [UInt8]) -> String {
        "\"c-\(Base64.encode(Array(SHA256.hash(bytes).prefix(16)), .url))\""
    }

    /// GET /nodes/{type}.
    func getNode(_ exchange: Exchange) async throws -> Reply {
        switch catalog.resolve(exchange.parameters[0]) {
        case .exact(let type), .successor(let type), .retired(let type):
            let node = try await pool.run { self.describe(type, exchange.account) }
            let tag = Self.tag(of: node.bytes)
            let headers: HTTPFields = ["etag": tag, "cache-control": "private, no-cache"]
            if exchange.hasCopy(of: tag) { return .raw(HTTPResponse(status: 304, headers: headers)) }
            return .json(node, headers: headers)
        case nil:
            let near = catalog.suggestions(for: exchange.parameters[0]).joined(separator: ", ")
            throw APIError(
                .nodeNotFound,
                "There is no node type \(exchange.parameters[0])." + (near.isEmpty ? "" : " Did you mean \(near)?")
            )
        }
    }

    /// GET /schemas/{kind}.json, for editors: how manifests are written.
    func schema(_ exchange: Exchange) throws -> Reply {
        let file = exchange.parameters[0]
        guard file.hasSuffix(".json"), let schema = BuiltInCatalog.schema(String(file.dropLast(5))) else {
            throw APIError(
                .resourceNotFound,
                "There is no schema \(file). There are node.json, provider.json and prices.json."
            )
        }
        let headers: HTTPFields = [
            "content-type": "application/schema+json", "cache-control": "public, max-age=3600",
            "access-control-allow-origin": "*",
        ]
        return .raw(HTTPResponse(status: 200, headers: headers, body: schema))
    }

    private func describe(_ type: NodeType, _ account: AccountID) -> JSON {
        let plans = type.offers.compactMap { try? catalog.plan(for: $0, of: type) }
        let ports: [JSON] = type.inputs.map { port in
            [
                "id": .string(port.id), "label": .string(port.label), "type": .string(port.type.rawValue),
                "isPort": true,
                "required": .bool(port.isRequired), "list": .bool(port.isList), "template": .bool(port.isTemplate),
                "secret": false, "expands": .bool(port.expands), "role": port.role.map(JSON.string) ?? .null,
                "accept": .array(port.accept.map(JSON.string)),
            ]
        }
        return [
            "nodeType": .string(type.id), "label": .string(type.label), "category": .string(type.family),
            "kind": .string(type.kind.rawValue), "group": .string(type.group), "description": .string(type.description),
            "version": .int(Int64(type.version)), "deprecated": .bool(type.lifecycle.status != .active),
            "replacedBy": type.lifecycle.replacedBy.map(JSON.string) ?? .null,
            "aliases": .array(type.aliases.map(JSON.string)), "inputs": .array(ports + type.parameters.map(describe)),
            "outputs": .array(
                type.outputs.map { port in
                    [
                        "id": .string(port.id), "label": .string(port.label), "type": .string(port.type.rawValue),
                        "list": .bool(port.isList), "branch": .bool(port.isBranch),
                    ]
                }
            ), "configSchema": schema(type), "providers": .array(type.offers.map { .string($0.provider) }),
            "available": .bool(type.offers.isEmpty || type.offers.contains { obstacle($0, account) == nil }),
            "offers": .array(type.offers.map { describe($0, type, account) }),
            "dynamicPorts": .bool(type.hasDynamicPorts),
            "sideEffects": .bool(type.hasSideEffects), "effect": .string(type.effect.rawValue),
            "deterministic": .bool(type.isComputed && type.id != "utility:random_seed"),
            "async": .bool(plans.contains { $0.envelope.mode != .inline }),
            "defaultTimeoutMs": plans.first.map { .int($0.envelope.deadline.wholeMilliseconds) } ?? .null,
            "hash": .string(type.hash.description), "license": type.license.map(JSON.string) ?? .null,
        ]
    }

    private func describe(_ parameter: Parameter) -> JSON {
        var object: JSONObject = [
            "id": .string(parameter.id), "label": .string(parameter.label), "type": .string(parameter.type.rawValue),
            "isPort": false, "required": .bool(parameter.isRequired), "default": parameter.defaultValue ?? .null,
            "template": .bool(parameter.isTemplate), "secret": .bool(parameter.isSecret),
        ]
        if let text = parameter.description { object["description"] = .string(text) }
        if let use = parameter.expression { object["expression"] = .string(use.rawValue) }
        if !parameter.options.isEmpty { object["options"] = .array(parameter.options) }
        if let minimum = parameter.minimum { object["min"] = .double(minimum) }
        if let maximum = parameter.maximum { object["max"] = .double(maximum) }
        if parameter.isInteger { object["integer"] = true }
        if let length = parameter.maximumLength { object["maxLength"] = .int(Int64(length)) }
        if let widget = parameter.widget { object["widget"] = .string(widget) }
        if let unit = parameter.unit { object["unit"] = .string(unit) }
        return .object(object)
    }

    /// The parameters as a JSON Schema.
    private func schema(_ type: NodeType) -> JSON {
        var properties = JSONObject()
        for parameter in type.parameters {
            var property: JSONObject = ["title": .string(parameter.label)]
            switch parameter.type {
            case .text: property["type"] = "string"
            case .number: property["type"] = parameter.isInteger ? "integer" : "number"
            case .boolean: property["type"] = "boolean"
            default: break
            }
            if !parameter.options.isEmpty { property["enum"] = .array(parameter.options) }
            if let minimum = parameter.minimum { property["minimum"] = .double(minimum) }
            if let maximum = parameter.maximum { property["maximum"] = .double(maximum) }
            if let value = parameter.defaultValue { property["default"] = value }
            properties[parameter.id] = .object(property)
        }
        return ["type": "object", "properties": .object(properties)]
    }

    private func describe(_ offer: Offer, _ type: NodeType, _ account: AccountID) -> JSON {
        var object: JSONObject = [
            "id": .string(offer.id), "provider": .string(offer.provider),
            "endpoint": offer.source["vars"]?["endpoint"] ?? .null, "model": offer.model.map(JSON.string) ?? .null,
            "typicalMs": offer.typical.map { .int($0.wholeMilliseconds) } ?? .null,
            "lifecycle": [
                "status": .string(offer.lifecycle.status.rawValue),
                "shutdownAt": offer.lifecycle.shutdownAt.map(JSON.string) ?? .null,
            ], "verified": .bool(offer.unverified == nil),
            "obstacle": obstacle(offer, account).map(JSON.string) ?? .null,
        ]
        guard let plan = try? catalog.plan(for: offer, of: type) else { return .object(object) }
        object["manifest"] = plan.manifest.map { .string($0.hash.description) } ?? .null
        if let price = plan.price {
            object["price"] = [
                "unit": .string(price.unit), "unbounded": .bool(price.isUnbounded),
                "asOf": price.asOf.map(JSON.string) ?? .null, "table": price.table,
                "hash": price.hash.map { .string($0.description) } ?? .null,
            ]
        }
        return .object(object)
    }
}
