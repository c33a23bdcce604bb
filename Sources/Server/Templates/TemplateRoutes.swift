import HTTPValues

extension APIServer {
    /// Models and templates: rows 41 and 42 of contract §2.
    static let templateRoutes: [Route] = [
        Route(
            row: 41,
            method: .get,
            path: "/models",
            scopes: ["models:read"],
            operation: Operation(
                "listModels",
                "Catalog",
                "Lists the models that node types ask",
                query: [
                    .limit, .cursor, .text("provider", "Keeps those of a provider"),
                    .text("nodeType", "Keeps those that serve a node type"),
                    .text("category", "Keeps those of a family of node types, such as `llm`"),
                    .text("status", "Keeps those of that lifecycle: `active`, `deprecated` or `retired`"),
                    .text("q", "Keeps those in whose names these words stand"),
                ],
                answers: [.json("ModelPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listModels($1) },
        Route(
            row: 42,
            method: .get,
            path: "/templates",
            scopes: ["workflows:read"],
            operation: Operation(
                "listTemplates",
                "Templates",
                "Lists ready workflows",
                query: [
                    .limit, .cursor, .text("category", "Keeps those of a category"),
                    .text("tag", "Keeps those with a tag"), .text("q", "Keeps those in which these words stand"),
                ],
                answers: [.json("TemplatePage")]
            )
        ) { try await $0.listTemplates($1) },
        Route(
            row: 42,
            method: .get,
            path: "/templates/{id}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getTemplate",
                "Templates",
                "Shows a ready workflow with its graph",
                answers: [.json("TemplateDetails")],
                errors: [.templateNotFound]
            )
        ) { try await $0.getTemplate($1) },
        Route(
            row: 42,
            method: .post,
            path: "/templates/{id}/clone",
            scopes: ["workflows:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "cloneTemplate",
                "Templates",
                "Makes a workflow of a ready one",
                body: .json("CloneInput", isRequired: false),
                answers: [.created("WorkflowSaved")],
                errors: [.templateNotFound, .invalidInput]
            )
        ) { try await $0.cloneTemplate($1) },
    ]
}
