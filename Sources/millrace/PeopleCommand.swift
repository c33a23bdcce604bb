import FileSystem
import Server
import Storage
import Values

/// `millrace people`: who can sign in, for whoever has access to the data.
enum PeopleCommand {
    private static let linkLife = Duration.seconds(86_400)

    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "database", "public-url", "listen"])
        let settings = try Settings(arguments, environment: environment)
        return try await LocalDatabase.use(settings) { database, account in
            switch (arguments.positional.first, arguments.positional.dropFirst().first) {
            case ("list", _):
                try await list(database)
                return 0
            case ("reset-password", let email?): return try await reset(email, settings, database, account)
            default: throw Arguments.UsageError(description: "Say list or reset-password EMAIL.")
            }
        }
    }

    private static func list(_ database: Database) async throws {
        var position: PagePosition?
        repeat {
            let people = try await database.people(after: position, limit: 100)
            for person in people {
                let role = try await database.firstMembership(of: person.id)?.role.rawValue ?? "no member"
                Console.print("\(person.id)  \(person.email)  \(person.name)  \(role)  since \(person.createdAt)")
            }
            position =
                people.count < 100 ? nil : people.last.map { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
        } while position != nil
    }

    private static func reset(
        _ email: String,
        _ settings: Settings,
        _ database: Database,
        _ account: AccountID
    ) async throws -> Int32 {
        guard let person = try await database.person(email: email.lowercased()) else {
            Console.error("Nobody signs in as \(email). See millrace people list.")
            return 1
        }
        let (token, hash) = try OneTimeToken.make()
        let until = Host.clock() + linkLife
        let record = LocalDatabase.record("offerPasswordReset", person.id.description, in: account)
        try await database.insertReset(hash, of: person.id, until: until, recording: record)
        let base = settings["public-url"] ?? "http://\(settings["listen"] ?? "127.0.0.1:8787")"
        Console.print("\(base)/reset-password?token=\(token)")
        return 0
    }
}
