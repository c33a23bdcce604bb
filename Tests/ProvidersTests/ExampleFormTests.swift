import Assets
import Catalog
import Engine
import Foundation
import HTTPServer
import HTTPValues
import Synchronization
import TestSupport
import Testing
import Values

/// The example manifest of Stability: forms, binary answers, and a job of the same vendor.
@Suite(.timeLimit(.minutes(3)))
struct ExampleFormTests {
    /// The names of the parts of a form with their texts; a file stands as its type.
    private func parts(_ request: FakeVendor.Request?) throws -> [String: String] {
        let request = try #require(request)
        let type = try #require(request.headers["content-type"])
        let boundary = try #require(type.split(separator: "=").last)
        let text = String(decoding: request.body, as: UTF8.self)
        var parts: [String: String] = [:]
        for part in text.components(separatedBy: "--\(boundary)") {
            guard let quote = part.range(of: "name=\"")?.upperBound else { continue }
            let name = String(part[quote...].prefix { $0 != "\"" })
            let type = part.range(of: "Content-Type: ").map { String(part[$0.upperBound...].prefix { !$0.isNewline }) }
            let body = part.range(of: "\r\n\r\n").map { part[$0.upperBound...].dropLast() }
            parts[name] = type ?? body.map(String.init)
        }
        return parts
    }

    @Test func `a form drops what is not set, and its picture comes back as bytes`() async throws {
        let bench = try await Examples.bench { _, _ in .png(["seed": "42", "finish-reason": "SUCCESS"]) }
        let made = try Examples.made(try await bench.perform("generate:stability_ultra", parameters: ["seed": 42]))
        #expect(made.outputs["seed"]?.asJSON == 42 && made.outputs["image"]?.media.first?.mimeType == "image/png")
        #expect(made.cost == Money(nano: 80_000_000))
        let request = bench.vendor.requests.first
        #expect(request?.target == "/v2beta/stable-image/generate/ultra" && request?.headers["accept"] == "image/*")
        #expect(request?.headers["stability-client-id"] == "millrace")
        #expect(
            try parts(request) == ["prompt": "hello", "aspect_ratio": "1:1", "seed": "42", "output_format": "png"]
        )
        await bench.stop()
    }

    @Test func `a form with a picture has no shape of its own`() async throws {
        let bench = try await Examples.bench { _, _ in .png() }
        let media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let made = try Examples.made(
            try await bench.perform(
                "generate:stability_ultra",
                inputs: ["prompt": .text("hello"), "negative_prompt": .text("no"), "image": .media(media)]
            )
        )
        #expect(made.outputs["seed"] == nil)
        #expect(
            try parts(bench.vendor.requests.first) == [
                "prompt": "hello", "negative_prompt": "no", "seed": "0", "output_format": "png", "image": "image/png",
                "strength": "0.5",
            ]
        )
        await bench.stop()
    }

    @Test func `a filtered picture is a refusal, whatever its status`() async throws {
        let bench = try await Examples.bench { _, _ in .png(["finish-reason": "CONTENT_FILTERED"]) }
        guard case .failed(let error, _) = try await bench.perform("generate:stability_ultra") else {
            Issue.record("It must fail.")
            return
        }
        #expect(error.failure == .contentPolicy && error.accepted == .yes && error.charged == .unknown)
        await bench.stop()
    }

    @Test func `another type of the same vendor works as a job`() async throws {
        let polls = Mutex(0)
        let bench = try await Examples.bench { request, _ in
            guard request.method == "GET" else { return .json(["id": "g1"], status: 202) }
            let number = polls.withLock { count in
                count += 1
                return count
            }
            return number < 3 ? .json(["id": "g1", "status": "in-progress"], status: 202) : .png()
        }
        let media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        let made = try Examples.made(
            try await bench.perform(
                "upscale:stability_creative",
                inputs: ["prompt": .text("hello"), "image": .media(media)]
            )
        )
        #expect(made.outputs["image"]?.media.count == 1 && made.cost == .zero)
        #expect(bench.vendor.requests.map(\.target).last == "/v2beta/results/g1")
        #expect(try parts(bench.vendor.requests.first)["creativity"] == "0.3")
        await bench.stop()
    }
}
