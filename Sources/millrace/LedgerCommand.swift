import FileSystem
import FoundationEssentials
import Storage
import Values

/// `millrace ledger`: compares what was booked with what vendors ask for.
enum LedgerCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(words, options: ["data", "config", "database", "provider", "from", "to"])
        let settings = try Settings(arguments, environment: environment)
        guard arguments.positional.first == "reconcile", let path = arguments.positional.dropFirst().first else {
            throw Arguments.UsageError(description: "Say reconcile INVOICE.csv.")
        }
        let lines = try invoice(String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self))
        let first = try day(arguments, "from") ?? Instant(microseconds: 0)
        let end = try day(arguments, "to").map { $0 + .seconds(86_400) } ?? Host.clock() + .seconds(1)
        let provider = arguments["provider"]
        let database = try MoneyDatabase.open(settings)
        let rows: [LedgerRow]
        do {
            rows = try await booked(database, first, end).filter {
                provider == nil || $0.entry.provider == provider
            }
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        let mine = lines.filter { provider == nil || $0.provider == nil || $0.provider == provider }
        return report(Reconciliation(mine, rows))
    }

    /// The lines of an invoice: the columns `reference` and `amount_usd`, and `provider` where there is one.
    static func invoice(_ text: String) throws -> [InvoiceLine] {
        let table = try CSVTable(text, delimiter: ",", hasNames: true)
        return try table.records.enumerated().map { number, record in
            guard let reference = record["reference"]?.string, !reference.isEmpty,
                let text = record["amount_usd"]?.string ?? record["amount_usd"].map(\.text)
            else {
                throw Arguments.UsageError(
                    description: "Row \(number + 2) of the invoice lacks reference or amount_usd."
                )
            }
            let isNegative = text.hasPrefix("-")
            guard let amount = Money(dollars: isNegative ? String(text.dropFirst()) : text) else {
                throw Arguments.UsageError(
                    description: "Row \(number + 2) of the invoice: \(text) is no amount of dollars such as 0.035."
                )
            }
            let provider = record["provider"]?.string
            return InvoiceLine(
                reference: reference,
                amount: isNegative ? Money.zero - amount : amount,
                provider: provider?.isEmpty == false ? provider : nil
            )
        }
    }

    private static func booked(_ database: Database, _ first: Instant, _ end: Instant) async throws -> [LedgerRow] {
        var rows: [LedgerRow] = []
        var position: LedgerPosition?
        while true {
            let page = try await database.paid(from: first, until: end, after: position, limit: 5000)
            rows += page
            guard page.count == 5000, let last = page.last else { return rows }
            position = LedgerPosition(at: last.entry.at, execution: last.execution, number: last.entry.number)
        }
    }

    private static func day(_ arguments: Arguments, _ name: String) throws -> Instant? {
        guard let text = arguments[name] else { return nil }
        guard let time = Instant("\(text)T00:00:00Z") else {
            throw Arguments.UsageError(description: "--\(name) must be a day such as 2026-11-01, not \(text).")
        }
        return time
    }

    private static func report(_ result: Reconciliation) -> Int32 {
        for difference in result.differences {
            let (invoiced, booked) = (difference.invoiced ?? .zero, difference.booked ?? .zero)
            Console.print(
                "differs  \(difference.reference)  invoice \(invoiced.text)  ledger \(booked.text)  "
                    + "difference \((invoiced - booked).text)  \(difference.execution?.description ?? "")"
            )
        }
        for difference in result.unbooked {
            Console.print("only in the invoice  \(difference.reference)  \((difference.invoiced ?? .zero).text)")
        }
        for difference in result.uninvoiced {
            Console.print(
                "only in the ledger  \(difference.reference)  \((difference.booked ?? .zero).text)  "
                    + (difference.execution?.description ?? "")
            )
        }
        if result.nameless != .zero {
            Console.print("without a name of the vendor in the ledger  \(result.nameless.text)")
        }
        Console.print(
            "\(result.matches) calls agree (\(result.matched.text)). Invoice \(result.invoiced.text), ledger "
                + "\(result.booked.text), difference \((result.invoiced - result.booked).text)."
        )
        return result.isClean ? 0 : 1
    }
}

extension Money {
    /// The amount as a decimal number of dollars with all nine decimals.
    fileprivate var text: String {
        let digits = String(nano.magnitude)
        let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        return "\(nano < 0 ? "-" : "")$\(padded.dropLast(9)).\(padded.suffix(9))"
    }
}
