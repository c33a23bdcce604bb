import Foundation
import FoundationNetworking
import TestSupport
import Testing
import Values

/// The independent vendor of jobs, which counts what it accepts and outlives every server.
final class JobVendor {
    /// How the truth about a lost answer can be found at the vendor.
    enum Family: String, CaseIterable, CustomTestStringConvertible {
        /// It knows a call that it has seen before by our key.
        case key
        /// It can be asked for a job by our reference.
        case look
        /// It calls when a job is done.
        case back
        /// There is no way.
        case none

        var testDescription: String { "a vendor with \(self == .none ? "nothing of the kind" : rawValue)" }
    }

    let url: String
    private let program: Program

    init() async throws {
        let python = ProcessInfo.processInfo.environment["MILLRACE_PYTHON"] ?? "python3"
        program = try Program(python, ["Tests/EndToEndTests/MockVendor/job_vendor.py"])
        url = "http://127.0.0.1:\(try await program.port())"
    }

    var address: String { String(url.dropFirst(7)) }

    /// How many jobs were accepted, by prompt.
    func accepted(_ family: Family) async throws -> [String: Int] {
        let (data, _) = try await URLSession.shared.data(from: try #require(URL(string: "\(url)/accepted")))
        var counts: [String: Int] = [:]
        for member in try JSON(parsing: [UInt8](data))[family.rawValue]?.object ?? JSONObject() {
            counts[member.key] = member.value.integer.map { Int($0) }
        }
        return counts
    }

    /// The environment in which a server finds the vendor.
    var environment: [String: String] {
        var variables: [String: String] = [:]
        for family in Family.allCases {
            variables["JOB_\(family.rawValue.uppercased())_KEY"] = "canary-job-key"
            variables["JOB_\(family.rawValue.uppercased())_BASE_URL"] = url
        }
        return variables
    }

    /// The manifests of the four families.
    static var catalog: String { "[\(Family.allCases.map(manifests).joined(separator: ",\n"))]" }

    private static func manifests(_ family: Family) -> String {
        let unknown =
            switch family {
            case .key: #"{"key": {"header": "Idempotency-Key", "value": "${run.attemptKey}", "validMs": 86400000}}"#
            case .look:
                #"{"lookup": {"method": "GET", "url": "/look/find", "query": {"ref": "${run.attemptKey}"}, "afterMs": 200,"#
                    + #" "tries": 3, "found": "http.status == 200", "absent": "http.status == 404", "trustAbsent": true,"#
                    + #" "keep": {"jobId": "body.id"}}}"#
            case .back: #"{"callback": {"graceMs": 3000}}"#
            case .none: "{}"
            }
        let extra =
            switch family {
            case .look: #", "ref": "${run.attemptKey}""#
            case .back: #", "callback": "${webhook.?url}""#
            case .key, .none: ""
            }
        let callback =
            #""callback": {"jobId": "body.id", "trust": "signal", "keep": {"jobId": "body.id"}, "verify": {"hook": "urlToken"}},"#
        return """
            {"format": "mx/1", "kind": "provider", "id": "job_\(family.rawValue)", "baseUrl": "https://jobs.example",
             "mode": "job", "effect": "\(family == .key ? "keyed" : "once")", "onUnknown": \(unknown),
             "finish": \(family == .back ? #"["callback", "poll"]"# : #"["poll"]"#),
             "secrets": {"key": {"env": ["JOB_\(family.rawValue.uppercased())_KEY"]}},
             "auth": [{"header": "Authorization", "value": "Bearer ${secrets.key}"}],
             "calls": {
               "submit": {"method": "POST", "url": "/\(family.rawValue)/jobs", "timeoutMs": 5000,
                 "body": {"json": {"prompt": "${inputs.prompt}"\(extra)}}, "keep": {"jobId": "body.id"}},
               "status": {"method": "GET", "url": "/\(family.rawValue)/jobs/${keep.jobId}",
                 "phase": {"of": "body.status", "map": {"queued": "queued", "running": "running", "done": "succeeded"}}}},
             \(family == .back ? callback : "")
             "poll": {"firstMs": 50, "everyMs": 100, "factor": 1.2, "maxMs": 500, "jitter": 0.2}},
            {"format": "mx/1", "kind": "node", "type": "job:\(family.rawValue)", "label": "Job", "description": "A job.",
             "sideEffects": false, "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
             "outputs": [{"id": "text", "type": "TEXT"}],
             "offers": [{"id": "a", "provider": "job_\(family.rawValue)", "output": {"text": {"text": "body.text"}},
               "price": {"unit": "job", "asOf": "2026-11-20", "source": "jobs.example", "table": {"job": "1.0"},
                 "upper": "vars.price.job"}}]}
            """
    }
}

extension Program {
    /// The port that a program of ours prints as the last word of its first line.
    func port() async throws -> Int {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let line = output
            if line.hasSuffix("\n"), let port = line.split(separator: " ").last.flatMap({ Int($0.filter(\.isNumber)) })
            {
                return port
            }
            try #require(ContinuousClock.now < end, "The program did not start: \(errors)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
