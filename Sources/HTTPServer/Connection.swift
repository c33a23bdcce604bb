internal import EventLoop
internal import HTTPValues

/// Names one request of a worker; numbers are not used twice.
struct ExchangeID: Hashable, Sendable {
    let slot: Int
    let serial: UInt64
}

/// One client's connection; only its worker touches it.
///
/// While it is idle it holds no buffer and no task.
final class Connection {
    enum Phase {
        /// No request, or part of one's head.
        case idle
        /// A request is with the handler.
        case exchange(Exchange)
        /// The last answer is given; what still comes is dropped so that the client can read it.
        case lingering
        case closed
    }

    /// A head that has not come whole.
    final class PartialHead {
        var parser: RequestHeadParser

        init(_ parser: RequestHeadParser) {
            self.parser = parser
        }
    }

    let socket: ServerSocket
    let peer: SocketAddress
    let slot: Int
    var phase = Phase.idle
    var watch: Watch?
    var input = InputBuffer()
    var partialHead: PartialHead?
    /// Whether the kernel may have bytes, or the end of the stream, that were not read yet.
    var mayRead = false
    /// Whether the client sends nothing more.
    var peerHasClosed = false
    /// When idling, reading a head or lingering must be over.
    var deadline = UInt64.max
    var timer: LoopTimer?
    var timerDeadline = UInt64.max

    init(socket: ServerSocket, peer: SocketAddress, slot: Int) {
        self.socket = socket
        self.peer = peer
        self.slot = slot
    }

    var isClosed: Bool {
        if case .closed = phase { true } else { false }
    }

    var exchange: Exchange? {
        if case .exchange(let exchange) = phase { exchange } else { nil }
    }

    /// The first moment at which something must be over.
    var earliestDeadline: UInt64 {
        guard let exchange else { return deadline }
        return min(exchange.readDeadline, exchange.writeDeadline)
    }
}

/// A request and its answer.
final class Exchange {
    let id: ExchangeID
    let isHead: Bool
    let minorVersion: Int
    /// Whether another request may follow; only ever becomes false.
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue`.
    var owesContinue: Bool
    var body: BodyDecoder
    var task: Task<Void, Never>?
    /// Whether the answer's head is sent, so that no other can be given.
    var hasAnswered = false
    /// What a streamed answer still has to write; `nil` when it is sent in chunks.
    var streamLeft: Int?

    /// The reader of the body that waits for bytes.
    var reader: CheckedContinuation<Void, Never>?
    var readDeadline = UInt64.max
    var bytesRead = 0
    /// How long the server has waited for the body, in nanoseconds.
    var readingTime: UInt64 = 0

    /// The writer of the answer that waits for room.
    var writer: CheckedContinuation<Void, Never>?
    var writeDeadline = UInt64.max
    /// Since when the client holds up the answer, and how much it has taken since.
    var blockedSince: UInt64 = 0
    var bytesSinceBlocked = 0

    init(id: ExchangeID, head: RequestHead) {
        self.id = id
        isHead = head.method == .head
        minorVersion = head.minorVersion
        keepsAlive = head.keepsAlive
        owesContinue = head.expectsContinue
        body = BodyDecoder(head.framing)
    }

    /// Lets whoever waits look again.
    func resumeWaiters() {
        reader?.resume()
        reader = nil
        writer?.resume()
        writer = nil
    }
}
