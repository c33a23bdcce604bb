import Catalog
import TestSupport
import Testing
import Values
import Workflows

/// Files that somebody, or something, has broken: 2,000 of each form.
struct ImportMutationTests {
    @Test(arguments: [ImportFormat.n8n, .comfyUI, .reactFlow], 0..<4)
    func `a broken file gives a whole graph or a clear refusal`(format: ImportFormat, part: UInt64) throws {
        let sources = try ImportFixture.all.filter { $0.format == format }.map { try $0.json() }
        var mutation = Mutation(seed: part, words: sources)
        var whole = 0
        for _ in 0..<500 {
            let broken = mutation.broken(mutation.random.pick(sources))
            do {
                let catalog = mutation.random.chance(0.5) ? importCatalog : fullImportCatalog
                let read = try WorkflowImport.read(broken, format: format, catalog: catalog)
                try check(read, of: broken, format)
                whole += 1
            } catch is ImportError {
                continue
            } catch {
                Issue.record("\(error): \(broken.text)")
            }
            // Found out by itself it may be another form, but never a trap.
            _ = try? WorkflowImport.read(broken, catalog: importCatalog)
        }
        // Many are broken in a place that leaves a graph; else nothing was tested.
        #expect(whole > 125)
    }

    private func check(_ read: WorkflowImport, of source: JSON, _ format: ImportFormat) throws {
        let record = try JSON(parsing: read.graph.record.bytes, limits: JSONLimits(depth: 64))
        #expect(try Graph(record: record) == read.graph, "\(source.text)")
        let ids = Set(read.graph.nodes.map(\.id))
        #expect(ids.count == read.graph.nodes.count, "\(source.text)")
        #expect(read.report.sources.count == ImportFixture.count(source, format), "\(source.text)")
        for entry in read.report.sources {
            #expect(!entry.nodes.isEmpty && entry.nodes.allSatisfy(ids.contains), "\(entry) of \(source.text)")
            guard entry.isPlaceholder else { continue }
            #expect(
                entry.nodes.contains { read.graph.node($0)?.nodeType == "utility:placeholder" },
                "\(entry) of \(source.text)"
            )
        }
        let errors = read.findings.filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors.map(\.message)) of \(source.text)")
    }

    private static let numbers: [JSON] = [
        .int(.min), .int(.min + 1), .int(.max), .uint(.max), 1e300, -1e300, 1e19, -1, 0, "NaN",
        "-1e300",
    ]

    /// Puts extreme numbers in the place of every value in turn, also where files of today have none.
    @Test(arguments: ImportFixture.all)
    func `no number in a file ends the program`(fixture: ImportFixture) throws {
        let source = try fixture.json()
        let more: JSONObject = ["retryOnFail": true, "maxTries": 0, "waitBetweenTries": 0, "typeVersion": 0]
        let rich = fixture.format == .n8n ? source.adding(more) : source
        for place in rich.numberPlaces([]) {
            for number in Self.numbers {
                _ = try? WorkflowImport.read(rich.replacing(place[...], with: number), catalog: importCatalog)
            }
        }
    }

    @Test(arguments: [(Int64.min, 0), (-1, 0), (0, 0), (1, 0), (3, 2), (21, 20), (.max, 20)] as [(Int64, Int64)])
    func `any number of tries gives retries within the limits`(tries: Int64, retries: Int64) throws {
        let source: JSON = [
            "nodes": [
                [
                    "name": "Start", "type": "n8n-nodes-base.manualTrigger", "retryOnFail": true,
                    "maxTries": .int(tries), "waitBetweenTries": .int(tries), "parameters": [:],
                ]
            ], "connections": [:],
        ]
        let read = try WorkflowImport.read(source, catalog: importCatalog)
        let retry = read.graph.nodes.compactMap { $0.policy["retry"] }.first
        #expect(retry?["maxRetries"] == .int(retries))
        #expect(retry?["initialDelayMs"]?.integer.map { (0...3_600_000).contains($0) } == true)
    }

    @Test func `bytes of any kind give a value or a clear refusal`() throws {
        let texts = try ImportFixture.all.map { try $0.json().bytes }
        var random = SplitMix64(seed: 7)
        for _ in 0..<1000 {
            var bytes = random.pick(texts)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(place + 20, bytes.count - 1))
                case 2: bytes.insert(random.pick(Array("{}[]\",:=$\\\u{0}".utf8)), at: place)
                default: bytes = Array(bytes.suffix(from: place)) + [0x20]
                }
            }
            guard let value = try? ImportFile.value(bytes) else { continue }
            _ = try? WorkflowImport.read(value, catalog: importCatalog)
        }
    }
}

