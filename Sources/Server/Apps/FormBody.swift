import HTTPServer
import Values

/// The fields and files of a form that a browser has sent, all in memory; the body is bounded before.
struct FormBody {
    /// A file that was chosen.
    struct File {
        let name: String
        let fileName: String
        let mimeType: String?
        let bytes: [UInt8]
    }

    private(set) var texts: [(name: String, value: String)] = []
    private(set) var files: [File] = []

    /// Reads such a body.
    ///
    /// - Throws: ``APIError`` when it is no form, or has more than 100 fields.
    init(_ bytes: [UInt8], contentType: String) throws(APIError) {
        guard contentType.lowercased().hasPrefix("multipart/form-data") else {
            guard let items = PercentCoding.items(String(decoding: bytes, as: UTF8.self)[...]) else {
                throw APIError(.badRequest, "The form holds a broken escape, or too many fields.")
            }
            texts = items
            return
        }
        guard let boundary = Upload.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count)
        else {
            throw APIError(.badRequest, "The multipart body has no boundary.")
        }
        try read(bytes, Array("--\(boundary)".utf8))
    }

    /// The value of a text field.
    subscript(name: String) -> String? { texts.last { $0.name == name }?.value }

    private mutating func read(_ bytes: [UInt8], _ mark: [UInt8]) throws(APIError) {
        let broken = APIError(.badRequest, "The multipart body is not complete.")
        guard var place = Self.find(mark, in: bytes, from: 0).map({ $0 + mark.count }) else { throw broken }
        let end = Array("\r\n".utf8) + mark
        while !(bytes.dropFirst(place).starts(with: "--".utf8)) {
            guard bytes.dropFirst(place).starts(with: "\r\n".utf8),
                let body = Self.find(Array("\r\n\r\n".utf8), in: bytes, from: place),
                let next = Self.find(end, in: bytes, from: body + 2), texts.count + files.count < 100
            else { throw broken }
            let start = min(body + 4, next)
            add(String(decoding: bytes[place..<body], as: UTF8.self), Array(bytes[start..<next]))
            place = next + end.count
        }
    }

    private mutating func add(_ head: String, _ bytes: [UInt8]) {
        var disposition = ""
        var type: String?
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = String(parts[1].drop { $0 == " " })
            switch parts[0].lowercased() {
            case "content-disposition": disposition = value
            case "content-type": type = value
            default: break
            }
        }
        guard let name = Upload.parameter("name", of: disposition) else { return }
        if let file = Upload.parameter("filename", of: disposition) {
            // A file that was not chosen comes empty.
            if !bytes.isEmpty { files.append(File(name: name, fileName: file, mimeType: type, bytes: bytes)) }
        } else {
            texts.append((name, String(decoding: bytes, as: UTF8.self)))
        }
    }

    private static func find(_ text: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = text.first, bytes.count >= text.count else { return nil }
        var place = start
        while place <= bytes.count - text.count {
            if bytes[place] == first, bytes[place..<place + text.count].elementsEqual(text) { return place }
            place += 1
        }
        return nil
    }
}
