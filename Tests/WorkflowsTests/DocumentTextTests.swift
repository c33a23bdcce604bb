import TestSupport
import Testing
import Values
import Workflows

struct DocumentTextTests {
    private static let yaml = """
        # A flow for shoes
        name: shoes   # its name
        tags: [a, b]  # two
        nodes:
          # the topic
          - id: topic
            position: {x: 0, y: 10}   # left
            data:
              label: "Topic"
              config:
                # what to write
                text: |
                  red
                  shoe
          # the text
          - id: hero
            data: {nodeType: 'llm:chat', config: {n: 1}}

        edges: []
        # the end

        """

    private func changed(_ text: String, _ changes: [JSONChange], isYAML: Bool = true) throws -> String {
        var document = try DocumentText(text, isYAML: isYAML)
        let wanted = try #require(document.value.applying(changes))
        try document.apply(changes)
        #expect(document.value == wanted)
        #expect(try DocumentText(document.text, isYAML: isYAML).value == wanted, "\(document.text)")
        return document.text
    }

    @Test(arguments: [
        (JSONChange(["name"], .replace("boots")), "name: shoes ", "name: boots "),
        (JSONChange(["tags", "0"], .replace("x y")), "[a, b]", "[x y, b]"),
        (JSONChange(["tags", "-"], .add("c")), "[a, b]", "[a, b, c]"),
        (JSONChange(["tags", "0"], .add("c")), "[a, b]", "[c, a, b]"),
        (JSONChange(["tags", "1"], .remove), "[a, b]", "[a]"),
        (JSONChange(["nodes", "0", "position", "x"], .replace(8)), "{x: 0,", "{x: 8,"),
        (JSONChange(["nodes", "0", "data", "label"], .replace("no")), "\"Topic\"", "\"no\""),
        (
            JSONChange(["nodes", "0", "data", "config", "text"], .replace("blue\nboot\n")), "red\n          shoe",
            "blue\n          boot"
        ),
        (
            JSONChange(["nodes", "0", "data", "config", "text"], .replace("blue")), "|\n          red\n          shoe",
            "blue"
        ),
        (JSONChange(["nodes", "1", "data", "config", "n"], .remove), "{n: 1}", "{}"),
        (JSONChange(["nodes", "1", "id"], .remove), "- id: hero\n    data:", "- data:"),
        (JSONChange(["edges"], .replace([["id": "e"]])), "edges: []", "edges:\n  - id: e"),
        (JSONChange(["extra"], .add([1, 2])), "edges: []", "edges: []\nextra:\n  - 1\n  - 2"),
    ])
    func `a change touches nothing but its place`(change: JSONChange, old: String, new: String) throws {
        #expect(try changed(Self.yaml, [change]) == Self.yaml.replacing(old, with: new, maxReplacements: 1))
    }

    @Test(arguments: ["\n", "\r\n"], ["", "\u{FEFF}"])
    func `line ends and a byte-order mark stay`(lineBreak: String, mark: String) throws {
        let text = mark + Self.yaml.replacing("\n", with: lineBreak)
        let result = try changed(
            text,
            [
                JSONChange(["nodes", "-"], .add(["id": "größe", "data": ["n": 1]])),
                JSONChange(["name"], .replace("größe")), JSONChange(["nodes", "0"], .remove),
            ]
        )
        #expect(result.hasPrefix(mark + "# A flow for shoes" + lineBreak))
        let returns = result.utf8.count { $0 == 13 }
        #expect(returns == (lineBreak == "\n" ? 0 : result.utf8.count { $0 == 10 }))
    }

    @Test(arguments: [
        "a: 1\nb: 2", "a: 1\nb: |+\n  x\n\n", "- a: 1\n  b: 2\n- c", "- a: 1\n  # about b\n  b: 2\n",
        "- # here\n  a: 1\n  b: 2\n",
        "a: &x {n: 1}\nb: *x\nc: *x\n", "{a: 1, b: [1, 2,],}\n", "a:\n- 1\n- 2\nb: 3\n", "a: # note:\n  b: 1\n  c: 2\n",
        "? long\n: 1\n? b\n: 2\n", "a:\nb: ~\n", "- - 1\n  - 2\n- 3\n", "a: 'it''s'\nb: \"x\"\n",
        "!!map {a: !!str 1}\n",
        "--- # start\na: 1\nb: >-\n  folded\n  text\n...\n", "\"a\": 1\n'b': [{c: 1}, {d: 2}]\n", "x",
    ])
    func `every place of an unusual text can be changed`(text: String) throws {
        let document = try DocumentText(text, isYAML: true)
        for path in document.value.paths {
            for value: JSON in ["new", 7, ["k": ["v", "w\nx\n"]], [1, ["z": nil]], "two\nlines", [:]] {
                _ = try changed(text, [JSONChange(path, .replace(value))])
                guard !path.isEmpty else { continue }
                _ = try changed(text, [JSONChange(path, .add(value))])
                _ = try changed(text, [JSONChange(path, .remove)])
                let last = document.value.value(at: path.dropLast())
                let end = last?.object == nil ? "-" : "added"
                _ = try changed(text, [JSONChange(path.dropLast() + [end], .add(value)), JSONChange(path, .remove)])
            }
        }
    }

