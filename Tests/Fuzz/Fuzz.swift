import Glibc

/// The reader that is fuzzed, named by `MILLRACE_READER`.
private let reader: Reader = {
    guard let name = unsafe getenv("MILLRACE_READER").map({ unsafe String(cString: $0) }),
        let reader = Reader(rawValue: name)
    else { preconditionFailure("MILLRACE_READER must be one of \(Reader.allCases.map(\.rawValue))") }
    return reader
}()

/// What the fuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.read(unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

// MARK: Starting libFuzzer

private typealias Target = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ target: Target
) -> CInt

/// The entry point that the linker calls `main`.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = unsafe (count, arguments)
    return unsafe runDriver(&count, &arguments, fuzzOneInput)
}
