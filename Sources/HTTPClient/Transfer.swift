internal import EventLoop
internal import HTTPValues

/// One call under way; only its client and libcurl's callbacks on the same loop touch it.
@safe
final class Transfer {
    /// What is done with the answer's body.
    enum Delivery {
        /// Kept until the call is over.
        case whole
        /// Handed over as it comes; libcurl waits when so many bytes are not taken.
        case pieces(bound: Int)
    }

    enum Phase {
        case waiting, running
        case ended(HTTPClientError?)
    }

    let number: UInt64
    let request: OutgoingRequest
    let delivery: Delivery
    /// Whether the operator listed the target, so that it may be private.
    let mayBePrivate: Bool
    let maximumHeadBytes: Int
    unowned let multi: MultiHandle
    var phase = Phase.waiting
    var handle: EasyHandle?
    var facts = OutgoingFacts()
    /// Let whoever waits for the call look again.
    private var waiter: CheckedContinuation<Void, Never>?

    // What libcurl's callbacks note.
    var head = HeadCollector()
    var body: [UInt8] = []
    var bodyBytes = 0
    var isPausedForReader = false
    var refusal: (IPAddress, String)?
    /// How often the request was begun on a connection; more than once when an idle one turned out to be dead.
    var timesBegun = 0
    /// What went wrong in a callback; libcurl only knows that something did.
    var failure: HTTPClientError?
    /// Whether bytes of the request went out, once the handle is given back.
    var hadSentBytes = false

    /// Whether this call looks its host's name up while others wait for the result.
    var looksUpName = false
    /// Whether that has succeeded.
    var hasFoundName = false

    // The request's body.
    var upload: UploadSource
    var isPausedForFile = false
    var file: BlockingFile?

    // Own time limits.
    var timer: LoopTimer?
    var headDeadline = UInt64.max
    var rateDeadline = UInt64.max
    var bytesAtPeriodStart = 0
    var wasMoving = false

    init(
        number: UInt64,
        request: OutgoingRequest,
        delivery: Delivery,
        mayBePrivate: Bool,
        multi: MultiHandle,
        maximumHeadBytes: Int
    ) {
        self.number = number
        self.request = request
        self.delivery = delivery
        self.mayBePrivate = mayBePrivate
        self.multi = multi
        self.maximumHeadBytes = maximumHeadBytes
        upload = UploadSource(request.body)
    }

    var hasEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    var answerHead: OutgoingHead {
        OutgoingHead(status: head.status, headers: head.fields, url: request.url)
    }

    /// Suspends the caller until something has changed.
    func wait(_ continuation: CheckedContinuation<Void, Never>) {
        // A task that was cancelled before it came to wait has ended the call already.
        guard !hasEnded else { return continuation.resume() }
        waiter?.resume()
        waiter = continuation
    }

    func wake() {
        waiter?.resume()
        waiter = nil
    }

    /// Takes the bytes of the answer that have come.
    func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }
}
