private import CCurl

/// One of libcurl's transfer handles with the header lines that libcurl reads until the call is over.
///
/// It is lent to one transfer after the other.
@safe
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private var lines: UnsafeMutablePointer<curl_slist>?

    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
    }

    /// Gives the handle header lines in place of those it had.
    func set(headers: [String]) {
        unsafe curl_set_pointer(pointer, CURLOPT_HTTPHEADER, nil)
        unsafe curl_slist_free_all(lines)
        unsafe lines = nil
        for line in headers {
            if let longer = unsafe curl_slist_append(lines, line) { unsafe lines = longer }
        }
        unsafe curl_set_pointer(pointer, CURLOPT_HTTPHEADER, lines)
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(lines)
    }
}
