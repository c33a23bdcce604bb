import EventLoop
import FileSystem
import HTTPServer
import Synchronization
import Values

/// Receives one file piece by piece: the whole body, or the field `file` of a multipart body (RFC 7578).
struct Upload {
    let sink: UploadSink
    let limit: Int64

    /// - Returns: The MIME type and the file name that the client gave.
    /// - Throws: ``APIError``, or what the connection or the disk says.
    func receive(_ body: HTTPRequestBody, contentType: String) async throws -> (mimeType: String?, name: String?) {
        if let length = body.length, Int64(length) > limit + 65_536 { throw tooLarge }
        guard contentType.lowercased().hasPrefix("multipart/form-data") else {
            try await write(body)
            return (contentType, nil)
        }
        guard let boundary = Self.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count) else {
            throw APIError(.badRequest, "The multipart body has no boundary.")
        }
        var reader = MultipartFile(boundary: boundary)
        var written: Int64 = 0
        for try await piece in body {
            let bytes = try reader.take(piece)
            written += Int64(bytes.count)
            guard written <= limit else { throw tooLarge }
            try await sink.write(bytes)
        }
        guard reader.isComplete else {
            throw APIError(.missingFields, "The multipart body has no complete field file.", ["fields": ["file"]])
        }
        return (reader.mimeType, reader.name)
    }

    private func write(_ body: HTTPRequestBody) async throws {
        var written: Int64 = 0
        for try await piece in body {
            written += Int64(piece.count)
            guard written <= limit else { throw tooLarge }
            try await sink.write(piece)
        }
        guard written > 0 else { throw APIError(.missingFields, "The body is empty.", ["fields": ["file"]]) }
    }

    private var tooLarge: APIError {
        APIError(.bodyTooLarge, "The file is longer than \(limit) bytes.", ["maxBytes": .int(limit)])
    }

    /// A parameter of a header value, without quotes.
    static func parameter(_ name: String, of value: String) -> String? {
        for part in value.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].filter({ $0 != " " }).lowercased() == name else { continue }
            let text = pair[1].drop { $0 == " " }
            return text.hasPrefix("\"") ? String(text.dropFirst().prefix { $0 != "\"" }) : String(text)
        }
        return nil
    }
}

/// The file an upload goes to, written away from the event loop.
final class UploadSink: Sendable {
    private let file: Mutex<File>
    private let pool: BlockingPool

    init(path: String, pool: BlockingPool) throws(FileError) {
        file = Mutex(try File(writing: path))
        self.pool = pool
    }

    func write(_ bytes: [UInt8]) async throws {
        try await pool.run { try self.file.withLock { file in try file.write(bytes.span) } }
    }
}

/// Finds the field `file` in the pieces of a multipart body; at most one boundary's length is held back.
struct MultipartFile {
    private enum State {
        case preamble
        case headers
        case otherPart
        case file
        case done
    }

    /// What the file is said to be.
    private(set) var mimeType: String?
    /// The name of the file.
    private(set) var name: String?
    /// Whether the field was there to its end.
    private(set) var isComplete = false
    private var state = State.preamble
    private var held: [UInt8] = Array("\r\n".utf8)
    private let delimiter: [UInt8]

    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Takes the next piece and gives the bytes of the file in it.
    mutating func take(_ piece: [UInt8]) throws(APIError) -> [UInt8] {
        held += piece
        var output: [UInt8] = []
        while true {
            switch state {
            case .done:
                held = []
                return output
            case .headers:
                guard let end = Self.find(Array("\r\n\r\n".utf8), in: held) else {
                    guard held.count < 16_384 else {
                        throw APIError(.badRequest, "A part of the body has too long headers.")
                    }
                    return output
                }
                readHeaders(String(decoding: held[..<end], as: UTF8.self))
                held.removeFirst(end + 4)
            case .preamble, .otherPart, .file:
                guard let start = Self.find(delimiter, in: held) else {
                    let sure = max(0, held.count - delimiter.count)
                    if state == .file { output += held[..<sure] }
                    held.removeFirst(sure)
                    return output
                }
                guard held.count >= start + delimiter.count + 2 else {
                    if state == .file { output += held[..<start] }
                    held.removeFirst(start)
                    return output
                }
                if state == .file {
                    output += held[..<start]
                    isComplete = true
                }
                let isLast = held[start + delimiter.count] == UInt8(ascii: "-")
                held.removeFirst(start + delimiter.count + (isLast ? 2 : 0))
                state = isLast || isComplete ? .done : .headers
            }
        }
    }

    private mutating func readHeaders(_ text: String) {
        state = .otherPart
        var type: String?
        for line in text.split(separator: "\r\n") {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "content-disposition":
                guard Upload.parameter("name", of: String(pair[1])) == "file" else { continue }
                name = Upload.parameter("filename", of: String(pair[1]))
                state = .file
            case "content-type": type = String(pair[1].drop { $0 == " " })
            default: break
            }
        }
        if state == .file { mimeType = type }
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count, let first = pattern.first else { return nil }
        for start in 0...(bytes.count - pattern.count)
        where bytes[start] == first && bytes[start..<start + pattern.count].elementsEqual(pattern) {
            return start
        }
        return nil
    }
}
