/// The stable words for what can go wrong over HTTP (contract §6.2); each has an entry in `Documentation/errors.md`.
public enum ErrorCode: String, Sendable, Hashable, CaseIterable {
    /// The word `invalid_json`.
    case invalidJSON = "invalid_json"
    /// The word `json_too_deep`.
    case jsonTooDeep = "json_too_deep"
    /// The word `missing_fields`.
    case missingFields = "missing_fields"
    /// The word `no_nodes`.
    case noNodes = "no_nodes"
    /// The word `node_id_missing`.
    case nodeIDMissing = "node_id_missing"
    /// The word `workflow_inactive`.
    case workflowInactive = "workflow_inactive"
    /// The word `workflow_not_published`.
    case workflowNotPublished = "workflow_not_published"
    /// The word `invalid_field`.
    case invalidField = "invalid_field"
    /// The word `invalid_input`.
    case invalidInput = "invalid_input"
    /// The word `invalid_cursor`.
    case invalidCursor = "invalid_cursor"
    /// The word `invalid_filter`.
    case invalidFilter = "invalid_filter"
    /// The word `invalid_idempotency_key`.
    case invalidIdempotencyKey = "invalid_idempotency_key"
    /// The word `bad_request`.
    case badRequest = "bad_request"
    /// The word `missing_authorization`.
    case missingAuthorization = "missing_authorization"
    /// The word `invalid_api_key_format`.
    case invalidAPIKeyFormat = "invalid_api_key_format"
    /// The word `invalid_api_key`.
    case invalidAPIKey = "invalid_api_key"
    /// The word `api_key_expired`.
    case apiKeyExpired = "api_key_expired"
    /// The word `invalid_access_token`.
    case invalidAccessToken = "invalid_access_token"
    /// The word `invalid_session`.
    case invalidSession = "invalid_session"
    /// The word `invalid_credentials`.
    case invalidCredentials = "invalid_credentials"
    /// The word `invalid_setup_token`.
    case invalidSetupToken = "invalid_setup_token"
    /// The word `invalid_csrf_token`.
    case invalidCSRFToken = "invalid_csrf_token"
    /// The word `forbidden_resume`.
    case forbiddenResume = "forbidden_resume"
    /// The word `already_member`.
    case alreadyMember = "already_member"
    /// The word `last_owner`.
    case lastOwner = "last_owner"
    /// The word `sign_in_locked`.
    case signInLocked = "sign_in_locked"
    /// The word `insufficient_credits`.
    case insufficientCredits = "insufficient_credits"
    /// The word `insufficient_scope`.
    case insufficientScope = "insufficient_scope"
    /// The word `workflow_not_found`.
    case workflowNotFound = "workflow_not_found"
    /// The word `execution_not_found`.
    case executionNotFound = "execution_not_found"
    /// The word `node_not_found`.
    case nodeNotFound = "node_not_found"
    /// The word `route_not_found`.
    case routeNotFound = "route_not_found"
    /// The word `resource_not_found`.
    case resourceNotFound = "resource_not_found"
    /// The word `method_not_allowed`.
    case methodNotAllowed = "method_not_allowed"
    /// The word `request_timeout`.
    case requestTimeout = "request_timeout"
    /// The word `stale_write`.
    case staleWrite = "stale_write"
    /// The word `too_many_names`.
    case tooManyNames = "too_many_names"
    /// The word `execution_finished`.
    case executionFinished = "execution_finished"
    /// The word `not_waiting`.
    case notWaiting = "not_waiting"
    /// The word `media_in_use`.
    case mediaInUse = "media_in_use"
    /// The word `approval_decided`.
    case approvalDecided = "approval_decided"
    /// The word `too_many_signals`.
    case tooManySignals = "too_many_signals"
    /// The word `execution_running`.
    case executionRunning = "execution_running"
    /// The word `dead_letter_closed`.
    case deadLetterClosed = "dead_letter_closed"
    /// The word `dead_letter_undeliverable`.
    case deadLetterUndeliverable = "dead_letter_undeliverable"
    /// The word `idempotency_in_progress`.
    case idempotencyInProgress = "idempotency_in_progress"
    /// The word `name_taken`.
    case nameTaken = "name_taken"
    /// The word `template_not_found`.
    case templateNotFound = "template_not_found"
    /// The word `media_expired`.
    case mediaExpired = "media_expired"
    /// The word `precondition_failed`.
    case preconditionFailed = "precondition_failed"
    /// The word `body_too_large`.
    case bodyTooLarge = "body_too_large"
    /// The word `webhook_not_found`.
    case webhookNotFound = "webhook_not_found"
    /// The word `webhook_disabled`.
    case webhookDisabled = "webhook_disabled"
    /// The word `invalid_webhook_signature`.
    case invalidWebhookSignature = "invalid_webhook_signature"
    /// The word `forbidden`.
    case forbidden
    /// The word `budget_exceeded`.
    case budgetExceeded = "budget_exceeded"
    /// The word `uri_too_long`.
    case uriTooLong = "uri_too_long"
    /// The word `unsupported_media_type`.
    case unsupportedMediaType = "unsupported_media_type"
    /// The word `range_not_satisfiable`.
    case rangeNotSatisfiable = "range_not_satisfiable"
    /// The word `expectation_failed`.
    case expectationFailed = "expectation_failed"
    /// The word `invalid_graph`.
    case invalidGraph = "invalid_graph"
    /// The word `unsupported_import`.
    case unsupportedImport = "unsupported_import"
    /// The word `idempotency_key_reused`.
    case idempotencyKeyReused = "idempotency_key_reused"
    /// The word `rate_limited`.
    case rateLimited = "rate_limited"
    /// The word `execution_rate_limited`.
    case executionRateLimited = "execution_rate_limited"
    /// The word `daily_execution_limit`.
    case dailyExecutionLimit = "daily_execution_limit"
    /// The word `headers_too_large`.
    case headersTooLarge = "headers_too_large"
    /// The word `internal_error`.
    case internalError = "internal_error"
    /// The word `not_implemented`.
    case notImplemented = "not_implemented"
    /// The word `version_not_supported`.
    case versionNotSupported = "version_not_supported"
    /// The word `overloaded`.
    case overloaded
    /// The word `draining`.
    case draining
    /// The word `storage_full`.
    case storageFull = "storage_full"
    /// The word `storage_unavailable`.
    case storageUnavailable = "storage_unavailable"

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .invalidJSON, .jsonTooDeep, .missingFields, .noNodes, .nodeIDMissing, .workflowInactive, .invalidField,
            .invalidInput, .invalidCursor, .invalidFilter, .invalidIdempotencyKey, .badRequest,
            .workflowNotPublished:
            400
        case .missingAuthorization, .invalidAPIKeyFormat, .invalidAPIKey, .apiKeyExpired, .invalidAccessToken: 401
        case .invalidSession, .invalidCredentials, .invalidSetupToken: 401
        case .invalidWebhookSignature: 401
        case .insufficientCredits, .budgetExceeded: 402
        case .insufficientScope: 403
        case .webhookDisabled: 403
        case .webhookNotFound: 404
        case .workflowNotFound, .executionNotFound, .nodeNotFound, .routeNotFound, .resourceNotFound,
            .templateNotFound:
            404
        case .invalidCSRFToken, .forbidden, .forbiddenResume: 403
        case .alreadyMember, .lastOwner: 409
        case .signInLocked: 429
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .mediaInUse, .staleWrite, .executionFinished, .tooManySignals, .notWaiting, .approvalDecided,
            .executionRunning,
            .deadLetterClosed, .deadLetterUndeliverable, .idempotencyInProgress, .nameTaken:
            409
        case .tooManyNames: 409
        case .mediaExpired: 410
        case .preconditionFailed: 412
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .rangeNotSatisfiable: 416
        case .expectationFailed: 417
        case .invalidGraph, .unsupportedImport, .idempotencyKeyReused: 422
        case .rateLimited, .executionRateLimited, .dailyExecutionLimit: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .overloaded, .draining, .storageFull, .storageUnavailable: 503
        case .versionNotSupported: 505
        }
    }

    /// The wider class of the error.
    public var type: String {
        switch status {
        case 401: "authentication_error"
        case 402: "insufficient_credits_error"
        case 403: "permission_error"
        case 409, 412: "conflict_error"
        case 429: "rate_limit_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
