import Values

/// The body of a form with files (RFC 7578).
struct MultipartBody {
    /// What stands between the parts.
    let boundary: String
    private(set) var bytes: [UInt8] = []

    /// A body without a part; the boundary must not occur in what is added.
    init(boundary: String) {
        self.boundary = boundary
    }

    /// The value of the header `content-type`.
    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a field with a text.
    mutating func add(_ name: String, text: String) {
        begin("name=\"\(Self.quoted(name))\"")
        bytes += Array("\r\n\(text)\r\n".utf8)
    }

    /// Adds a file.
    mutating func add(_ name: String, file: [UInt8], named fileName: String, mimeType: String) {
        begin("name=\"\(Self.quoted(name))\"; filename=\"\(Self.quoted(fileName))\"")
        bytes += Array("Content-Type: \(mimeType)\r\n\r\n".utf8) + file + Array("\r\n".utf8)
    }

    /// Ends the body.
    mutating func end() { bytes += Array("--\(boundary)--\r\n".utf8) }

    private mutating func begin(_ disposition: String) {
        bytes += Array("--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\n".utf8)
    }

    /// As browsers do it: what would end the text or the line is escaped.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "%22"
            case "\r": "%0D"
            case "\n": "%0A"
            default: String(scalar)
            }
        }
        .joined()
    }
}
