internal import EventLoop

/// Reads the file of an answer on the pool, piece by piece.
struct FileSource {
    /// Small enough that a thousand slow readers take 64 MB, large enough that the pool is asked rarely.
    private static let pieceBytes = 64 * 1024

    let slice: HTTPFileSlice
    let pool: BlockingPool
    let loop: Loop

    /// The open file, or `nil` when it is not there or shorter than the slice.
    func open() async -> BlockingFile? {
        let slice = slice
        return await patiently {
            let file = try BlockingFile(reading: slice.path)
            guard try file.size() >= slice.offset + slice.length else {
                throw BlockingFileError(call: "fstat", path: slice.path, code: 0)
            }
            return file
        }
    }

    /// The next bytes of the slice, or `nil` when they cannot be read.
    func read(_ file: BlockingFile, from start: Int) async -> [UInt8]? {
        let count = min(Self.pieceBytes, slice.length - start)
        let offset = slice.offset + start
        return await patiently { try file.read(at: offset, count: count) }
    }

    /// Tries again while the pool is full: an answer that has begun cannot be taken back.
    private func patiently<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async -> Result? {
        while true {
            do {
                return try await pool.run(work)
            } catch EventLoopError.poolIsFull {
                guard (try? await loop.sleep(for: .milliseconds(5))) != nil else { return nil }
            } catch {
                return nil
            }
        }
    }
}
