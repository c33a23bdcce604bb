import Foundation
import TestSupport
import Testing
import Values

/// Runs of two jobs each while their servers suffer, and what must come of them.
struct Massacre {
    /// A run, by the family of its vendor and the text it was started with.
    struct Start: Hashable {
        let family: JobVendor.Family
        let text: String

        /// What its two jobs are asked for, by node.
        var prompts: [(node: String, prompt: String)] { [("a", "\(text) a"), ("b", "<\(text) a> b")] }
        var result: String { "<<\(text) a> b>" }
    }

    let company: Company
    let vendor: JobVendor
    let families: [JobVendor.Family]
    /// The runs of each family.
    let runs: Int
    private var workflows: [JobVendor.Family: String] = [:]
    private var started = 0
    /// The executions that there are, acknowledged or found later.
    private var executions: [Start: String] = [:]
    private var acknowledged: Set<Start> = []
    /// The runs that are not known to have ended.
    private var open: [Start: String] = [:]
    /// The node runs, as `text node`, whose unknown outcome was answered.
    private var answered: Set<String> = []
    private var lastLook = ContinuousClock.now
    private var looks: [Int] = []

    init(_ company: Company, _ vendor: JobVendor, families: [JobVendor.Family], runs: Int) async throws {
        self.company = company
        self.vendor = vendor
        self.families = families
        self.runs = runs
        try await company.start()
        for family in families {
            workflows[family] = try await front().make(
                [
                    .node("k", "input:text"),
                    .node("a", "job:\(family.rawValue)", ["prompt": "{{k.text}} a"]),
                    .node("b", "job:\(family.rawValue)", ["prompt": "{{a.text}} b"]),
                ]
            )
        }
    }

    var summary: String {
        let troubles = Company.Trouble.allCases.compactMap { kind in company.counts[kind].map { "\(kind) \($0)" } }
        let unknown = families.map { family in
            "\(family.rawValue) \(answered.count { $0.hasPrefix(family.rawValue) })"
        }
        return (["\(company.kills) kills"] + troubles).joined(separator: ", ")
            + ", \(executions.count) runs of two jobs, \(acknowledged.count) acknowledged at once, jobs of unknown "
            + "outcome: \(unknown.joined(separator: ", ")), unfinished runs looked at: \(looks)"
    }

