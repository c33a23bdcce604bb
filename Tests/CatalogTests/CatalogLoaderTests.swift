import Catalog
import Testing
import Values

struct CatalogLoaderTests {
    private static let provider =
        #"{"kind": "provider", "id": "own", "baseUrl": "https://own.example", "calls": {"submit": {"method": "POST", "url": "/x"}}}"#
    private static let node = #"""
        {"kind": "node", "type": "llm:own", "aliases": ["llm:mine"], "inputs": [{"id": "prompt", "type": "TEXT"}],
         "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "a", "provider": "own",
         "output": {"text": {"text": "body.text"}}, "price": {"table": {"each": "0.01"}, "upper": "vars.price.each"}}]}
        """#

    private var loader = CatalogLoader()

    private func document(_ file: String, _ text: String) -> Catalog.Document {
        Catalog.Document(file: file, bytes: Array(text.utf8), layer: .own)
    }

    private func good() -> [Catalog.Document] {
        [document("own/p.json", Self.provider), document("own/n.json", Self.node)]
    }

    private func label(_ outcome: CatalogLoader.Outcome, _ type: String = "llm:own") -> String? {
        outcome.catalog?.nodeTypes[type]?.label
    }

    @Test mutating func `the operator's documents stand beside those of the program`() {
        let outcome = loader.read(good())
        #expect(outcome.refusals == [] && label(outcome) == "Own")
        #expect(outcome.catalog?.nodeTypes["llm:chat"] != nil && outcome.catalog?.providers["own"] != nil)
        let removed = loader.read([])
        #expect(removed.refusals == [] && removed.catalog?.nodeTypes["llm:own"] == nil)
    }

    @Test(arguments: [
        ("", ""), ("{", ""), (#"{"kind": "node", "type": "llm:own", "zzz": 1}"#, "zzz"),
        (#"{"kind": "node", "type": "llm:own", "offers": [{"id": "a", "provider": "nobody"}]}"#, "offers[0].provider"),
        (#"{"kind": "node", "type": "llm:own", "outputs": [{"id": "x", "type": "TEXTS"}]}"#, "outputs[0].type"),
    ])
    mutating func `a broken file leaves its last good text in force`(text: String, place: String) {
        _ = loader.read(good())
        let others = [
            document("own/p.json", Self.provider), document("own/q.json", #"{"kind": "node", "type": "llm:more"}"#),
        ]
        for _ in 0..<2 {
            let outcome = loader.read(others + [document("own/n.json", text)])
            #expect(outcome.refusals.map(\.file) == ["own/n.json"] && outcome.refusals.map(\.path) == [place])
            #expect(label(outcome) == "Own" && label(outcome, "llm:more") == "More")
        }
        let mended = loader.read(others + [document("own/n.json", Self.node.replacing("\"version\"", with: ""))])
        #expect(mended.refusals == [] && label(mended) == "Own")
    }

    @Test mutating func `a file that was never good is left out, and the others count`() {
        let outcome = loader.read(good() + [document("own/bad.json", #"{"kind": "prices"}"#)])
        #expect(outcome.refusals == [ManifestError(file: "own/bad.json", path: "offers", reason: "is missing")])
        #expect(label(outcome) == "Own")
    }

    @Test mutating func `a file that cannot be read leaves what it said in force`() {
        _ = loader.read(good())
        let error = ManifestError(file: "own/n.json", path: "", reason: "is longer than 1 MiB")
        let outcome = loader.read([good()[0]], unreadable: [error])
        #expect(outcome.refusals == [error] && label(outcome) == "Own")
    }

    @Test mutating func `a file that spoils one of the program is found and left out`() {
        let spoiling = #"{"kind": "provider", "id": "fal", "baseUrl": "https://queue.fal.run"}"#
        let outcome = loader.read(good() + [document("own/fal.json", spoiling)])
        #expect(outcome.refusals.count == 1 && label(outcome) == "Own")
        #expect(outcome.refusals.first?.reason.hasSuffix("(since own/fal.json is read with it)") == true)
        #expect(outcome.catalog?.providers["fal"]?.secrets.isEmpty == false)
    }

    @Test mutating func `a document of the operator takes the place of the program's`() throws {
        let own = #"{"kind": "node", "type": "llm:chat", "label": "Mine", "outputs": [{"id": "text", "type": "TEXT"}]}"#
        let outcome = loader.read([document("own/chat.json", own)])
        #expect(label(outcome, "llm:chat") == "Mine" && outcome.refusals == [])
    }

    @Test mutating func `two files cannot describe the same thing`() {
        let outcome = loader.read(good() + [document("own/z.json", Self.node)])
        #expect(outcome.refusals.map(\.file) == ["own/z.json"] && outcome.refusals.map(\.path) == ["type"])
        #expect(outcome.refusals.first?.reason.contains("own/n.json") == true)
    }

    // MARK: Prices

    private func prices(_ text: String) -> Catalog.Document {
        document(
            "own/prices.json",
            #"{"kind": "prices", "asOf": "2026-11-21", "source": "list", "offers": {"llm:own/a": \#(text)}}"#
        )
    }

    @Test mutating func `a list of prices changes the price and not the node type`() throws {
        let before = try #require(loader.read(good()).catalog?.nodeTypes["llm:own"])
        let catalog = try #require(loader.read(good() + [prices(#"{"table": {"each": "0.02"}}"#)]).catalog)
        let type = try #require(catalog.nodeTypes["llm:own"])
        let price = try #require(try catalog.plan(for: type.offers[0], of: type).price)
        #expect(price.table["each"] == 20_000_000 && price.asOf == "2026-11-21" && price.source == "list")
        #expect(type.hash == before.hash)
    }

    @Test(arguments: [
        (#"{"upper": "vars.price.nothing"}"#, ".upper"), (#"{"upper": "vars.price.each +"}"#, ".upper"),
        (#"{"table": {"each": "much"}}"#, ".table.each"), (#"{"zzz": 1}"#, ".zzz"),
    ])
    mutating func `a wrong list of prices is named itself`(text: String, place: String) {
        let outcome = loader.read(good() + [prices(text)])
        #expect(outcome.refusals.map(\.file) == ["own/prices.json"])
        #expect(outcome.refusals.map(\.path) == ["offers.llm:own/a" + place])
        #expect(label(outcome) == "Own")
    }

    @Test mutating func `prices of an offer that is not there are refused`() {
        let outcome = loader.read([prices(#"{"unbounded": true}"#)])
        #expect(outcome.refusals.map(\.path) == ["offers.llm:own/a"])
    }

    // MARK: Lifecycle

    @Test mutating func `a type out of service resolves to its living successor`() throws {
        let types = """
            [{"kind": "node", "type": "llm:a", "lifecycle": {"status": "retired", "replacedBy": "llm:b"}},
             {"kind": "node", "type": "llm:b", "lifecycle": {"status": "retired", "replacedBy": "llm:old_c"}},
             {"kind": "node", "type": "llm:c", "aliases": ["llm:old_c"]},
             {"kind": "node", "type": "llm:gone", "lifecycle": {"status": "retired"}}]
            """
        let catalog = try #require(loader.read([document("own/t.json", types)]).catalog)
        guard case .successor(let type) = catalog.resolve("llm:a") else {
            Issue.record("It must be the successor.")
            return
        }
        #expect(type.id == "llm:c")
        guard case .retired = catalog.resolve("llm:gone"), case .successor = catalog.resolve("llm:old_c"),
            case .exact = catalog.resolve("llm:c"), nil == catalog.resolve("llm:never")
        else {
            Issue.record("It must be resolved by its state.")
            return
        }
    }

    @Test(arguments: [
        (
            #"[{"kind": "node", "type": "llm:a", "lifecycle": {"replacedBy": "llm:b"}}, {"kind": "node", "type": "llm:b", "lifecycle": {"replacedBy": "llm:a"}}]"#,
            "[0].lifecycle.replacedBy"
        ),
        (
            #"[{"kind": "node", "type": "llm:a", "aliases": ["llm:b"]}, {"kind": "node", "type": "llm:b"}]"#,
            "[0].aliases[0]"
        ),
        (
            #"[{"kind": "node", "type": "llm:a", "aliases": ["llm:x"]}, {"kind": "node", "type": "llm:b", "aliases": ["llm:x"]}]"#,
            "[1].aliases[0]"
        ),
    ])
    mutating func `names that lead nowhere are refused`(text: String, place: String) {
        #expect(loader.read([document("own/t.json", text)]).refusals.map(\.path) == [place])
    }

    // MARK: Extending

    @Test mutating func `a provider that extends another never sends its key elsewhere`() throws {
        let own = """
            {"kind": "provider", "id": "near", "extends": "openai", "baseUrl": "https://near.example/v1",
             "secrets": {"api_key": {"env": ["NEAR_KEY"]}}}
            """
        #expect(loader.read([document("own/x.json", own)]).refusals.map(\.path) == ["hosts"])
        let hosts = #"{"credentialed": ["near.example"], "download": []}"#
        let whole = own.dropLast() + #", "hosts": \#(hosts)}"#
        let catalog = try #require(loader.read([document("own/x.json", String(whole))]).catalog)
        let provider = try #require(catalog.providers["near"])
        #expect(provider.source["hosts"]?["credentialed"] == ["near.example"])
        #expect(provider.source["errors"] == catalog.providers["openai"]?.source["errors"])
    }
}
