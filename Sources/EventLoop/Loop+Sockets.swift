private import CEventLoop

/// What a socket is watched for; that the peer closes or the socket fails is told always.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read.
    package static let readable = Interest(rawValue: UInt32(EVENTLOOP_READABLE))
    /// There is room to write.
    package static let writable = Interest(rawValue: UInt32(EVENTLOOP_WRITABLE))
    /// Tell each change once instead of as long as it lasts.
    package static let edgeTriggered = Interest(rawValue: UInt32(EVENTLOOP_EDGE_TRIGGERED))
}

/// What has become possible on a watched socket.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read.
    package static let readable = Readiness(rawValue: UInt32(EVENTLOOP_READABLE))
    /// There is room to write.
    package static let writable = Readiness(rawValue: UInt32(EVENTLOOP_WRITABLE))
    /// The peer sends nothing more.
    package static let peerClosed = Readiness(rawValue: UInt32(EVENTLOOP_PEER_CLOSED))
    /// The connection is broken or closed in both directions.
    package static let failed = Readiness(rawValue: UInt32(EVENTLOOP_FAILED))
}

/// The right to be told about one socket.
package struct Watch: Sendable {
    let slot: UInt32
    let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(token: UInt64) {
        slot = UInt32(truncatingIfNeeded: token)
        generation = UInt32(truncatingIfNeeded: token >> 32)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

extension Loop {
    /// Watches a socket; the caller must be on the loop, and the handler is called there.
    ///
    /// The handler is kept until the watch ends. It may be isolated to an actor pinned to this loop.
    package func watch(
        _ descriptor: Int32,
        for interest: Interest,
        handler: @escaping (Readiness) -> Void
    ) throws(EventLoopError) -> Watch {
        let result = withState { state in
            Result { () throws(EventLoopError) in try state.watch(descriptor, for: interest, handler: handler) }
        }
        return try result.get()
    }

    /// Changes what a socket is watched for; the caller must be on the loop.
    package func change(_ watch: Watch, to interest: Interest) {
        withState { $0.change(watch, to: interest) }
    }

    /// Ends a watch; the caller must be on the loop.
    ///
    /// `isClosed` says that the descriptor is closed already, or will be at once by the caller.
    package func endWatch(_ watch: Watch, isClosed: Bool = false) {
        withState { $0.endWatch(watch, isClosed: isClosed) }
    }
}
