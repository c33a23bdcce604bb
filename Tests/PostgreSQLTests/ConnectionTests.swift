import PostgreSQL
import TestSupport
import Testing

@Suite(.enabled(if: TestSchema.server != nil, "set MILLRACE_TEST_DATABASE, as Scripts/test does"))
struct ConnectionTests {
    private let schema: TestSchema

    init() throws { schema = try TestSchema() }

    @Test(
        arguments: [
            (.null, "bytea"), (.integer(0), "bigint"), (.integer(.min), "bigint"), (.integer(.max), "bigint"),
            (.real(-0.5), "float8"), (.text(""), "text"), (.text("Zoë 🌾"), "text"), (.bytes([]), "bytea"),
            (.bytes([0, 255, 10]), "bytea"),
        ] as [(PostgreSQLValue, String)]
    )
    func `gives back what it was given`(value: PostgreSQLValue, type: String) throws {
        var connection = try Connection(url: schema.url)
        #expect(try connection.rows("SELECT $1::\(type)", [value]) == [[value]])
    }

    @Test(arguments: [(Int32(7), "int4"), (-7, "int2"), (1, "boolean")])
    func `reads every integer type as an integer`(number: Int32, type: String) throws {
        var connection = try Connection(url: schema.url)
        #expect(try connection.rows("SELECT \(number)::int4::\(type)") == [[.integer(Int64(number))]])
    }

    @Test(arguments: [("0", 0), ("10000", 10_000), ("-99999999", -99_999_999), ("9223372036854775807", Int64.max)])
    func `reads a numeric without a fraction as an integer`(text: String, number: Int64) throws {
        var connection = try Connection(url: schema.url)
        #expect(try connection.rows("SELECT \(text)::numeric") == [[.integer(number)]])
    }

    @Test(arguments: [("0.25", 0.25), ("-12345.5", -12_345.5), ("1e20", 1e20)])
    func `reads any other numeric as a number`(text: String, number: Double) throws {
        var connection = try Connection(url: schema.url)
        #expect(try connection.rows("SELECT \(text)::numeric") == [[.real(number)]])
    }

    @Test func `sends lists whose members may be missing`() throws {
        var connection = try Connection(url: schema.url)
        let rows = try connection.rows(
            "SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[])",
            [.integers([1, nil]), .bytesList([[7], []]), .texts([nil, "x"])]
        )
        #expect(rows == [[.integer(1), .bytes([7]), .null], [.null, .bytes([]), .text("x")]])
        #expect(try connection.rows("SELECT * FROM unnest($1::bytea[])", [.bytesList([])]).isEmpty)
    }

    @Test func `prepares a statement once for each list of types`() throws {
        var connection = try Connection(url: schema.url)
        try connection.script("CREATE TABLE things (id bigint PRIMARY KEY, name text)")
        for (number, name) in [(1, PostgreSQLValue.text("a")), (2, .null), (3, .text("c"))] {
            let inserted = try connection.run("INSERT INTO things VALUES ($1, $2)", [.integer(Int64(number)), name])
            #expect(inserted == 1)
        }
        #expect(try connection.rows("SELECT name FROM things ORDER BY id") == [[.text("a")], [.null], [.text("c")]])
        #expect(try connection.run("UPDATE things SET name = 'x'") == 3)
    }

    @Test func `tells a refusal from a lost connection`() throws {
        var connection = try Connection(url: schema.url)
        try connection.script("CREATE TABLE things (id bigint PRIMARY KEY)")
        try connection.run("INSERT INTO things VALUES ($1)", [.integer(1)])
        let conflict = #expect(throws: PostgreSQLError.self) {
            try connection.run("INSERT INTO things VALUES ($1)", [.integer(1)])
        }
        #expect(conflict?.isConflict == true)
        #expect(conflict?.isUnavailable == false)
        let isLost = connection.isLost
        #expect(!isLost)
        try schema.terminateConnections()
        let loss = #expect(throws: PostgreSQLError.self) { try connection.run("SELECT 1") }
        #expect(loss?.isUnavailable == true)
        #expect(loss?.isConflict == false)
    }

    @Test func `says why it cannot connect`() throws {
        let error = #expect(throws: PostgreSQLError.self) { _ = try Connection(url: "postgres://127.0.0.1:1/x") }
        #expect(error?.isUnavailable == true)
        #expect(error?.description.contains("refused") == true)
    }

    @Test func `sends statements ahead, and says later what was refused`() throws {
        var connection = try Connection(url: schema.url)
        try connection.script("CREATE TABLE things (id bigint PRIMARY KEY)")
        for number in Int64(0)..<1000 { try connection.send("INSERT INTO things VALUES ($1)", [.integer(number)]) }
        #expect(try connection.rows("SELECT count(*) FROM things") == [[.integer(1000)]])
        try connection.script("BEGIN")
        try connection.send("INSERT INTO things VALUES ($1)", [.integer(2000)])
        try connection.send("INSERT INTO things VALUES ($1)", [.integer(7)])
        try connection.send("INSERT INTO things VALUES ($1)", [.integer(2001)])
        let conflict = #expect(throws: PostgreSQLError.self) { try connection.settle() }
        #expect(conflict?.isConflict == true)
        try connection.script("ROLLBACK")
        #expect(try connection.rows("SELECT count(*) FROM things") == [[.integer(1000)]])
        try connection.send("INSERT INTO things VALUES ($1)", [.integer(3000)])
        try schema.terminateConnections()
        let loss = #expect(throws: PostgreSQLError.self) {
            for number in Int64(0)..<1000 {
                try connection.send("INSERT INTO things VALUES ($1)", [.integer(4000 + number)])
            }
        }
        #expect(loss?.isUnavailable == true)
    }

    @Test func `hears what another connection says`() throws {
        var listener = try Connection(url: schema.url)
        try listener.script("LISTEN \(schema.url.suffix(32).filter(\.isLetter))")
        let channel = String(schema.url.suffix(32).filter(\.isLetter))
        #expect(try listener.notifications(within: .zero).isEmpty)
        var speaker = try Connection(url: schema.url)
        try speaker.run("SELECT pg_notify($1, $2)", [.text(channel), .text("good morning")])
        var heard: [Connection.Notification] = []
        while heard.isEmpty { heard = try listener.notifications(within: .seconds(10)) }
        #expect(heard == [Connection.Notification(channel: channel, payload: "good morning")])
    }
}
