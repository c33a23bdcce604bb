import Values

/// The parts of a form in its multipart form (RFC 7578).
struct MultipartForm {
    /// One field.
    struct Part: Equatable {
        var name: String
        /// The name of the file, where it is one.
        var fileName: String?
        var mimeType: String?
        var bytes: [UInt8]
    }

    /// The most fields of a form.
    static let mostParts = 100
    private static let longestHeader = 16 << 10

    let parts: [Part]

    /// Reads a whole body.
    ///
    /// - Throws: ``APIError`` when it is no form, or has too many fields.
    init(_ body: [UInt8], contentType: String) throws(APIError) {
        guard let boundary = Upload.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count)
        else {
            throw Self.broken("has no boundary")
        }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first one may stand at the very beginning.
        let bytes = Array("\r\n".utf8) + body
        guard var place = Self.find(delimiter, in: bytes[...]) else { throw Self.broken("has no parts") }
        var parts: [Part] = []
        while true {
            place += delimiter.count
            if bytes[place...].starts(with: "--".utf8) { break }
            // Spaces may follow a boundary.
            while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
            guard bytes[place...].starts(with: "\r\n".utf8) else { throw Self.broken("breaks off after a boundary") }
            // A part without headers begins with an empty line.
            guard let end = Self.find(Array("\r\n\r\n".utf8), in: bytes[place...].prefix(Self.longestHeader)),
                let next = Self.find(delimiter, in: bytes[(end + 2)...])
            else { throw Self.broken("breaks off in a part") }
            let header = place + 2 <= end ? String(validating: bytes[(place + 2)..<end], as: UTF8.self) : ""
            guard let header else { throw Self.broken("has a header that is no UTF-8") }
            guard var part = Self.part(header) else { throw Self.broken("has a part without a name") }
            part.bytes = next >= end + 4 ? Array(bytes[(end + 4)..<next]) : []
            parts.append(part)
            guard parts.count <= Self.mostParts else { throw Self.broken("has more than \(Self.mostParts) parts") }
            place = next
        }
        self.parts = parts
    }

    private static func part(_ header: String) -> Part? {
        var part: Part?
        var type: String?
        for line in header.split(separator: "\r\n") {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let value = String(pair[1].drop { $0 == " " })
            switch pair[0].lowercased() {
            case "content-disposition":
                guard value.lowercased().hasPrefix("form-data"), let name = Upload.parameter("name", of: value),
                    name.utf8.count <= 500
                else { return nil }
                let file = Upload.parameter("filename", of: value).map { String($0.prefix(255)) }
                part = Part(name: name, fileName: file, mimeType: nil, bytes: [])
            case "content-type": type = value
            default: break
            }
        }
        part?.mimeType = type
        return part
    }

    private static func broken(_ reason: String) -> APIError { APIError(.badRequest, "The multipart body \(reason).") }

    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= pattern.count, let first = pattern.first else { return nil }
        var place = bytes.startIndex
        while let start = bytes[place...].firstIndex(of: first), start <= bytes.endIndex - pattern.count {
            if bytes[start..<start + pattern.count].elementsEqual(pattern) { return start }
            place = start + 1
        }
        return nil
    }
}
