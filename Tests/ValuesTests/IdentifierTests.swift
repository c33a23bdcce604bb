import TestSupport
import Testing
import Values

struct IdentifierTests {
    @Test func `survives being written as text and as bytes`() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let id = ExecutionID(high: random.next(), low: random.next())
            #expect(ExecutionID(id.description) == id)
            #expect(ExecutionID(bytes: id.bytes) == id)
            #expect(id.description.utf8.count == 31)
            #expect(id.description == id.description.lowercased())
        }
    }

    @Test(arguments: [
        (UInt64.min, UInt64.min, "exec_00000000000000000000000000"), (.max, .max, "exec_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        (0, 31, "exec_0000000000000000000000000z"), (0, 1 << 60, "exec_00000000000001000000000000"),
        (1, 0, "exec_0000000000000g000000000000"),
        (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, "exec_014d2pf2dbsqqzxq5tk1v58cgg"),
    ])
    func `writes the text of the ULID specification`(high: UInt64, low: UInt64, text: String) {
        #expect(ExecutionID(high: high, low: low).description == text)
    }

    @Test func `sorts by time, as text and as bytes alike`() {
        var random = SplitMix64(seed: 5)
        var ids: [WorkflowID] = []
        for step in 0..<200 {
            let moment = Instant(microseconds: 1_700_000_000_000_000 + Int64(step) * 1000)
            ids.append(WorkflowID(at: moment, random: &random))
            #expect(ids[step].time == moment)
        }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
        let bytes = ids.map(\.bytes)
        #expect(zip(bytes, bytes.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    }

    @Test(arguments: [
        "", "exec_", "wf_00000000000000000000000000", "exec-00000000000000000000000000", "00000000000000000000000000",
        "exec_0000000000000000000000000", "exec_000000000000000000000000000", "exec_0000000000000000000000000I",
        "exec_0000000000000000000000000i", "exec_0000000000000000000000000l", "exec_0000000000000000000000000o",
        "exec_0000000000000000000000000u", "exec_0000000000000000000000000A", "exec_80000000000000000000000000",
        "EXEC_00000000000000000000000000", "exec_00000000000000000000000 00", "exec_000000000000000000000000é",
        " exec_00000000000000000000000000",
    ])
    func `refuses foreign prefixes, characters and lengths`(text: String) {
        #expect(ExecutionID(text) == nil)
    }

    @Test(arguments: [0, 15, 17]) func `is made of 16 bytes only`(count: Int) {
        #expect(ExecutionID(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test(arguments: [Int64.min, -1, 0, .max]) func `is made at any moment`(microseconds: Int64) {
        var random = SplitMix64(seed: 1)
        let id = ExecutionID(at: Instant(microseconds: microseconds), random: &random)
        #expect(ExecutionID(id.description) == id)
    }
}

struct ContentHashTests {
    private let bytes = (0..<32).map { UInt8($0 * 8 + 1) }

    @Test func `survives being written as text and as bytes`() throws {
        let hash = try #require(ContentHash(bytes: bytes))
        #expect(hash.bytes == bytes)
        #expect(hash.description.count == 64)
        #expect(ContentHash(hash.description) == hash)
        #expect(hash.description == bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    @Test func `sorts as its bytes do`() throws {
        var random = SplitMix64(seed: 9)
        var hashes: [ContentHash] = []
        for _ in 0..<100 {
            hashes.append(
                try #require(ContentHash(bytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }))
            )
        }
        let byBytes = hashes.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(hashes.sorted().map(\.bytes) == byBytes)
    }

    @Test func `refuses other lengths, capitals and other characters`() {
        let good = bytes.hex
        #expect(ContentHash(bytes: Array(bytes.dropLast())) == nil)
        for bad in [String(good.dropLast()), good + "0", good.uppercased(), "g" + good.dropFirst(), ""] {
            #expect(ContentHash(bad) == nil)
        }
    }

    @Test func `media is named by the first half of its hash`() throws {
        let hash = try #require(ContentHash(bytes: bytes))
        #expect(MediaID(hash: hash).bytes == Array(bytes.prefix(16)))
    }
}
