private import CCurl
internal import HTTPValues

extension Transfer {
    /// Whether libcurl has handed any byte of the request to the connection.
    var hasSentBytes: Bool {
        guard let easy = unsafe handle?.pointer else { return hadSentBytes }
        return unsafe timesBegun > 0 && curl_get_long(easy, CURLINFO_REQUEST_SIZE) > 0
            || curl_get_size(easy, CURLINFO_SIZE_UPLOAD_T) > 0
    }

    /// The bytes of both bodies that have moved.
    var bytesMoved: Int {
        guard let easy = unsafe handle?.pointer else { return 0 }
        return unsafe Int(curl_get_size(easy, CURLINFO_SIZE_UPLOAD_T) + curl_get_size(easy, CURLINFO_SIZE_DOWNLOAD_T))
    }

    /// Whether the whole request is sent, so that it is the other side's turn.
    var hasSentBody: Bool {
        guard timesBegun > 0, let easy = unsafe handle?.pointer else { return false }
        return unsafe curl_get_size(easy, CURLINFO_SIZE_UPLOAD_T) >= curl_off_t(request.body.length)
    }

    /// Notes how the call went.
    func collectFacts() {
        hadSentBytes = hasSentBytes
        guard let easy = unsafe handle?.pointer else { return }
        let address = unsafe text(easy, CURLINFO_PRIMARY_IP).flatMap { IPAddress($0) }
        let port = unsafe curl_get_long(easy, CURLINFO_PRIMARY_PORT)
        facts.address = address.map { SocketAddress(ip: $0, port: UInt16(clamping: port)) }
        facts.reusedConnection = unsafe timesBegun > 0 && curl_get_long(easy, CURLINFO_NUM_CONNECTS) == 0
        facts.version =
            switch unsafe curl_get_long(easy, CURLINFO_HTTP_VERSION) {
            case Int(CURL_HTTP_VERSION_1_0): 10
            case Int(CURL_HTTP_VERSION_2_0): 20
            default: 11
            }
        facts.bytesSent = unsafe curl_get_long(easy, CURLINFO_REQUEST_SIZE)
        facts.bytesReceived = unsafe Int(curl_get_size(easy, CURLINFO_SIZE_DOWNLOAD_T))
        facts.nameTime = unsafe microseconds(easy, CURLINFO_NAMELOOKUP_TIME_T)
        facts.connectTime = unsafe microseconds(easy, CURLINFO_PRETRANSFER_TIME_T)
        facts.firstByteTime = unsafe microseconds(easy, CURLINFO_STARTTRANSFER_TIME_T)
        facts.totalTime = unsafe microseconds(easy, CURLINFO_TOTAL_TIME_T)
    }

    /// What a code of libcurl means for the caller; `nil` when all went well.
    func error(for code: UInt32) -> HTTPClientError? {
        // A refusal while a paused transfer is resumed is not in its code.
        if let failure { return failure }
        let code = CURLcode(rawValue: code)
        if code == CURLE_OK { return head.isComplete ? nil : .connectionLost(sentBytes: hasSentBytes) }
        if code == CURLE_OPERATION_TIMEDOUT { return .timedOut(sentBytes: hasSentBytes) }
        if timesBegun > 0 {
            return switch code {
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING,
                CURLE_HTTP2:
                .badResponse(reason(code))
            default: .connectionLost(sentBytes: hasSentBytes)
            }
        }
        if let (address, kind) = refusal { return .refusedAddress(host: request.url.host, address, kind: kind) }
        return switch code {
        case CURLE_URL_MALFORMAT: .badURL(reason(code))
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls("\(request.url.hostAndPort): \(reason(code))")
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: .unavailable("libcurl: \(reason(code)).")
        default: .couldNotConnect("\(request.url.hostAndPort): \(reason(code))")
        }
    }

    private func reason(_ code: CURLcode) -> String {
        unsafe String(cString: curl_easy_strerror(code))
    }

    private func text(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> String? {
        guard let text = unsafe curl_get_string(easy, info) else { return nil }
        return unsafe String(cString: text)
    }

    private func microseconds(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> Duration {
        .microseconds(unsafe Int64(curl_get_size(easy, info)))
    }
}
