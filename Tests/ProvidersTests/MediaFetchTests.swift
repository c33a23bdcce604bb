import Assets
import Engine
import Foundation
import HTTPClient
import HTTPServer
import HTTPValues
import Providers
import Storage
import TestSupport
import Testing
import Values

/// Addresses that are fetched into the media store, from a fake server.
struct MediaFetchTests {
    private static let png = VendorBench.png

    private func bench() async throws -> VendorBench {
        try await VendorBench { request, address in
            switch request.target {
            case "/a%20b.png?x=1":
                HTTPResponse(status: 200, headers: ["content-type": "image/png; q=1"], body: Self.png)
            case "/moved": HTTPResponse(status: 302, headers: ["location": "http://\(address)/a%20b.png?x=1"], body: [])
            case "/out": HTTPResponse(status: 302, headers: ["location": "http://127.0.0.2:1/x.png"], body: [])
            case "/empty": HTTPResponse(status: 200, headers: ["content-type": "image/png"], body: [])
            case "/busy": HTTPResponse(status: 503, headers: [:], body: [])
            default: HTTPResponse(status: 404, headers: [:], body: [])
            }
        }
    }

    private func fetch(_ bench: VendorBench, _ address: String, of account: UInt64 = 1) async throws -> MediaReference {
        let fetch = MediaFetch(assets: bench.assets, clients: [bench.client], now: VendorBench.now)
        return try await fetch.fetch(
            address,
            of: AccountID(high: 0, low: account),
            deadline: VendorBench.now() + .seconds(20),
            on: bench.client.loop
        )
    }

    @Test(arguments: ["/a%20b.png?x=1", "/moved"])
    func `an address becomes stored media`(path: String) async throws {
        let bench = try await bench()
        let media = try await fetch(bench, " http://\(bench.vendor.address)\(path) ")
        #expect(media.mimeType == "image/png" && media.bytes == Int64(Self.png.count))
        #expect(try Data(contentsOf: URL(filePath: bench.assets.path(of: media.hash))) == Data(Self.png))
        // Once a run has it, its own address is known again, without another call.
        try await bench.database.markUploaded(media.hash, account: AccountID(high: 0, low: 1))
        let calls = bench.vendor.requests.count
        #expect(try await fetch(bench, media.path).hash == media.hash)
        #expect(bench.vendor.requests.count == calls)
        // Another account does not know it.
        await #expect(throws: NodeError.self) { try await fetch(bench, media.path, of: 2) }
        await bench.stop()
    }

    @Test func `a data address becomes stored media`() async throws {
        let bench = try await bench()
        let text = Base64.encode(Self.png)
        let wrapped = text.prefix(40) + "\r\n" + text.dropFirst(40)
        for data in [text, String(wrapped)] {
            let media = try await fetch(bench, "data:image/png;base64,\(data)")
            #expect(media.mimeType == "image/png" && media.bytes == Int64(Self.png.count))
        }
        await bench.stop()
    }

    @Test(arguments: [
        ("/none", "invalid_input", "answered 404"), ("/busy", "overloaded", "answered 503"),
        ("/empty", "invalid_input", "without any bytes"), ("/out", "invalid_input", "127.0.0.2"),
    ])
    func `what cannot be fetched says why`(path: String, code: String, reason: String) async throws {
        let bench = try await bench()
        let error = await #expect(throws: NodeError.self) {
            _ = try await fetch(bench, "http://\(bench.vendor.address)\(path)")
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        await bench.stop()
    }

    @Test(arguments: [
        ("ftp://a.example/x", "no address"), ("/etc/passwd", "no address"), ("file:///etc/passwd", "no address"),
        ("data:image/png,x", "data:<type>;base64"), ("/media/med_x", "no media"), ("", "no address"),
        ("https://a.example/x y", "no address"),
        ("http://169.254.169.254/latest", "cannot be fetched"), ("http://localhost:1/x", "cannot be fetched"),
    ])
    func `what must not be fetched never is`(address: String, reason: String) async throws {
        let bench = try await bench()
        let error = await #expect(throws: NodeError.self) { _ = try await fetch(bench, address) }
        #expect(error?.code == "invalid_input")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(bench.vendor.requests.isEmpty)
        await bench.stop()
    }
}
