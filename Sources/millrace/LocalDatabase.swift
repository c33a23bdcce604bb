import FileSystem
import Storage
import Values

/// The database of a command that works beside a running server.
enum LocalDatabase {
    /// Does something with the database that the settings name, and with its one account.
    static func use<Result>(
        _ settings: Settings,
        _ body: (Database, AccountID) async throws -> Result
    ) async throws -> Result {
        let database =
            if let url = settings.database {
                try Database.open(url: url) { Console.error($0) }
            } else {
                try Database.open(folder: settings.data, isShared: true) { Console.error("\($0)") }
            }
        do {
            let now = Host.clock()
            var random = SystemRandomNumberGenerator()
            let account = try await database.account(
                named: "default",
                makingIt: AccountID(at: now, random: &random),
                at: now
            )
            let result = try await body(database, account)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }

    /// A record of what somebody with access to the data has done.
    static func record(_ action: String, _ resource: String, in account: AccountID) -> AuditRecord {
        let now = Host.clock()
        var random = SystemRandomNumberGenerator()
        return AuditRecord(
            id: AuditID(at: now, random: &random),
            account: account,
            at: now,
            actor: "command line",
            address: nil,
            action: action,
            resource: resource,
            request: nil
        )
    }
}
