import HTTPValues
import HTTPServer
import Values

extension Route {
    /// The rows whose execution may be seen with a status token instead of a key: poll, details and events.
    private static let shownRows: Set<Int> = [23, 24, 27]

    /// The execution that a status token in the request lets the client see; `nil` when there is no token.
    ///
    /// - Throws: ``APIError`` when the token is of another execution, or over.
    func visible(
        _ request: HTTPRequest,
        _ query: [(name: String, value: String)],
        _ parameters: [String],
        _ tokens: StatusTokens,
        at now: Instant
    ) throws(APIError) -> ExecutionID? {
        guard Self.shownRows.contains(row), method == .get else { return nil }
        let bearer = request.headers["authorization"].flatMap { header in
            header.hasPrefix("Bearer rt_") ? String(header.dropFirst(7)) : nil
        }
        guard let token = query.first(where: { $0.name == "token" })?.value ?? bearer else { return nil }
        guard let id = parameters.first.flatMap(ExecutionID.init), tokens.allows(token, id, at: now) else {
            throw APIError(
                .invalidAccessToken,
                "The token is not one of this execution, or older than a day. Use an API key."
            )
        }
        return id
    }
}

extension Exchange {
    /// Whether the client may see an execution of an account.
    func mayRead(_ id: ExecutionID, of account: AccountID) -> Bool {
        visible == id || visible == nil && account == self.account
    }
}
