private import CCurl
private import CEventLoop
internal import EventLoop
internal import HTTPValues

/// Connects a handle with its transfer: everything libcurl reports comes in here.
enum Callbacks {
    static func install(on handle: EasyHandle, _ transfer: Transfer, _ multi: MultiHandle) {
        let easy = unsafe handle.pointer
        let this = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        for option in [
            CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA,
            CURLOPT_PREREQDATA,
        ] { unsafe curl_set_pointer(easy, option, this) }
        unsafe curl_set_transfer(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, this in
            guard let transfer = unsafe Callbacks.transfer(this) else { return 0 }
            return unsafe transfer.bodyArrived(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe curl_set_transfer(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, this in
            guard let transfer = unsafe Callbacks.transfer(this) else { return 0 }
            return unsafe transfer.headLineArrived(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe curl_set_transfer(easy, CURLOPT_READFUNCTION) { bytes, size, count, this in
            guard let transfer = unsafe Callbacks.transfer(this) else { return 0 }
            return unsafe transfer.bodyWanted(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe curl_set_seek(easy) { this, offset, _ in
            guard let transfer = unsafe Callbacks.transfer(this), offset == 0, transfer.upload.rewind() else {
                return CURL_SEEKFUNC_FAIL
            }
            return CURL_SEEKFUNC_OK
        }
        unsafe curl_set_before_request(easy) { this, _, _, _, _ in
            guard let transfer = unsafe Callbacks.transfer(this) else { return CURL_PREREQFUNC_ABORT }
            return transfer.requestBegins() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        unsafe curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, this)
        unsafe curl_set_open_socket(easy) { this, _, address in
            guard let transfer = unsafe Callbacks.transfer(this), let address = unsafe address else {
                return curl_no_socket
            }
            return unsafe transfer.openSocket(address)
        }
        // A connection outlives its transfer, so its closing is told to the set of transfers.
        let set = unsafe Unmanaged.passUnretained(multi).toOpaque()
        unsafe curl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, set)
        unsafe curl_set_close_socket(easy) { set, descriptor in
            guard let set = unsafe set else { return 1 }
            unsafe Unmanaged<MultiHandle>.fromOpaque(set).takeUnretainedValue().close(descriptor)
            return 0
        }
    }

    private static func transfer(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue()
    }
}

extension Transfer {
    fileprivate func headLineArrived(_ line: UnsafeRawBufferPointer) -> Int {
        guard unsafe head.add(line, limit: maximumHeadBytes) else {
            failure = .badResponse("its head is too large or not formed as it must be")
            return 0
        }
        if head.isComplete {
            headDeadline = .max
            if case .pieces = delivery { wake() }
        }
        return line.count
    }

    fileprivate func bodyArrived(_ bytes: UnsafeRawBufferPointer) -> Int {
        if case .pieces(let bound) = delivery, body.count >= bound {
            isPausedForReader = true
            return curl_pause_writing
        }
        bodyBytes += bytes.count
        guard bodyBytes <= request.maximumResponseBytes else {
            failure = .tooLarge(limit: request.maximumResponseBytes)
            return 0
        }
        unsafe body.append(contentsOf: bytes)
        if case .pieces = delivery { wake() }
        return bytes.count
    }

    fileprivate func bodyWanted(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        if upload.mustWait {
            isPausedForFile = true
            wake()
            return curl_pause_reading
        }
        return unsafe upload.read(into: buffer)
    }

    /// Notes that the request goes out; `false` when it must not go out again.
    fileprivate func requestBegins() -> Bool {
        timesBegun += 1
        noteName()
        if let mayBegin = request.mayBegin, !mayBegin() {
            failure = .withdrawn(sentBytes: hasSentBytes)
            return false
        }
        guard timesBegun > 1, !request.method.isIdempotent else { return true }
        // libcurl found an idle connection dead and would send the request a second time. If any byte of it went out
        // the other side may have acted on it.
        return !hasSentBytes
    }

    /// A connection, or an attempt to open one, means that the name is known.
    private func noteName() {
        guard looksUpName, !hasFoundName else { return }
        hasFoundName = true
        multi.foundNames.append(self)
    }

    fileprivate func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let raw = unsafe eventloop_read_address(curl_socket_address(address))
        let bytes = unsafe withUnsafeBytes(of: raw.ip) { unsafe Array($0.prefix(Int(raw.length))) }
        let ip: IPAddress? =
            switch bytes.count {
            case 4: .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
            case 16: IPAddress(v6: bytes)
            default: nil
            }
        guard let ip else { return curl_no_socket }
        noteName()
        if !mayBePrivate, case .refused(let kind) = AddressGuard.verdict(on: ip) {
            refusal = (ip, kind)
            return curl_no_socket
        }
        let descriptor = unsafe curl_make_socket(address)
        if descriptor >= 0 { multi.opened(descriptor) }
        return descriptor
    }
}
