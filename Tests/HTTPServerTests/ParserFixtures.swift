import HTTPServer
import HTTPValues

/// What the parsers make of a whole request.
enum Verdict: Equatable {
    case request(method: String, target: String, body: String, rest: String)
    case refused(Int)
    case unfinished
}

/// Runs the head's parser and the chunk decoder over bytes that come in pieces of a given size.
func verdict(_ bytes: [UInt8], piece: Int = .max, limits: HTTPLimits = HTTPLimits()) -> Verdict {
    do throws(HTTPRefusal) {
        var parser = RequestHeadParser()
        var end = min(piece, bytes.count)
        while true {
            if let (head, length) = try parser.parse(bytes.span.extracting(0..<end), limits: limits) {
                return try verdict(head, Array(bytes[length...]), piece)
            }
            guard end < bytes.count else { return .unfinished }
            end = min(end + piece, bytes.count)
        }
    } catch {
        return .refused(error.status)
    }
}

private func verdict(_ head: RequestHead, _ rest: [UInt8], _ piece: Int) throws(HTTPRefusal) -> Verdict {
    func request(_ body: [UInt8], _ used: Int) -> Verdict {
        .request(
            method: head.method.rawValue,
            target: head.target,
            body: String(decoding: body, as: UTF8.self),
            rest: String(decoding: rest[used...], as: UTF8.self)
        )
    }
    switch head.framing {
    case .length(let count):
        return count <= rest.count ? request(Array(rest[..<count]), count) : .unfinished
    case .chunked:
        var decoder = ChunkDecoder()
        var body: [UInt8] = []
        var position = 0
        var end = min(piece, rest.count)
        while true {
            while let range = try decoder.next(rest.span.extracting(0..<end), &position, atMost: .max) {
                body += rest[range]
            }
            if decoder.isDone { return request(body, position) }
            guard end < rest.count else { return .unfinished }
            end = min(end + piece, rest.count)
        }
    }
}

func verdict(_ text: String) -> Verdict {
    verdict(Array(text.utf8))
}

/// A generator whose numbers depend on its seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
