import Server
import Testing
import Values

/// The plans of a configuration file (contract §1).
struct PlanBookTests {
    @Test(
        arguments: [
            ("free", 10, 10, 50), ("starter", 20, 10, 200), ("pro", 60, 10, 1000), ("enterprise", 200, 10, nil),
            ("self_hosted", nil, nil, nil),
        ] as [(String, Int?, Int?, Int?)]
    )
    func `the plans of the contract are there`(name: String, requests: Int?, executions: Int?, day: Int?) throws {
        let plan = try #require(PlanBook()[name])
        #expect(plan.requestsPerMinute == requests && plan.executionsPerMinute == executions)
        #expect(plan.executionsPerDay == day && plan.pollsPerMinute == requests.map { $0 * 6 })
    }

    @Test func `a file changes what it names and adds plans`() throws {
        let book = try PlanBook([
            "free": ["executionsPerDay": 100], "pro": ["executionsPerDay": "unlimited"],
            "team": ["requestsPerMinute": 120],
        ])
        #expect(book["free"]?.executionsPerDay == 100 && book["free"]?.requestsPerMinute == 10)
        #expect(book["pro"]?.executionsPerDay == nil && book["pro"]?.executionsPerMinute == 10)
        #expect(book["team"]?.requestsPerMinute == 120 && book["team"]?.executionsPerDay == nil)
        #expect(book["other"] == nil && book.names.count == 6)
    }

    @Test(
        arguments: [
            [1], ["free": 1], ["free": ["requests": 1]], ["free": ["requestsPerMinute": 0]],
            ["free": ["requestsPerMinute": "many"]], ["free": ["executionsPerDay": 1.5]], ["": [:]],
        ] as [JSON]
    )
    func `anything else is refused with its place`(plans: JSON) {
        #expect(throws: PlanError.self) { try PlanBook(plans) }
    }
}
