import FileSystem
import FoundationEssentials

/// The program: finds the command and runs it.
@main
struct Millrace {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        let environment = ProcessInfo.processInfo.environment
        guard let name = words.first else {
            Console.print(Help.overview)
            return
        }
        let rest = Array(words.dropFirst())
        do {
            if rest.contains("--help") || rest.contains("-h"), let text = Help.commands[name] {
                Console.print(text)
                return
            }
            let status: Int32
            switch name {
            case "serve": status = try await ServeCommand.run(rest, environment)
            case "run": status = try await RunCommand.run(rest, environment)
            case "docs": status = try DocsCommand.run(rest, environment)
            case "rename": status = try RenameCommand.run(rest, environment)
            case "validate": status = try ValidateCommand.run(rest, environment)
            case "export": status = try await ExportCommand.run(rest, environment)
            case "import": status = try await ImportCommand.run(rest, environment)
            case "apply": status = try await ApplyCommand.run(rest, environment)
            case "diff": status = await DiffCommand.run(rest, environment)
            case "layout": status = try LayoutCommand.run(rest, environment)
            case "nodes": status = try NodesCommand.run(rest, environment)
            case "keys": status = try await KeysCommand.run(rest, environment)
            case "accounts": status = try await AccountsCommand.run(rest, environment)
            case "people": status = try await PeopleCommand.run(rest, environment)
            case "credits": status = try await CreditsCommand.run(rest, environment)
            case "ledger": status = try await LedgerCommand.run(rest, environment)
            case "approvals": status = try await ApprovalsCommand.run(rest, environment)
            case "schedules": status = try await SchedulesCommand.run(rest, environment)
            case "webhook": status = try await WebhookCommand.run(rest, environment)
            case "expression": status = try ExpressionCommand.run(rest)
            case "retry": status = try await RetryCommand.run(rest, environment)
            case "dead-letters": status = try await DeadLettersCommand.run(rest, environment)
            case "demo": status = try await DemoCommand.run(rest, environment)
            case "backup": status = try BackupCommand.backup(rest, environment)
            case "restore": status = try BackupCommand.restore(rest, environment)
            case "storage": status = try StorageCommand.run(rest, environment)
            case "secrets": status = try await NamesCommand.secrets(rest, environment)
            case "vars": status = try await NamesCommand.variables(rest, environment)
            case "credentials": status = try await NamesCommand.credentials(rest, environment)
            case "vault": status = try await VaultCommand.run(rest, environment)
            case "version", "--version":
                Console.print("millrace \(Host.version)")
                status = 0
            case "help", "--help", "-h":
                Console.print(rest.first.flatMap { Help.commands[$0] } ?? Help.overview)
                status = 0
            default:
                Console.error("There is no command \(name).\n\n\(Help.overview)")
                status = 64
            }
            if status != 0 { Console.exit(status) }
        } catch let error as Arguments.UsageError {
            Console.error("\(error)\n\n\(Help.commands[name] ?? Help.overview)")
            Console.exit(64)
        } catch {
            Console.error("millrace \(name): \(error)")
            Console.exit(1)
        }
    }
}
