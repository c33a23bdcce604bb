import Engine
import Runtime
import Values
import Workflows

extension APIServer {
    /// Gives data to a node that waits for some, or will.
    func giveData(_ fields: Fields, _ exchange: Exchange) async throws -> Reply {
        guard let node = try fields.string("nodeId") else {
            throw APIError.field("nodeId", "must name the node that waits")
        }
        guard fields["answer"] == nil else { throw APIError.field("data", "cannot come with an answer") }
        let data = fields["data"] ?? .null
        guard data.bytes.count <= 256 << 10 else {
            throw APIError(.bodyTooLarge, "data is longer than 262144 bytes.", ["maxBytes": 262_144])
        }
        // What has ended is answered as such by the control below.
        let foreign = APIError(.forbiddenResume, "Forbidden: Cannot resume execution you do not own")
        guard case .live(let handle) = try await seen(exchange, orElse: foreign) else {
            return try await control("data", [:], dedupe: "data:\(exchange.id)", exchange)
        }
        let run = handle.snapshot.run
        guard let place = run.plan.place(of: node) else {
            throw APIError.field("nodeId", "names no node of the workflow")
        }
        let address = Address(node: place, index: try Self.index(fields))
        guard address.index.count == run.plan.nodes[place].dimensions.count else {
            throw APIError.field("item", "must have one number for each list that the node runs for")
        }
        guard run.takesData(address) else {
            throw APIError(
                .notWaiting,
                "\(node) does not wait for data, or has some already.",
                ["nodeId": .string(node)]
            )
        }
        if let problem = run.problem(with: data, for: address) {
            throw APIError.field("data", "does not fit the schema of \(node): \(problem)")
        }
        return try await control(
            "data",
            ["address": .string(address.text(in: run.plan)), "data": data],
            dedupe: "data:\(exchange.id)",
            exchange
        )
    }

    /// The item that is meant: a number, or a list of them for nested lists.
    private static func index(_ fields: Fields) throws(APIError) -> [Int32] {
        guard let item = fields["item"] else { return [] }
        let numbers = (item.array ?? [item]).map { $0.integer.flatMap { Int32(exactly: $0) } }
        guard numbers.count <= 3, numbers.allSatisfy({ ($0 ?? -1) >= 0 }) else {
            throw .field("item", "must be a whole number from 0, or a list of up to 3 of them")
        }
        return numbers.compactMap(\.self)
    }
}
