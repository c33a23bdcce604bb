import HTTPValues

extension APIServer {
    /// Deployments, with which `millrace apply` works; an addition to row 16 of contract §2.
    static let deploymentRoutes: [Route] = [
        Route(
            row: 16,
            method: .get,
            path: "/deployments",
            scopes: ["workflows:read"],
            operation: Operation(
                "listDeployments",
                "Deployments",
                "Lists the deployments, newest first",
                query: [.limit, .cursor],
                answers: [.json("DeploymentPage")]
            )
        ) { try await $0.listDeployments($1) },
        Route(
            row: 16,
            method: .post,
            path: "/deployments",
            scopes: ["workflows:write"],
            keyedBody: deploymentBytes,
            operation: Operation(
                "deploy",
                "Deployments",
                "Makes workflows what is sent and publishes them, all or none",
                body: .json("DeploymentInput"),
                answers: [.created("Deployment"), .json("DeploymentPlan", 200, "The plan of a dry run")],
                errors: [.workflowNotFound, .invalidGraph, .staleWrite]
            )
        ) { try await $0.deploy($1) },
        Route(
            row: 16,
            method: .get,
            path: "/deployments/{id}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getDeployment",
                "Deployments",
                "Shows what a deployment did",
                answers: [.json("Deployment")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getDeployment($1) },
        Route(
            row: 16,
            method: .post,
            path: "/deployments/{id}/rollback",
            scopes: ["workflows:write"],
            operation: Operation(
                "rollBackDeployment",
                "Deployments",
                "Publishes what was published before a deployment",
                answers: [.json("Deployment")],
                errors: [.resourceNotFound, .staleWrite]
            )
        ) { try await $0.rollBack($1) },
    ]
}
