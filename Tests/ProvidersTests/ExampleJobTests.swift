import Assets
import Catalog
import Crypto
import Engine
import HTTPServer
import HTTPValues
import Synchronization
import TestSupport
import Testing
import Values

/// The example manifests whose vendors work on jobs: fal, Replicate, Kling.
@Suite(.timeLimit(.minutes(3)))
struct ExampleJobTests {
    private final class Counter: Sendable {
        private let value = Mutex(0)
        func next() -> Int {
            value.withLock { value in
                defer { value += 1 }
                return value
            }
        }
    }

    private func picture(_ bench: VendorBench) async throws -> Value {
        .media(try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now()))
    }

    private static let dataURL = JSON.string("data:image/png;base64,\(Base64.encode(VendorBench.png))")

    // MARK: fal

    @Test func `fal's queue is asked, waited for and emptied`() async throws {
        let polls = Counter()
        let bench = try await Examples.bench { request, host in
            switch request.target {
            case "/fal-ai/flux-2-pro/edit":
                return .json([
                    "request_id": "job-1", "status_url": .string("http://\(host)/s"),
                    "response_url": .string("http://\(host)/r"), "cancel_url": .string("http://\(host)/c"),
                ])
            case "/s":
                let word = ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"][min(polls.next(), 2)]
                return .json(["status": .string(word), "queue_position": 1], status: 202)
            case "/r": return .json(["images": [["url": .string("http://\(host)/i.png")]], "seed": 99])
            default: return .png()
            }
        }
        let image = try await picture(bench)
        let inputs: [String: Value] = ["prompt": .text("red"), "images": .list([image, image])]
        // Two pictures of one pixel are one megapixel of 1,048,576; three more are allowed for what is made.
        #expect(try bench.upper("edit:flux_2_pro_edit", inputs: inputs) == Money(nano: 90_000_000))
        let made = try Examples.made(
            try await bench.perform("edit:flux_2_pro_edit", inputs: inputs, parameters: ["seed": 7])
        )
        #expect(made.outputs["seed"]?.asJSON == 99 && made.outputs["image"]?.media.first?.width == 1)
        #expect(made.cost == Money(nano: 45_000_000))
        let submit = try #require(bench.vendor.requests.first)
        #expect(
            submit.json == [
                "prompt": "red", "image_urls": [Self.dataURL, Self.dataURL], "image_size": "auto", "seed": 7,
                "safety_tolerance": "2", "output_format": "jpeg",
            ]
        )
        #expect(submit.headers["authorization"] == "Key id:key")
        #expect(submit.headers["x-fal-request-timeout"].flatMap { Int($0) }.map { (8...10).contains($0) } == true)
        #expect(bench.milestones.all == ["submitted job-1", "ready"])
        await bench.stop()
    }

    // MARK: Replicate

    @Test(arguments: [nil, "v-1"])
    func `Replicate takes an upload and a prediction`(version: String?) async throws {
        let polls = Counter()
        let type = "upscale:clarity_pro"
        let offers = try JSON(parsing: try #require(try Examples.documents().first).bytes)[1]?["offers"]?.array
        let offer = try #require(offers?.first)
        let changes: JSON = version.map { ["offers": [offer.merging(["vars": ["version": .string($0)]])]] } ?? [:]
        let bench = try await Examples.bench(patch: (type, changes)) { request, host in
            let base = "http://\(host)/v1"
            switch (request.method, request.target) {
            case ("POST", "/v1/files"): return .json(["urls": ["get": .string("\(base)/files/1")]], status: 201)
            case ("GET", "/v1/predictions/p1"):
                let isDone = polls.next() > 0
                return .json([
                    "id": "p1", "status": isDone ? "succeeded" : "processing",
                    "output": isDone ? [.string("http://\(host)/o.png")] : nil,
                ])
            case ("GET", _): return .png()
            default:
                return .json(
                    [
                        "id": "p1", "status": "starting",
                        "urls": [
                            "get": .string("\(base)/predictions/p1"),
                            "cancel": .string("\(base)/predictions/p1/cancel"),
                        ],
                    ],
                    status: 201
                )
            }
        }
        let made = try Examples.made(try await bench.perform(type, inputs: ["image": try await picture(bench)]))
        #expect(made.outputs["image"]?.media.count == 1 && made.cost == .zero)
        let requests = bench.vendor.requests
        #expect(requests[0].headers["content-type"]?.hasPrefix("multipart/form-data; boundary=") == true)
        #expect(String(decoding: requests[0].body, as: UTF8.self).contains(#"name="content"; filename="#))
        let path = version == nil ? "/models/philz1337x/clarity-pro-upscaler/predictions" : "/predictions"
        #expect(requests[1].target == "/v1\(path)" && requests[1].headers["authorization"] == "Bearer key")
        #expect(!requests[1].headers.contains("prefer") && requests[1].headers["cancel-after"]?.hasSuffix("s") == true)
        let input: JSON = [
            "image": .string("http://\(bench.vendor.address)/v1/files/1"), "scale_factor": 2, "creativity": 0,
            "output_format": "png",
        ]
        var body: JSONObject = ["input": input]
        if let version { body["version"] = .string(version) }
        #expect(requests[1].json == .object(body))
        await bench.stop()
    }

    @Test func `a prediction that is done at once is not asked for again`() async throws {
        let bench = try await Examples.bench(patch: ("replicate", ["media": ["order": ["dataurl"]]])) { request, host in
            request.method == "GET"
                ? .png()
                : .json(
                    [
                        "id": "p1", "status": "succeeded", "output": .string("http://\(host)/o.png"),
                        "urls": ["get": .string("http://\(host)/p1"), "cancel": .string("http://\(host)/c")],
                    ],
                    status: 201
                )
        }
        _ = try Examples.made(
            try await bench.perform("upscale:clarity_pro", inputs: ["image": try await picture(bench)])
        )
        #expect(bench.vendor.requests.map(\.target).last == "/o.png" && bench.vendor.requests.count == 2)
        await bench.stop()
    }

    @Test func `a check of several inputs refuses before anything is asked for`() async throws {
        let bench = try await Examples.bench { _, _ in .json([:]) }
        guard case .media(var media) = try await picture(bench) else { return }
        (media.width, media.height) = (1000, 1001)
        let inputs: [String: Value] = ["image": .media(media)]
        #expect(throws: NodeError(.invalidInput, "output over 64 megapixels")) {
            try bench.upper("upscale:clarity_pro", inputs: inputs, parameters: ["scale_factor": 8])
        }
        #expect(throws: Never.self) { try bench.upper("upscale:clarity_pro", inputs: inputs) }
        await bench.stop()
    }

    // MARK: Kling

    private static func kling(_ request: FakeVendor.Request, _ host: String, polls: Counter) -> HTTPResponse {
        switch request.target {
        case "/v1/videos/image2video":
            return .json(["code": 0, "request_id": "req-3", "data": ["task_id": "t1", "task_status": "submitted"]])
        case "/v1/videos/image2video/t1":
            guard polls.next() > 0 else { return .json(["code": 0, "data": ["task_status": "processing"]]) }
            let video: JSON = ["url": .string("http://\(host)/v.mp4"), "duration": "5.041"]
            return .json([
                "code": 0, "request_id": "req-4",
                "data": ["task_status": "succeed", "task_result": ["videos": [video]], "final_unit_deduction": "2"],
            ])
        default: return HTTPResponse(status: 200, headers: ["content-type": "video/mp4"], body: Examples.film)
        }
    }

    @Test func `Kling is asked with a minted token, and its length is kept`() async throws {
        let polls = Counter()
        let environment: [String: String?] = [
            "KLINGAI_API_KEY": nil, "KLINGAI_ACCESS_KEY": "access", "KLINGAI_SECRET_KEY": "shared",
        ]
        let bench = try await Examples.bench(environment: environment) { Self.kling($0, $1, polls: polls) }
        let image = try await picture(bench)
        let made = try Examples.made(
            try await bench.perform(
                "video:kling_video_2_5_i2v",
                inputs: ["image": image, "end_image": image, "prompt": .text("walk")]
            )
        )
        let video = try #require(made.outputs["video"]?.media.first)
        #expect(video.mimeType == "video/mp4" && video.durationMs == 5041)
        #expect(made.cost == Money(nano: 350_000_000) && made.requestID == "req-4")
        let submit = try #require(bench.vendor.requests.first)
        let data = JSON.string(Base64.encode(VendorBench.png))
        let key = try #require(submit.json["external_task_id"]?.string)
        #expect(key.count == 32)
        #expect(
            submit.json == [
                "model_name": "kling-v2-5-turbo", "mode": "pro", "image": data, "image_tail": data, "prompt": "walk",
                "cfg_scale": 0.5, "duration": "5", "external_task_id": .string(key),
            ]
        )
        let header = try #require(submit.headers["authorization"])
        let token = header.dropFirst(7).split(separator: ".").map(String.init)
        try #require(header.hasPrefix("Bearer ") && token.count == 3)
        let code = HMAC.sha256(Array("\(token[0]).\(token[1])".utf8), key: Array("shared".utf8))
        #expect(token[2] == Base64.encode(code, .url))
        let claims = try JSON(parsing: try #require(Base64.decode(token[1])))
        let end = try #require(claims["exp"]?.integer)
        let begin = try #require(claims["nbf"]?.integer)
        #expect(claims["iss"] == "access" && end - begin == 1805)
        await bench.stop()
    }

    @Test func `a token that is refused is minted once more`() async throws {
        let polls = Counter()
        let submits = Counter()
        let bench = try await Examples.bench { request, host in
            request.method == "POST" && submits.next() == 0
                ? .json(["code": 1004, "message": "expired"], status: 401) : Self.kling(request, host, polls: polls)
        }
        _ = try Examples.made(
            try await bench.perform("video:kling_video_2_5_i2v", inputs: ["image": try await picture(bench)])
        )
        #expect(bench.vendor.requests.filter { $0.method == "POST" }.count == 2)
        #expect(bench.vendor.requests.first?.headers["authorization"] == "Bearer key")
        await bench.stop()
    }

    @Test func `a job whose answer was lost is looked up by our name`() async throws {
        let polls = Counter()
        let asked = Counter()
        let bench = try await Examples.bench { request, host in
            if request.method == "POST" { return .json(["code": 5001], status: 500) }
            let key = request.target.dropFirst("/v1/videos/image2video/".count)
            guard key.count == 32 else { return Self.kling(request, host, polls: polls) }
            guard asked.next() > 0 else { return .json(["code": 1203]) }
            return .json([
                "code": 0, "data": ["task_id": "t1", "task_info": ["external_task_id": .string(String(key))]],
            ])
        }
        _ = try Examples.made(
            try await bench.perform("video:kling_video_2_5_i2v", inputs: ["image": try await picture(bench)])
        )
        #expect(bench.vendor.requests.filter { $0.method == "POST" }.count == 1)
        #expect(bench.milestones.all == ["submitted t1", "ready"])
        await bench.stop()
    }

    @Test func `an absence that is not trusted leaves the outcome unknown`() async throws {
        let bench = try await Examples.bench { request, _ in
            request.method == "POST" ? .json(["code": 5001], status: 500) : .json(["code": 1203])
        }
        let outcome = try await bench.perform("video:kling_video_2_5_i2v", inputs: ["image": try await picture(bench)])
        guard case .failed(let error, _) = outcome else { return }
        #expect(error.failure == .providerInternal && error.accepted == .unknown && error.charged == .unknown)
        #expect(bench.vendor.requests.count == 4)
        await bench.stop()
    }

    @Test func `the next offer asks fal for the same film`() async throws {
        let bench = try await Examples.bench { request, host in
            switch request.target {
            case "/fal-ai/kling-video/v2.5-turbo/pro/image-to-video":
                return .json([
                    "request_id": "j", "status_url": .string("http://\(host)/s"),
                    "response_url": .string("http://\(host)/r"), "cancel_url": .string("http://\(host)/c"),
                ])
            case "/s": return .json(["status": "COMPLETED"])
            case "/r": return .json(["video": ["url": .string("http://\(host)/v.mp4"), "content_type": "video/mp4"]])
            default: return HTTPResponse(status: 200, body: Examples.film)
            }
        }
        let inputs: [String: Value] = ["image": try await picture(bench)]
        let parameters: [String: JSON] = ["duration": 10]
        let type = "video:kling_video_2_5_i2v"
        #expect(try bench.upper(type, inputs: inputs, parameters: parameters, offer: 0) == Money(nano: 700_000_000))
        let made = try Examples.made(try await bench.perform(type, inputs: inputs, parameters: parameters, offer: 1))
        #expect(made.cost == Money(nano: 700_000_000))
        let body = bench.vendor.requests.first?.json
        #expect(body == ["image_url": Self.dataURL, "cfg_scale": 0.5, "duration": "10"])
        await bench.stop()
    }

    @Test func `the address of a result that is gone is asked for once more`() async throws {
        let polls = Counter()
        let bench = try await Examples.bench { request, host in
            switch request.target {
            case "/v1/videos/image2video": return Self.kling(request, host, polls: polls)
            case "/v1/videos/image2video/t1":
                let url = "http://\(host)/\(polls.next()).mp4"
                return .json([
                    "code": 0,
                    "data": [
                        "task_status": "succeed",
                        "task_result": ["videos": [["url": .string(url), "duration": "5"]]],
                    ],
                ])
            case "/0.mp4": return HTTPResponse(status: 403)
            default: return HTTPResponse(status: 200, headers: ["content-type": "video/mp4"], body: Examples.film)
            }
        }
        _ = try Examples.made(
            try await bench.perform("video:kling_video_2_5_i2v", inputs: ["image": try await picture(bench)])
        )
        #expect(bench.vendor.requests.map(\.target).suffix(2) == ["/v1/videos/image2video/t1", "/1.mp4"])
        await bench.stop()
    }
}
