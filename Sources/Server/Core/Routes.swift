extension APIServer {
    /// Everything the server answers; the rows are those of contract §2.
    static let routes: [Route] = [
        workflowRoutes, executionRoutes, deadLetterRoutes, approvalRoutes, catalogRoutes, keyRoutes, mediaRoutes,
        moneyRoutes, systemRoutes, docsRoutes, versionRoutes, templateRoutes, appRoutes, deploymentRoutes,
        metricsRoutes,
        accountRoutes, signInRoutes,
        vaultRoutes,
        webhookRoutes, scheduleRoutes, callbackRoutes,
        alertRoutes,
    ].flatMap(\.self)
}
