import Catalog
import HTTPValues
import Values

/// The OpenAPI 3.1 description of the API, made of the routes that the router uses.
struct OpenAPIDocument {
    let routes: [Route]
    let version: String

    /// The whole document.
    var json: JSON {
        var paths = JSONObject()
        for route in routes where route.operation != nil {
            let path = route.fullPath
            var item = paths[path]?.object ?? JSONObject()
            item[route.method.rawValue.lowercased()] = .object(operation(route))
            paths[path] = .object(item)
        }
        let tags = Set(routes.compactMap(\.operation?.tag)).sorted().map { ["name": .string($0)] as JSON }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Millrace", "version": .string(version), "license": ["name": "MIT", "identifier": "MIT"],
                "description":
                    "AI workflows: durable, observable, priced. Any operation may also answer 500 `internal_error`, or 503 with `Retry-After` while the server starts, stops or cannot store.",
            ],
            "servers": [["url": "/"]], "tags": .array(tags), "paths": .object(paths),
            "components": [
                "schemas": .object(Self.schemas),
                "securitySchemes": [
                    "key": ["type": "http", "scheme": "bearer", "bearerFormat": "sk-…"],
                    "session": ["type": "apiKey", "in": "cookie", "name": .string(SessionRing.cookie)],
                ],
            ],
        ]
    }

    /// The component schemas: the members of the files in `Documentation/schemas/api`.
    static var schemas: JSONObject {
        var schemas = JSONObject()
        for bytes in BuiltInCatalog.schemas(of: "api") {
            guard let members = try? JSON(parsing: bytes).object else { continue }
            for member in members { schemas[member.key] = member.value }
        }
        return schemas
    }

    private func operation(_ route: Route) -> JSONObject {
        guard let operation = route.operation else { return [:] }
        var object: JSONObject = [
            "operationId": .string(operation.id), "tags": [.string(operation.tag)],
            "summary": .string(operation.summary),
        ]
        if let scopes = route.scopes {
            object["security"] = [["key": []], ["session": []]]
            object["description"] = .string(
                scopes.isEmpty ? "Needs a key or a session." : "Needs \(scopes.joined(separator: " and "))."
            )
        } else {
            // Some routes take a signed link in the place of a key.
            object["security"] = route.errors.contains(.missingAuthorization) ? [["key": []], [:]] : []
        }
        let parameters = parameters(route, operation)
        if !parameters.isEmpty { object["parameters"] = .array(parameters) }
        if let body = operation.body { object["requestBody"] = self.body(body) }
        object["responses"] = .object(responses(route, operation))
        return object
    }

    private func parameters(_ route: Route, _ operation: Operation) -> [JSON] {
        func parameter(_ parameter: Operation.Parameter, in place: String) -> JSON {
            [
                "name": .string(parameter.name), "in": .string(place), "required": .bool(parameter.isRequired),
                "description": .string(parameter.description), "schema": parameter.schema,
            ]
        }
        var list = route.parameterNames.map { name in
            parameter(.init(name, "Which one", ["type": "string", "minLength": 1], isRequired: true), in: "path")
        }
        list += operation.query.map { parameter($0, in: "query") }
        list += operation.headers.map { parameter($0, in: "header") }
        if route.keyedBody != nil {
            let schema: JSON = ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~ ]+$"]
            list.append(parameter(.init("Idempotency-Key", "Names the request, for a day", schema), in: "header"))
        }
        return list
    }

    private func body(_ body: Operation.Body) -> JSON {
        switch body {
        case .json(let name, let isRequired):
            ["required": .bool(isRequired), "content": ["application/json": ["schema": Self.reference(name)]]]
        case .form(let name, let others):
            ["required": true, "content": Self.content(["multipart/form-data": Self.reference(name)], or: others)]
        case .file(let name, let others):
            ["required": true, "content": Self.content(["application/json": Self.reference(name)], or: others)]
        case .raw(let types): ["required": true, "content": Self.content([:], or: types)]
        }
    }

    /// Media types with their schemas, and others of which nothing is said but whether they are read as an object.
    private static func content(_ known: JSONObject, or others: [String]) -> JSON {
        var content = JSONObject()
        for member in known { content[member.key] = ["schema": member.value] }
        for type in others {
            content[type] = ["schema": ["type": type.hasSuffix("yaml") ? "object" : "string"]]
        }
        return .object(content)
    }

    private func responses(_ route: Route, _ operation: Operation) -> JSONObject {
        var responses = JSONObject()
        for answer in operation.answers {
            var response: JSONObject = ["description": .string(answer.description)]
            var headers = JSONObject()
            for header in answer.headers {
                headers[header.name] = ["description": .string(header.description), "schema": ["type": "string"]]
            }
            if !headers.isEmpty { response["headers"] = .object(headers) }
            switch answer.content {
            case .json(let name):
                response["content"] = Self.content(["application/json": Self.reference(name)], or: answer.others)
            case .events(let name):
                response["content"] = Self.content(["text/event-stream": Self.reference(name)], or: answer.others)
            case .raw(let type): response["content"] = Self.content([:], or: [type] + answer.others)
            case .none: break
            }
            responses["\(answer.status)"] = .object(response)
        }
        let codes = Dictionary(grouping: route.errors, by: \.status)
        for (status, codes) in codes.sorted(by: { $0.key < $1.key }) where responses["\(status)"] == nil {
            let words = codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            responses["\(status)"] = [
                "description": .string(words), "content": ["application/json": ["schema": Self.reference("Error")]],
            ]
        }
        return responses
    }

    private static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
}

extension Route {
    /// The path with its base.
    var fullPath: String { isAtRoot ? path : "/api/v1" + path }

    /// The names of the parameters in the path.
    var parameterNames: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// Every code it may answer: its own, and those that follow from what it is.
    var errors: [ErrorCode] {
        var codes: [ErrorCode] = [.badRequest, .uriTooLong, .headersTooLarge]
        if scopes != nil {
            codes += [.missingAuthorization, .invalidAPIKeyFormat, .invalidAPIKey, .apiKeyExpired, .invalidSession]
            if ![.get, .head].contains(method) { codes.append(.invalidCSRFToken) }
        }
        if scopes?.isEmpty == false { codes.append(.insufficientScope) }
        if bucket != nil { codes.append(.rateLimited) }
        if bucket == .executions { codes.append(.executionRateLimited) }
        switch operation?.body {
        case .json:
            codes += [.invalidJSON, .jsonTooDeep, .invalidField, .bodyTooLarge, .unsupportedMediaType]
        case .form, .file, .raw: codes.append(.bodyTooLarge)
        case nil: break
        }
        if operation?.query.isEmpty == false { codes += [.invalidField, .invalidFilter] }
        if operation?.query.contains(where: { $0.name == "cursor" }) == true { codes.append(.invalidCursor) }
        if operation?.headers.contains(where: { $0.name == "If-Match" }) == true { codes.append(.preconditionFailed) }
        if keyedBody != nil { codes += [.invalidIdempotencyKey, .idempotencyInProgress, .idempotencyKeyReused] }
        for code in operation?.errors ?? [] where !codes.contains(code) { codes.append(code) }
        return codes
    }
}
