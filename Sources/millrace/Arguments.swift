/// The words after a command: options `--name value`, switches `--name`, and the rest in order.
struct Arguments {
    /// The words that belong to no option.
    private(set) var positional: [String] = []
    private var options: [(name: String, value: String)] = []

    /// What is wrong with a command line.
    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the words after a command; options take a value, switches take none.
    init(_ words: [String], options known: Set<String>, switches: Set<String> = []) throws(UsageError) {
        var place = 0
        while place < words.count {
            let word = words[place]
            place += 1
            guard word.hasPrefix("--"), word.count > 2 else {
                positional.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if switches.contains(name) {
                options.append((name, "true"))
            } else if known.contains(name) {
                if parts.count == 2 {
                    options.append((name, String(parts[1])))
                } else {
                    guard place < words.count else { throw UsageError(description: "--\(name) needs a value.") }
                    options.append((name, words[place]))
                    place += 1
                }
            } else {
                let all = known.union(switches).sorted().map { "--\($0)" }.joined(separator: ", ")
                throw UsageError(description: "There is no option --\(name). There are: \(all).")
            }
        }
    }

    /// The last value of an option.
    subscript(name: String) -> String? {
        options.last { $0.name == name }?.value
    }

    /// Every value of an option in order.
    func all(_ name: String) -> [String] {
        options.filter { $0.name == name }.map(\.value)
    }

    /// Whether a switch is set.
    func has(_ name: String) -> Bool { self[name] != nil }
}
