import Foundation
import TestSupport
import Testing

/// Jobs that must not be bought twice, while servers are killed at random moments.
///
/// `MILLRACE_KILLS` makes it longer: 200 kills and 1,000 jobs for each family are what the release is measured with.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct KillTests {
    private static func kills(_ usual: Int) -> Int {
        ProcessInfo.processInfo.environment["MILLRACE_KILLS"].flatMap { Int($0) } ?? usual
    }

    @Test(arguments: JobVendor.Family.allCases)
    func `no job is bought twice, whenever the server dies`(_ family: JobVendor.Family) async throws {
        let vendor = try await JobVendor()
        let company = try Company(vendor: vendor)
        defer { company.end() }
        try await Self.play(company, vendor, [family], kills: Self.kills(40), pause: 5...160)
    }

    @Test(.enabled(if: TestSchema.server != nil))
    func `no job is bought twice, whatever happens to three servers and their way to the database`() async throws {
        let vendor = try await JobVendor()
        let schema = try TestSchema()
        let company = try Company(vendor: vendor, on: schema)
        defer { company.end() }
        try await Self.play(company, vendor, JobVendor.Family.allCases, kills: Self.kills(30), pause: 50...600)
    }

    private static func play(
        _ company: Company,
        _ vendor: JobVendor,
        _ families: [JobVendor.Family],
        kills: Int,
        pause: ClosedRange<Int>
    ) async throws {
        var massacre = try await Massacre(company, vendor, families: families, runs: kills * 5 / 2)
        try await massacre.play(kills: kills, pause: pause)
        try await massacre.settle()
        try await massacre.check()
        print(massacre.summary)
    }
}
