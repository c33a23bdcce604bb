internal import HTTPValues

extension HTTPWorker {
    /// Writes the status line and the handler's fields.
    func beginHead(of response: HTTPResponse) {
        date.update()
        append("HTTP/1.1 ")
        append(number: response.status)
        output.append(0x20)
        append(StatusReason.text(response.status))
        append("\r\n")
        response.headers.write(to: &output, without: Self.ownFields)
        output.append(contentsOf: date.line)
    }

    /// Writes how the body ends and the head's end.
    func endHead(_ framing: AnswerFraming, closes: Bool) {
        switch framing {
        case .length(let length):
            append("content-length: ")
            append(number: length)
            append("\r\n")
        case .chunked:
            append("transfer-encoding: chunked\r\n")
        case .none, .close:
            break
        }
        append(closes ? "connection: close\r\n\r\n" : "\r\n")
    }

    func bodyLength(of response: HTTPResponse) -> Int {
        if case .bytes(let bytes) = response.body { bytes.count } else { 0 }
    }

    /// The fields that the server alone writes.
    private static let ownFields: [HTTPFieldName] = ["connection", "content-length", "date", "transfer-encoding"]

    private func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe output.append(contentsOf: $0) }
    }

    private func append(number: Int) {
        let start = output.count
        var rest = number
        repeat {
            output.append(UInt8(truncatingIfNeeded: 0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        output[start...].reverse()
    }
}
