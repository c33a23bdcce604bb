import HTTPValues

extension APIServer {
    private static let execute = ["workflows:execute"]

    /// Schedules and backfills: row 60 of contract §2.
    static let scheduleRoutes: [Route] = [
        Route(
            row: 60,
            method: .get,
            path: "/schedules",
            scopes: execute,
            operation: Operation(
                "listSchedules",
                "Schedules",
                "Lists schedules, newest first",
                query: [.limit, .cursor, .text("workflowId", "Keeps those of a workflow")],
                answers: [.json("SchedulePage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listSchedules($1) },
        Route(
            row: 60,
            method: .post,
            path: "/schedules",
            scopes: execute,
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createSchedule",
                "Schedules",
                "Makes a schedule",
                body: .json("ScheduleInput"),
                answers: [.created("Schedule")],
                errors: [.missingFields, .workflowNotFound, .nameTaken]
            )
        ) { try await $0.createSchedule($1) },
        Route(
            row: 60,
            method: .post,
            path: "/schedules/preview",
            scopes: execute,
            operation: Operation(
                "previewSchedule",
                "Schedules",
                "Shows the next times of a schedule that is not stored",
                body: .json("SchedulePreviewInput"),
                answers: [.json("SchedulePreview")],
                errors: [.missingFields]
            )
        ) { try await $0.previewSchedule($1) },
        Route(
            row: 60,
            method: .get,
            path: "/schedules/{id}",
            scopes: execute,
            operation: Operation(
                "getSchedule",
                "Schedules",
                "Shows a schedule",
                query: [.integer("preview", "How many of its next times are shown", 1...100)],
                answers: [.json("Schedule")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getSchedule($1) },
        Route(
            row: 60,
            method: .patch,
            path: "/schedules/{id}",
            scopes: execute,
            operation: Operation(
                "patchSchedule",
                "Schedules",
                "Changes a schedule in part",
                body: .json("SchedulePatch"),
                answers: [.json("Schedule")],
                errors: [.resourceNotFound, .workflowNotFound, .nameTaken, .staleWrite]
            )
        ) { try await $0.patchSchedule($1) },
        Route(
            row: 60,
            method: .delete,
            path: "/schedules/{id}",
            scopes: execute,
            operation: Operation(
                "deleteSchedule",
                "Schedules",
                "Removes a schedule; its runs stay",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteSchedule($1) },
        Route(
            row: 60,
            method: .post,
            path: "/schedules/{id}/trigger",
            scopes: execute,
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "triggerSchedule",
                "Schedules",
                "Starts the workflow of a schedule now",
                body: .json("Empty", isRequired: false),
                answers: [.created("ScheduleTriggered", 202, "Accepted")],
                errors: startErrors
            )
        ) { try await $0.triggerSchedule($1) },
        state("pause", "Stops a schedule until it is resumed", active: false),
        state("resume", "Lets a schedule go on from now", active: true),
        Route(
            row: 60,
            method: .post,
            path: "/schedules/{id}/backfill",
            scopes: execute,
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createBackfill",
                "Schedules",
                "Runs the planned times of a span that is over, each one once",
                body: .json("BackfillInput"),
                answers: [.created("Backfill", 202, "Accepted")],
                errors: [.missingFields, .resourceNotFound]
            )
        ) { try await $0.createBackfill($1) },
        Route(
            row: 60,
            method: .get,
            path: "/schedules/{id}/backfills",
            scopes: execute,
            operation: Operation(
                "listBackfills",
                "Schedules",
                "Lists the backfills of a schedule, newest first",
                query: [.limit, .cursor],
                answers: [.json("BackfillPage")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.listBackfills($1) },
        Route(
            row: 60,
            method: .get,
            path: "/backfills/{id}",
            scopes: execute,
            operation: Operation(
                "getBackfill",
                "Schedules",
                "Shows how far a backfill is",
                answers: [.json("Backfill")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getBackfill($1) },
        Route(
            row: 60,
            method: .post,
            path: "/backfills/{id}/cancel",
            scopes: execute,
            operation: Operation(
                "cancelBackfill",
                "Schedules",
                "Starts no further runs of a backfill",
                body: .json("Empty", isRequired: false),
                answers: [.json("Backfill")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.cancelBackfill($1) },
    ]

    private static func state(_ verb: String, _ summary: String, active isActive: Bool) -> Route {
        Route(
            row: 60,
            method: .post,
            path: "/schedules/{id}/\(verb)",
            scopes: execute,
            operation: Operation(
                "\(verb)Schedule",
                "Schedules",
                summary,
                body: .json("Empty", isRequired: false),
                answers: [.json("Schedule")],
                errors: [.resourceNotFound, .staleWrite]
            )
        ) { try await $0.setSchedule($1, active: isActive) }
    }
}