    private func front() throws -> MillraceServer { try #require(company.front) }

    private func details(_ id: String) async throws -> JSON {
        try await front().get("/api/v1/workflows/executions/\(id)").json
    }

    // MARK: While they suffer

    /// Starts runs and disturbs the servers at random moments, until there were enough runs and kills.
    mutating func play(kills: Int, pause: ClosedRange<Int>) async throws {
        while company.kills < kills || started < runs {
            var starts: [Task<(Start, String)?, Never>] = []
            for _ in 0..<4 where started < runs * (company.kills + 2) / max(1, kills) + 4 && started < runs {
                started += 1
                for family in families {
                    let start = Start(family: family, text: "\(family.rawValue)\(started)")
                    guard let server = company.front, let workflow = workflows[family] else { continue }
                    let address = "\(server.url)/api/v1/workflows/\(workflow)/execute"
                    starts.append(Task { await Self.execute(start, address) })
                }
            }
            // What is being accepted meanwhile may be lost, or accepted without anybody's knowing.
            try await Task.sleep(for: .milliseconds(Int.random(in: pause)))
            company.relieve()
            if company.kills < kills { try await company.disturb() }
            for task in starts {
                guard let (start, id) = await task.value else { continue }
                executions[start] = id
                open[start] = id
                acknowledged.insert(start)
            }
            try await lookNowAndThen()
        }
        company.relieve(all: true)
    }

    /// Starts a run; `nil` when nobody says that it was accepted.
    private static func execute(_ start: Start, _ address: String) async -> (Start, String)? {
        let body: JSON = ["inputs": ["k": .string(start.text)], "metadata": ["text": .string(start.text)]]
        let answer = try? await MillraceServer.send(
            "POST",
            address,
            Data(body.bytes),
            key: MillraceServer.key,
            timeout: 3
        )
        guard answer?.status == 201, let id = answer?.json["executionId"]?.string else { return nil }
        return (start, id)
    }

    /// Every five seconds every run that has not ended must say what it waits for or does, since when, and who works on
    /// it or when it wakes up; one that waits for a person's answer, outside of memory and without a time, says so.
    private mutating func lookNowAndThen() async throws {
        guard ContinuousClock.now - lastLook > .seconds(5), company.front != nil else { return }
        lastLook = .now
        var seen = 0
        for (start, id) in open {
            let run = try await details(id)
            guard run["status"] == "RUNNING" else {
                #expect(run["status"] == "COMPLETED", "\(run.text)")
                open[start] = nil
                continue
            }
            seen += 1
            let waiting = run["waiting"]
            let isWaiting = waiting?["reason"]?.string != nil && waiting?["since"]?.string != nil
            let isWorking = run["nodes"]?.array?.contains {
                $0["status"] == "RUNNING" && $0["startTime"]?.string != nil
            }
            #expect(isWaiting || run["phase"] == "running" && isWorking == true, "Nothing shows why: \(run.text)")
            let hasOwner = run["worker"]?.string != nil || run["wakeAt"]?.string != nil
            let isAsked = waiting?["reason"] == "unknown_outcome" && waiting?["action"] == "answer_unknown"
            #expect(hasOwner || isAsked || waiting?["reason"] == "no_worker", "Nobody would go on: \(run.text)")
        }
        looks.append(seen)
    }

    // MARK: Afterwards

    /// Waits until every run has ended or asks, answers what is asked, and waits for the end.
    ///
    /// Until somebody is asked, nothing is bought twice.
    mutating func settle() async throws {
        var known = -1
        while known < executions.count {
            known = executions.count
            try await findOthers()
            try await startMissing()
            try await wait { $0["waiting"]?["reason"] == "unknown_outcome" }
        }
        let accepted = try await accepted()
        for (start, _) in executions {
            for (_, prompt) in start.prompts {
                let count = accepted[start.family]?[prompt] ?? 0
                #expect(count <= 1, "\(prompt) was bought \(count) times before anybody was asked.")
            }
        }
        while !open.isEmpty {
            for (start, id) in open { try await answer(start, id, accepted) }
            try await wait { $0["waiting"]?["reason"] == "unknown_outcome" }
        }
    }

    /// Waits until every open run has ended, or has come to where it may stay.
    private mutating func wait(_ mayStay: (JSON) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(300)
        while true {
            var isDone = true
            for (start, id) in open {
                let run = try await details(id)
                if run["status"] == "RUNNING" { isDone = isDone && mayStay(run) } else { open[start] = nil }
            }
            if isDone { return }
            try #require(ContinuousClock.now < end, "\(open.count) runs do not end: \(company.log.suffix(4000))")
            try await lookNowAndThen()
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The runs that were accepted while the answer was lost.
    private mutating func findOthers() async throws {
        let known = Set(executions.values)
        for (family, workflow) in workflows {
            var cursor = ""
            repeat {
                let path = "/api/v1/workflows/\(workflow)/executions?limit=100\(cursor)"
                let page = try await front().get(path).json
                for run in page["data"]?.array ?? [] {
                    guard let id = run["executionId"]?.string, !known.contains(id) else { continue }
                    let text = try #require(try await details(id)["metadata"]?["text"]?.string)
                    executions[Start(family: family, text: text)] = id
                    open[Start(family: family, text: text)] = id
                }
                cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
        }
    }

    /// Starts as many runs as were refused or lost.
    private mutating func startMissing() async throws {
        for family in families {
            while executions.keys.count(where: { $0.family == family }) < runs {
                started += 1
                let start = Start(family: family, text: "\(family.rawValue)\(started)")
                let address = "\(try front().url)/api/v1/workflows/\(workflows[family] ?? "")/execute"
                let (_, id) = try #require(await Self.execute(start, address), "Nothing is wrong any more.")
                executions[start] = id
                open[start] = id
                acknowledged.insert(start)
            }
        }
    }

    private func accepted() async throws -> [JobVendor.Family: [String: Int]] {
        var accepted: [JobVendor.Family: [String: Int]] = [:]
        for family in families { accepted[family] = try await vendor.accepted(family) }
        return accepted
    }

    /// Lets a job be bought again whose call was under way when its server was disturbed.
    private mutating func answer(
        _ start: Start,
        _ id: String,
        _ accepted: [JobVendor.Family: [String: Int]]
    ) async throws {
        let run = try await details(id)
        guard run["waiting"]?["reason"] == "unknown_outcome", let node = run["waiting"]?["nodeId"]?.string else {
            return
        }
        // Who calls when a job is done says nothing of a call that never came.
        let prompt = start.prompts.first { $0.node == node }?.prompt ?? ""
        let isAbsent = start.family == .back && accepted[start.family]?[prompt] == nil
        #expect(start.family == .none || isAbsent, "A run waits although the vendor can be asked: \(run.text)")
        let attempt = run.row(node)?["attempts"]?.array?.last
        let begun = attempt?["startTime"]?.string.flatMap { try? Date($0, strategy: Self.time) }
        let intent = try #require(begun, "\(run.text)")
        #expect(
            company.mayHaveHit(intent),
            "\(start.text) \(node) waits and nothing fell into its call: \(attempt?.text ?? "")"
        )
        let answer = try await front().post(
            "/api/v1/workflows/executions/\(id)/resume",
            ["nodeId": .string(node), "answer": "retry"]
        )
        #expect(answer.status == 202, "\(answer.json.text)")
        answered.insert("\(start.text) \(node)")
    }

    private static var time: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }

    /// Compares what the vendor accepted and what the runs gave with what must be.
    func check() async throws {
        let accepted = try await accepted()
        for (start, id) in executions {
            let run = try await details(id)
            #expect(run["status"] == "COMPLETED", "\(run.text)")
            #expect(run.row("b")?["output"]?["text"]?.string == start.result, "\(run.text)")
            for (node, prompt) in start.prompts {
                let count = accepted[start.family]?[prompt] ?? 0
                let most = start.family == .none && answered.contains("\(start.text) \(node)") ? 2 : 1
                #expect(count >= 1 && count <= most, "\(prompt) was bought \(count) times")
            }
        }
        // The vendor has nothing that belongs to no run.
        for family in families {
            let known = Set(executions.keys.filter { $0.family == family }.flatMap { $0.prompts.map(\.prompt) })
            #expect(Set((accepted[family] ?? [:]).keys).subtracting(known).isEmpty)
        }
    }
}
