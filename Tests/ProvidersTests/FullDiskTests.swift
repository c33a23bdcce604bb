import Engine
import HTTPServer
import HTTPValues
import Synchronization
import TestSupport
import Testing
import Values

/// What becomes of results when the disk has no room for them.
@Suite(.timeLimit(.minutes(1)))
struct FullDiskTests {
    /// A disk that is full the first times it is asked.
    private final class Disk: Sendable {
        private let left: Mutex<Int>
        init(fullFor times: Int) { left = Mutex(times) }

        func freeBytes() -> Int64 {
            left.withLock { left in
                left -= 1
                return left >= 0 ? 0 : .max
            }
        }

        var wasAsked: Bool { left.withLock { $0 < 0 } }
    }

    @Test func `a paid result waits for room and is fetched then, once`() async throws {
        let disk = Disk(fullFor: 3)
        let bench = try await VendorBench(freeBytes: { _ in disk.freeBytes() }) { request, address in
            switch request.target {
            case "/jobs/1/status": .json(["status": "COMPLETED"])
            case "/jobs/1/result": .json(["images": [["url": .string("http://\(address)/file.png")]]])
            case "/file.png":
                HTTPResponse(status: 200, headers: ["content-type": "image/png"], body: .bytes(VendorBench.png))
            default:
                .json([
                    "request_id": "1", "status_url": .string("http://\(address)/jobs/1/status"),
                    "response_url": .string("http://\(address)/jobs/1/result"),
                    "cancel_url": .string("http://\(address)/jobs/1/cancel"),
                ])
            }
        }
        let outcome = try await bench.perform("generate:flux")
        guard case .succeeded(let outputs, _, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(disk.wasAsked)
        #expect(outputs["images"]?.media.first?.bytes == Int64(VendorBench.png.count))
        #expect(bench.vendor.requests.filter { $0.target == "/file.png" }.count == 1)
        await bench.stop()
    }
}