/// Breaks JSON values at random.
private struct Mutation {
    var random: SplitMix64
    private var values: [JSON] = [
        .null, true, 0, -1, 1.5, .digits("123456789012345678901234567890"), "", "={{ $json", "={{ $json.a }}",
        "={{ $('x').item.json[\"y\"][0] }}", "{{", "\u{0}", [], [:], [[]], ["a": ["b": ["c": [1]]]], 1e300, -1e300,
        .int(.min), .int(.max), .int(.min + 1),
        .uint(.max), 4_294_967_296, -2_147_483_649, 1e-300, .double(-0.0), "NaN", "-Infinity",
        "1e999",
        "9223372036854775808", "-9223372036854775808",
    ]
    private var keys: [String] = ["", "id", "name", "nodes", "type", "data", "inputs"]

    init(seed: UInt64, words: [JSON]) {
        random = SplitMix64(seed: seed)
        for word in words { collect(word) }
    }

    private mutating func collect(_ json: JSON) {
        switch json {
        case .array(let items): for item in items { collect(item) }
        case .object(let object):
            for member in object {
                keys.append(member.key)
                collect(member.value)
            }
        default: values.append(json)
        }
    }

    mutating func broken(_ json: JSON) -> JSON {
        var json = json
        for _ in 0..<Int.random(in: 1...5, using: &random) { json = changed(json, depth: 0) }
        return json
    }

    /// Goes down to a random place, more likely a deep one, and changes it.
    private mutating func changed(_ json: JSON, depth: Int) -> JSON {
        let stops = random.chance(depth < 2 ? 0.03 : 0.25)
        switch json {
        case .array(var items) where !stops && !items.isEmpty:
            let place = Int.random(in: 0..<items.count, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: items.remove(at: place)
            case 1: items.append(items[place])
            case 2: items.swapAt(place, Int.random(in: 0..<items.count, using: &random))
            default: items[place] = changed(items[place], depth: depth + 1)
            }
            return .array(items)
        case .object(let object) where !stops && !object.isEmpty:
            let place = Int.random(in: 0..<object.count, using: &random)
            var members = Array(object)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: members.remove(at: place)
            case 1: members[place].key = random.pick(keys)
            case 2: members.append(JSONObject.Member(key: random.pick(keys), value: random.pick(values)))
            default: members[place].value = changed(members[place].value, depth: depth + 1)
            }
            return .object(JSONObject(members))
        default: return random.pick(values)
        }
    }
}

extension JSON {
    /// The value with further members in each of its nodes.
    fileprivate func adding(_ members: JSONObject) -> JSON {
        guard var object = object, let nodes = object["nodes"]?.array else { return self }
        object["nodes"] = .array(nodes.map { $0.merging(.object(members)) })
        return .object(object)
    }

    /// Where numbers stand.
    fileprivate func numberPlaces(_ path: [String]) -> [[String]] {
        switch self {
        case .array(let items): items.enumerated().flatMap { $1.numberPlaces(path + ["\($0)"]) }
        case .object(let object): object.flatMap { $0.value.numberPlaces(path + [$0.key]) }
        default: number == nil ? [] : [path]
        }
    }

    fileprivate func replacing(_ path: ArraySlice<String>, with value: JSON) -> JSON {
        guard let step = path.first else { return value }
        switch self {
        case .array(var items):
            guard let place = Int(step), items.indices.contains(place) else { return self }
            items[place] = items[place].replacing(path.dropFirst(), with: value)
            return .array(items)
        case .object(var object):
            object[step] = object[step]?.replacing(path.dropFirst(), with: value)
            return .object(object)
        default: return self
        }
    }
}
