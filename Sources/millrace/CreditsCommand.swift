import FileSystem
import Storage
import Values

/// `millrace credits`: the credits of accounts, in the data folder or a shared database, also while servers use it.
enum CreditsCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "database", "account", "note"])
        let settings = try Settings(arguments, environment: environment)
        guard let action = arguments.positional.first else {
            throw Arguments.UsageError(description: "Say show or grant.")
        }
        let database = try MoneyDatabase.open(settings)
        let status: Int32
        do {
            status = try await perform(action, arguments, database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        return status
    }

    private static func perform(_ action: String, _ arguments: Arguments, _ database: Database) async throws -> Int32 {
        let now = Host.clock()
        let account: AccountID
        if let text = arguments["account"] {
            guard let id = AccountID(text) else {
                throw Arguments.UsageError(description: "--account must be the identifier of an account, not \(text).")
            }
            account = id
        } else {
            var random = SystemRandomNumberGenerator()
            account = try await database.account(
                named: "default",
                makingIt: AccountID(at: now, random: &random),
                at: now
            )
        }
        switch (action, arguments.positional.dropFirst().first) {
        case ("show", _):
            let rules = try await database.moneyRules(of: account)
            let credits = try await database.credits(of: account) ?? Credits(balance: 0, reserved: 0)
            Console.print("\(account)  plan \(rules.plan)\(rules.isMetered ? "" : " (credits limit nothing)")")
            Console.print("available \(credits.available)  reserved \(credits.reserved)  total \(credits.balance)")
            for grant in try await database.grants(of: account, limit: 20) {
                Console.print("\(grant.at)  \(grant.credits)  \(grant.note)")
            }
        case ("grant", let text?):
            guard let number = Int64(text), number != 0, abs(number) <= 1_000_000_000_000 else {
                throw Arguments.UsageError(description: "grant needs a whole number of credits, not \(text).")
            }
            let note = arguments["note"] ?? ""
            guard let credits = try await database.grant(number, to: account, note: note, at: now) else {
                Console.error("There is no account \(account).")
                return 1
            }
            Console.print("\(account) has \(credits.balance) credits, \(credits.available) of them available.")
        default: throw Arguments.UsageError(description: "Say show, or grant CREDITS.")
        }
        return 0
    }
}

/// The database that commands about money work on.
enum MoneyDatabase {
    static func open(_ settings: Settings) throws -> Database {
        if let url = settings.database { return try Database.open(url: url) { Console.error($0) } }
        return try Database.open(folder: settings.data, isShared: true) { Console.error("\($0)") }
    }
}
