internal import EventLoop

extension OutgoingClient {
    /// Writes the rest of a body to a new file, which is removed when that fails.
    func store(_ transfer: Transfer, at path: String) async throws(HTTPClientError) {
        let file = try await onPool(transfer) { try BlockingFile(creating: path) }
        do throws(HTTPClientError) {
            var offset = 0
            while let piece = try await nextPiece(of: transfer) {
                let position = offset
                try await onPool(transfer) { try file.write(piece, at: position) }
                offset += piece.count
            }
        } catch {
            try? await pool.run { try BlockingFile.remove(path) }
            throw error
        }
    }

    /// Reads the next part of the file that is to be sent.
    func readFile(for transfer: Transfer) async {
        guard let path = transfer.upload.path else { return }
        let offset = transfer.upload.fileOffset
        let count = min(transfer.upload.fileLeft, 128 * 1024)
        do throws(HTTPClientError) {
            let file = transfer.file
            let (opened, bytes) = try await onPool(transfer) {
                let file = try file ?? BlockingFile(reading: path)
                return (file, try file.read(at: offset, count: count))
            }
            guard !transfer.hasEnded else { return }
            transfer.file = opened
            transfer.upload.append(bytes)
            transfer.isPausedForFile = false
            resume(transfer)
        } catch {
            end(transfer, error)
        }
    }

    /// Does work with a file on the pool, and waits as long as that is full.
    private func onPool<Result: Sendable>(
        _ transfer: Transfer,
        _ work: @escaping @Sendable () throws -> Result
    ) async throws(HTTPClientError) -> Result {
        while true {
            do {
                return try await pool.run(work)
            } catch EventLoopError.poolIsFull {
                try? await loop.sleep(for: .milliseconds(5))
                if Task.isCancelled { throw .cancelled(sentBytes: transfer.hasSentBytes) }
            } catch is CancellationError {
                throw .cancelled(sentBytes: transfer.hasSentBytes)
            } catch {
                throw .file("\(error)", sentBytes: transfer.hasSentBytes)
            }
        }
    }
}
