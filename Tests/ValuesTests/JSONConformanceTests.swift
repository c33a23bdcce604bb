import Foundation
import TestSupport
import Testing
import Values

struct JSONConformanceTests {
    @Test func `gives the expected verdict on every case of the JSON test suite`() throws {
        guard let cases = try Conformance.json("json/parsing.json")?.array else {
            #expect(!Conformance.isRequired, "The conformance data is required here and absent.")
            return
        }
        #expect(cases.count == 316)
        for entry in cases {
            let name = try #require(entry["name"]?.string)
            let expected = try #require(entry["expect"]?.string)
            let encoded = try #require(entry["base64"]?.string)
            let document = try #require(Data(base64Encoded: encoded))
            let parsed = try? JSON(parsing: [UInt8](document))
            switch expected {
            case "accept": #expect(parsed != nil, "\(name) must be accepted")
            case "reject": #expect(parsed == nil, "\(name) must be rejected")
            default: break
            }
            if let parsed { #expect(try JSON(parsing: parsed.bytes) == parsed, "\(name) must survive a round trip") }
        }
    }
}
