private import CCurl
internal import EventLoop
internal import HTTPValues

/// Tells libcurl what to do for a call.
enum RequestOptions {
    /// The fields that only libcurl or the connection may decide about.
    private static let reserved: [HTTPFieldName] = [
        "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    static func apply(_ transfer: Transfer, limits: OutgoingLimits, to handle: EasyHandle) {
        let request = transfer.request
        let easy = unsafe handle.pointer
        unsafe curl_easy_reset(easy)
        applySafety(limits, to: handle)
        unsafe curl_set_string(easy, CURLOPT_URL, request.url.description)
        unsafe curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTime))
        if let total = request.totalTime { unsafe curl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds(total)) }
        if request.needsFreshConnection { unsafe curl_set_long(easy, CURLOPT_FRESH_CONNECT, 1) }
        if request.url.scheme == .https {
            unsafe curl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Calls to a server whose abilities are not known yet wait for the first connection to find out.
            unsafe curl_set_long(easy, CURLOPT_PIPEWAIT, 1)
        } else {
            unsafe curl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
        applyMethod(request, to: handle)
        applyHeaders(request, to: handle)
        // Every call that waits has its buffer already.
        let bufferBytes = if case .pieces(let bound) = transfer.delivery { bound / 2 } else { 4 * 1024 }
        unsafe curl_set_long(easy, CURLOPT_BUFFERSIZE, bufferBytes)
        unsafe curl_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, transfer.upload.path == nil ? 16 * 1024 : 64 * 1024)
    }

    private static func applySafety(_ limits: OutgoingLimits, to handle: EasyHandle) {
        let easy = unsafe handle.pointer
        unsafe curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        unsafe curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        unsafe curl_set_long(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        unsafe curl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        unsafe curl_set_string(easy, CURLOPT_PROXY, "")
        unsafe curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
        unsafe curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
        unsafe curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        unsafe curl_set_long(easy, CURLOPT_HTTP09_ALLOWED, 0)
        unsafe curl_set_long(easy, CURLOPT_MAXAGE_CONN, max(1, milliseconds(limits.idleTime) / 1000))
    }

    private static func applyMethod(_ request: OutgoingRequest, to handle: EasyHandle) {
        let easy = unsafe handle.pointer
        let method = request.method
        let length = request.body.length
        if length == 0, ![.post, .put, .patch].contains(method) {
            if method == .head { unsafe curl_set_long(easy, CURLOPT_NOBODY, 1) }
            if method != .head, method != .get { unsafe curl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue) }
            return
        }
        unsafe curl_set_long(easy, CURLOPT_POST, 1)
        unsafe curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(length))
        if method != .post { unsafe curl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue) }
        // A short body is copied and sent with the head in one packet; others are asked for piece by piece.
        guard case .file = request.body else {
            guard length <= 64 * 1024 else { return }
            guard case .bytes(let bytes) = request.body, length > 0 else {
                unsafe curl_set_string(easy, CURLOPT_COPYPOSTFIELDS, "")
                return
            }
            unsafe bytes.withUnsafeBytes { buffer in
                let start = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress)
                if let start = unsafe start { unsafe curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start) }
            }
            return
        }
    }

    private static func applyHeaders(_ request: OutgoingRequest, to handle: EasyHandle) {
        var lines: [String] = []
        for (name, value) in request.headers where !reserved.contains(where: { $0.text == name }) {
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        // Without these libcurl would announce a form's type, and wait for a word before it sends a long body.
        if !request.headers.contains("content-type") { lines.append("content-type:") }
        if request.body.length > 0 { lines.append("expect:") }
        handle.set(headers: lines)
    }

    static func milliseconds(_ duration: Duration) -> Int {
        max(1, Int(clamping: duration.wholeNanoseconds / 1_000_000))
    }
}
