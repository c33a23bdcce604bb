import Server
import Values

extension Settings {
    /// The plans of accounts: the built-in ones with what `plans:` in the configuration file changes and adds.
    func plans() throws -> PlanBook {
        guard let changes = value("plans") else { return PlanBook() }
        do {
            return try PlanBook(changes)
        } catch {
            throw Arguments.UsageError(description: error.description)
        }
    }

    /// How many calls without a valid key one address may make in a minute.
    func failedAuthentications() throws -> Int {
        guard let value = value("failedAuthenticationsPerMinute") else { return 30 }
        guard let number = value.integer, (1...1_000_000).contains(number) else {
            throw Arguments.UsageError(description: "failedAuthenticationsPerMinute must be a whole number from 1 on.")
        }
        return Int(number)
    }

    /// The pages elsewhere that browsers may let call the API: `--cors-origins https://app.example,…`.
    func origins() throws -> Set<String> {
        let origins = list("cors-origins")
        for origin in origins {
            let rest = ["https://", "http://"].first(where: origin.hasPrefix).map { origin.dropFirst($0.count) }
            guard let rest, !rest.isEmpty, !rest.contains("/"), !rest.contains("*") else {
                throw Arguments.UsageError(
                    description: "--cors-origins needs origins such as https://app.example, not \(origin)."
                )
            }
        }
        return Set(origins)
    }
}
