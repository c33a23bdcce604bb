import Foundation
import TestSupport
import Testing
import Values

/// Jobs that must not be bought twice, while the server is killed at random moments.
///
/// `MILLRACE_KILLS` makes it longer: 200 kills and 1,000 jobs for each family are what the release is measured with.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct KillTests {
    private static let kills = ProcessInfo.processInfo.environment["MILLRACE_KILLS"].flatMap { Int($0) } ?? 40

    @Test(arguments: JobVendor.Family.allCases)
    func `no job is bought twice, whenever the server dies`(_ family: JobVendor.Family) async throws {
        let vendor = try await JobVendor()
        let server = try MillraceServer(
            environment: vendor.environment,
            arguments: ["--allow-private", vendor.address],
            catalog: JobVendor.catalog,
            isPublic: true
        )
        try await server.start()
        var massacre = Massacre(server: server, vendor: vendor, family: family, runs: Self.kills * 5 / 2)
        massacre.workflow = try await server.make(
            [
                .node("k", "input:text"),
                .node("a", "job:\(family.rawValue)", ["prompt": "{{k.text}} a"]),
                .node("b", "job:\(family.rawValue)", ["prompt": "{{a.text}} b"]),
            ]
        )
        try await massacre.play(kills: Self.kills)
        try await massacre.settle()
        try await massacre.check()
        print(massacre.summary)
    }
}

/// A server that is killed again and again while it works.
struct Massacre {
    let server: MillraceServer
    let vendor: JobVendor
    let family: JobVendor.Family
    let runs: Int
    var workflow = ""
    private var started = 0
    /// The executions that there are, acknowledged or found later, by the text they were started with.
    private var executions: [String: String] = [:]
    private var acknowledged: Set<String> = []
    private var kills: [Date] = []
    /// The node runs, as `text node`, whose unknown outcome was answered.
    private var answered: Set<String> = []
    private var looks = 0
    private var windows = 0

    init(server: MillraceServer, vendor: JobVendor, family: JobVendor.Family, runs: Int) {
        self.server = server
        self.vendor = vendor
        self.family = family
        self.runs = runs
    }

    var summary: String {
        "\(family.rawValue): \(kills.count) kills, \(executions.count) runs of two jobs, \(acknowledged.count) "
            + "acknowledged at once, \(windows) of unknown outcome, every run looked at \(looks) times"
    }

    /// Starts runs and kills the server, at random moments, until there were enough of both.
    mutating func play(kills wanted: Int) async throws {
        var lastLook = ContinuousClock.now
        while kills.count < wanted || started < runs {
            for _ in 0..<4 where started < runs * (kills.count + 2) / max(1, wanted) + 4 && started < runs {
                started += 1
                let text = "r\(started)"
                let answer = try? await server.post(
                    "/api/v1/workflows/\(workflow)/execute",
                    ["inputs": ["k": .string(text)], "metadata": ["text": .string(text)]]
                )
                if answer?.status == 201, let id = answer?.json["executionId"]?.string {
                    executions[text] = id
                    acknowledged.insert(text)
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...160)))
            guard kills.count < wanted else { continue }
            server.kill()
            kills.append(Date())
            try await server.start()
            if ContinuousClock.now - lastLook > .seconds(5) {
                lastLook = .now
                try await look()
            }
        }
    }

    /// Every run that has not ended says what it waits for, or works on something.
    private mutating func look() async throws {
        looks += 1
        for id in executions.values {
            let poll = try await server.get("/api/v1/workflows/executions/\(id)/poll").json
            guard poll["status"] == "RUNNING" else { continue }
            let isWorking = poll["phase"] == "running"
            let waiting = poll["waiting"]
            #expect(
                isWorking || waiting?["reason"]?.string != nil && waiting?["since"]?.string != nil,
                "A run does not say what it waits for: \(poll.text)"
            )
        }
    }

    /// Waits until every run has ended or asks, answers what is asked, and waits for the end.
    mutating func settle() async throws {
        try await findOthers()
        var open = executions
        let end = ContinuousClock.now + .seconds(300)
        while !open.isEmpty {
            try #require(ContinuousClock.now < end, "\(open.count) runs do not end: \(server.log.suffix(2000))")
            for (text, id) in open {
                let run = try await server.get("/api/v1/workflows/executions/\(id)").json
                guard run["status"] == "RUNNING" else {
                    open[text] = nil
                    continue
                }
                guard run["waiting"]?["reason"] == "unknown_outcome", let node = run["waiting"]?["nodeId"]?.string
                else { continue }
                try await answer(text, id, node, run)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The runs that were accepted while the answer was lost.
    private mutating func findOthers() async throws {
        var cursor = ""
        repeat {
            let page = try await server.get("/api/v1/workflows/\(workflow)/executions?limit=100\(cursor)").json
            for run in page["data"]?.array ?? page["executions"]?.array ?? [] {
                guard let id = run["executionId"]?.string ?? run["id"]?.string else { continue }
                let details = try await server.get("/api/v1/workflows/executions/\(id)").json
                if let text = details["metadata"]?["text"]?.string { executions[text] = id }
            }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
    }

    private mutating func answer(_ text: String, _ id: String, _ node: String, _ run: JSON) async throws {
        // A vendor that only calls back never says that it took nothing: then, and only then, somebody has to.
        let isBought = try await vendor.accepted(family)[prompt(node, text)] != nil
        #expect(
            family == .none || family == .back && !isBought,
            "A run waits although the vendor can be asked: \(run.text)"
        )
        let attempt = run.row(node)?["attempts"]?.array?.last
        let begun = attempt?["startTime"]?.string.flatMap { try? Date($0, strategy: Self.time) }
        let intent = try #require(begun, "\(run.text)")
        // The server died while the call was under way: not before it, and not long after it.
        let isHit = kills.contains { $0 > intent.addingTimeInterval(-0.01) && $0 < intent.addingTimeInterval(1) }
        #expect(isHit, "\(text) \(node) waits and no kill fell into its call: \(attempt?.text ?? "")")
        let answer = try await server.post(
            "/api/v1/workflows/executions/\(id)/resume",
            ["nodeId": .string(node), "answer": "retry"]
        )
        #expect(answer.status == 202, "\(answer.json.text)")
        answered.insert("\(text) \(node)")
        windows += 1
    }

    /// What the vendor is asked for by a node of the run that was started with a text.
    private func prompt(_ node: String, _ text: String) -> String { node == "a" ? "\(text) a" : "<\(text) a> b" }

    private static var time: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }

    /// Compares what the vendor accepted and what the runs gave with what must be.
    func check() async throws {
        #expect(executions.count >= acknowledged.count)
        let accepted = try await vendor.accepted(family)
        for (text, id) in executions {
            let run = try await server.get("/api/v1/workflows/executions/\(id)").json
            #expect(run["status"] == "COMPLETED", "\(run.text)")
            let result = run.row("b")?["output"]?["text"] ?? run.row("b")?["text"]
            #expect(result?.string == "<<\(text) a> b>", "\(run.text)")
            for node in ["a", "b"] {
                let prompt = prompt(node, text)
                let count = accepted[prompt] ?? 0
                let most = family == .none && answered.contains("\(text) \(node)") ? 2 : 1
                #expect(count >= 1 && count <= most, "\(prompt) was bought \(count) times")
            }
        }
        // The vendor has nothing that belongs to no run.
        let known = Set(executions.keys.flatMap { [prompt("a", $0), prompt("b", $0)] })
        #expect(Set(accepted.keys).subtracting(known).isEmpty)
    }
}
