extension OutgoingClient {
    /// Makes a call and gives its whole answer.
    ///
    /// - Parameter request: What to send and how long to wait.
    /// - Returns: The answer, whatever its status.
    /// - Throws: ``HTTPClientError`` when there is no whole answer.
    public func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> OutgoingResponse {
        guard !Task.isCancelled else { throw .cancelled(sentBytes: false) }
        let transfer = try start(request, .whole)
        while true {
            if case .ended(let error) = transfer.phase {
                if let error { throw error }
                return OutgoingResponse(head: transfer.answerHead, body: transfer.takeBody(), facts: transfer.facts)
            }
            await advance(transfer)
        }
    }

    /// Makes a call and gives its answer's head as soon as it is there; the body follows piece by piece.
    ///
    /// - Parameter request: What to send; `totalTime` counts for the stream as well.
    /// - Returns: The answer, whose body the caller reads or cancels.
    /// - Throws: ``HTTPClientError`` when there is no head.
    public func stream(_ request: OutgoingRequest) async throws(HTTPClientError) -> OutgoingStream {
        guard !Task.isCancelled else { throw .cancelled(sentBytes: false) }
        let transfer = try start(request, .pieces(bound: 64 * 1024))
        try await waitForHead(transfer)
        return OutgoingStream(head: transfer.answerHead, lease: lend(transfer))
    }

    /// Makes a call whose answer's body goes to a new file.
    ///
    /// Only an answer with a status from 200 to 299 is stored; the body of any other is in the response, cut after
    /// 64 KiB. When the call fails the file is removed.
    ///
    /// - Parameters:
    ///   - request: What to send; `maximumResponseBytes` is the greatest size of the file.
    ///   - path: Where nothing is yet.
    /// - Returns: The answer without the body that was stored.
    /// - Throws: ``HTTPClientError``.
    public func download(
        _ request: OutgoingRequest,
        to path: String
    ) async throws(HTTPClientError) -> OutgoingResponse {
        guard !Task.isCancelled else { throw .cancelled(sentBytes: false) }
        // Small pieces: 200 downloads at once take some 70 MiB (Scripts/media-memory 200 40), with 256 KiB over three times that.
        let transfer = try start(request, .pieces(bound: 32 * 1024))
        try await waitForHead(transfer)
        let head = transfer.answerHead
        guard (200...299).contains(head.status) else {
            let body = try await startOfBody(transfer, limit: 64 * 1024)
            return OutgoingResponse(head: head, body: body, facts: transfer.facts)
        }
        do throws(HTTPClientError) {
            try await store(transfer, at: path)
        } catch {
            end(transfer, error)
            throw error
        }
        return OutgoingResponse(head: head, body: [], facts: transfer.facts)
    }

    /// The next bytes of a body; `nil` at its end.
    func nextPiece(of transfer: Transfer) async throws(HTTPClientError) -> [UInt8]? {
        while true {
            if !transfer.body.isEmpty {
                let piece = transfer.takeBody()
                if transfer.isPausedForReader {
                    transfer.isPausedForReader = false
                    resume(transfer)
                }
                return piece
            }
            if case .ended(let error) = transfer.phase {
                if let error { throw error }
                return nil
            }
            await advance(transfer)
        }
    }

    /// Waits for the transfer's next change, or does what it needs from the pool.
    private func advance(_ transfer: Transfer) async {
        guard transfer.isPausedForFile else { return await change(of: transfer) }
        await readFile(for: transfer)
    }

    private func waitForHead(_ transfer: Transfer) async throws(HTTPClientError) {
        while !transfer.head.isComplete {
            if case .ended(let error) = transfer.phase { throw error ?? .badResponse("it has no head") }
            await advance(transfer)
        }
    }

    private func startOfBody(_ transfer: Transfer, limit: Int) async throws(HTTPClientError) -> [UInt8] {
        var body: [UInt8] = []
        while body.count < limit, let piece = try await nextPiece(of: transfer) { body += piece }
        end(transfer, nil)
        return Array(body.prefix(limit))
    }
}
