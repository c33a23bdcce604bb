import HTTPValues
import Runtime
import Testing
import Values

/// The addresses under which vendors call us.
struct VendorCallbackRouteTests {
    private static let links = CallbackLinks(key: [UInt8](repeating: 7, count: 32))
    private static let name = "\(ExecutionID(high: 5, low: 6))/hero%2F[1,2]/3"

    @Test func `an address names its attempt, and only with its own code`() throws {
        let link = Self.links.link(Self.name, base: "https://us.example")
        #expect(link.hasPrefix("https://us.example/hooks/p/"))
        let parts = link.split(separator: "/").suffix(2).map(String.init)
        let attempt = try #require(Self.links.attempt(parts[0], token: parts[1]))
        #expect(attempt.execution == ExecutionID(high: 5, low: 6))
        #expect(attempt.address == "hero%2F[1,2]" && attempt.attempt == 3)
        #expect(Self.links.attempt(parts[0], token: String(parts[1].dropLast()) + "x") == nil)
        #expect(CallbackLinks(key: [1]).attempt(parts[0], token: parts[1]) == nil)
    }

    @Test func `a call that comes too late is answered and forgotten, one with a wrong code is not`() async throws {
        let bench = try await ServerBench()
        let link = Self.links.link(Self.name, base: "")
        let late = try await bench.send(.post, link, Array("{}".utf8))
        #expect(late.status == 200 && late.json["late"] == true)
        #expect(try await bench.send(.post, String(link.dropLast()) + "_", Array("{}".utf8)).status == 404)
        let long = try await bench.send(.post, link, [UInt8](repeating: 0x20, count: (256 << 10) + 1))
        #expect(long.status == 413)
    }
}