    @Test(arguments: 0..<80)
    func `random changes hold what they say and keep the comments round them`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var value = JSON.object(JSONObject())
        while value.depth < 3 { value = .object(JSON.object(using: &random)) }
        var text = try Self.commented(value.yamlText, using: &random)
        for _ in 0..<5 {
            let before = try DocumentText(text, isYAML: true)
            let paths = before.value.paths.filter { !$0.isEmpty }
            guard !paths.isEmpty else { return }
            let path = random.pick(paths)
            let new = JSON.random(depth: 2, using: &random)
            let change = JSONChange(path, random.pick([.add(new), .replace(new), .remove]))
            let after = try changed(text, [change])
            let lost = Set(text.comments).subtracting(after.comments)
            // What is lost stood in the value that changed.
            let touched = path.isEmpty ? before.value : before.value.value(at: path[...])
            #expect(lost.count <= (touched?.leafCount ?? 0), "\(change) in\n\(text)\ngives\n\(after)")
            text = after
        }
    }

    /// The text with a comment above some lines, where it is one and no part of a text.
    private static func commented(_ yaml: String, using random: inout SplitMix64) throws -> String {
        let value = try DocumentText(yaml, isYAML: true).value
        var lines = yaml.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for place in lines.indices.reversed() where random.chance(0.4) {
            var longer = lines
            longer.insert(lines[place].prefix { $0 == " " } + "# comment \(place)", at: place)
            if (try? DocumentText(longer.joined(separator: "\n"), isYAML: true).value) == value { lines = longer }
        }
        return lines.joined(separator: "\n")
    }

    @Test func `JSON stays JSON and keeps its layout`() throws {
        let text = "{\n  \"nodes\": [\n    {\"id\": \"a\", \"x\": 1.50},\n    {\"id\": \"b\"}\n  ]\n}\n"
        let result = try changed(
            text,
            [
                JSONChange(["nodes", "0", "id"], .replace("no")), JSONChange(["nodes", "1", "x"], .add(["y": 1])),
                JSONChange(["nodes", "-"], .add("c")),
            ],
            isYAML: false
        )
        #expect(result.contains("{\"id\": \"no\", \"x\": 1.50},\n"))
        #expect(try JSON(parsing: result)["nodes"]?.array?.count == 3)
    }

    @Test func `JSON that YAML cannot read is written anew`() throws {
        let result = try changed(#"{"a": "\ud83d\ude00", "b": 1}"#, [JSONChange(["b"], .replace(2))], isYAML: false)
        #expect(result == "{\n  \"a\": \"😀\",\n  \"b\": 2\n}\n")
    }

    @Test func `a place that is not there changes nothing`() throws {
        var document = try DocumentText(Self.yaml, isYAML: true)
        #expect(throws: WorkflowDocument.ReadError.self) {
            try document.apply([JSONChange(["name"], .remove), JSONChange(["nodes", "9"], .remove)])
        }
        #expect(document.text == Self.yaml)
    }

    @Test(arguments: 0..<100)
    func `no text crashes the readers`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            var bytes = Array((random.chance(0.5) ? Self.yaml : JSON.random(using: &random).yamlText).utf8)
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                let piece = random.pick([
                    "[", "{", "&a ", "*a", "- ", ": ", "\t", "\u{85}", "|", "\0", "? ", "%", "'", "\"\\", "\r",
                ])
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.insert(contentsOf: piece.utf8, at: place)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 5))
                default: bytes += bytes[..<place]
                }
            }
            for name in ["a.yaml", "a.json"] { _ = try? WorkflowDocument(parsing: bytes, fileName: name) }
            // What can be read can be changed, too.
            guard let text = String(validating: bytes, as: UTF8.self), let read = try? DocumentText(text, isYAML: true)
            else { continue }
            for path in read.value.paths.prefix(20) { _ = try changed(text, [JSONChange(path, .replace("new"))]) }
        }
    }
}

extension JSON {
    fileprivate func value(at path: ArraySlice<String>) -> JSON? {
        guard let name = path.first else { return self }
        let next = array == nil ? self[name] : Int(name).flatMap { self[$0] }
        return next?.value(at: path.dropFirst())
    }

    /// The paths of all values in it, itself included.
    fileprivate var paths: [[String]] {
        switch self {
        case .array(let elements): [[]] + elements.enumerated().flatMap { n, e in e.paths.map { ["\(n)"] + $0 } }
        case .object(let object): [[]] + object.flatMap { member in member.value.paths.map { [member.key] + $0 } }
        default: [[]]
        }
    }

    fileprivate var leafCount: Int { paths.count + 2 }
}

extension String {
    fileprivate var comments: [Substring] {
        split(separator: "\n").compactMap { line in
            let text = line.drop { $0 == " " }
            return text.hasPrefix("# comment ") ? text : nil
        }
    }
}
