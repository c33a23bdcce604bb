import FileSystem
import Server
import Storage
import Values

/// `millrace accounts`: accounts and their plans in the data folder or the shared database, also while servers use it.
enum AccountsCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "database"])
        let settings = try Settings(arguments, environment: environment)
        let plans = try settings.plans()
        guard let action = arguments.positional.first else {
            throw Arguments.UsageError(description: "Say list or plan NAME PLAN.")
        }
        let database =
            if let url = settings.database {
                try Database.open(url: url) { Console.error($0) }
            } else {
                try Database.open(folder: settings.data, isShared: true) { Console.error("\($0)") }
            }
        let status: Int32
        do {
            status = try await perform(action, Array(arguments.positional.dropFirst()), plans, database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        return status
    }

    private static func perform(
        _ action: String,
        _ words: [String],
        _ plans: PlanBook,
        _ database: Database
    ) async throws -> Int32 {
        switch (action, words.count) {
        case ("list", 0):
            var last: AccountID?
            while true {
                let page = try await database.accounts(after: last, limit: 100)
                for account in page {
                    let note = plans[account.plan] == nil ? "  (there is no such plan: the limits of free hold)" : ""
                    Console.print("\(account.id)  \(account.name)  \(account.plan)  \(account.createdAt)\(note)")
                }
                guard page.count == 100 else { return 0 }
                last = page.last?.id
            }
        case ("plan", 2):
            guard plans[words[1]] != nil else {
                Console.error("There is no plan \(words[1]). There are: \(plans.names.joined(separator: ", ")).")
                return 1
            }
            guard try await database.setPlan(words[1], ofAccount: words[0]) > 0 else {
                Console.error("There is no account \(words[0]). See millrace accounts list.")
                return 1
            }
            Console.print("\(words[0]) is on the plan \(words[1]); a running server follows within 5 seconds.")
            return 0
        default: throw Arguments.UsageError(description: "Say list or plan NAME PLAN.")
        }
    }
}
