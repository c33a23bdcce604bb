#if FUZZING
import HTTPServer

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Judges what libFuzzer makes up: it must not crash, nor be judged otherwise when it comes in two parts.
@_cdecl("LLVMFuzzerTestOneInput")
func judge(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let whole = ParserProbe.verdict(on: bytes)
    var parser = RequestHeadParser()
    do throws(HTTPRefusal) {
        let half = bytes.span.extracting(0..<bytes.count / 2)
        guard try parser.parse(half, limits: HTTPLimits()) == nil else { return 0 }
        let isHeadDone = try parser.parse(bytes.span, limits: HTTPLimits()) != nil
        precondition(isHeadDone || whole == "unfinished", "Cut in two the head is not finished.")
    } catch {
        precondition(whole.hasPrefix("refuse"), "Cut in two the head is refused.")
    }
    return 0
}

/// Runs libFuzzer.
///
///     swift build --product http-parser-probe --scratch-path .build/fuzzing \
///         -Xswiftc -sanitize=fuzzer -Xswiftc -DFUZZING -Xswiftc -use-ld=lld
///     .build/fuzzing/debug/http-parser-probe -max_len=2048 -max_total_time=600 CORPUS_FOLDER
@main
struct Main {
    static func main() {
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        _ = unsafe runFuzzer(&count, &arguments, judge)
    }
}
#else
/// Judges the requests on standard input, each a line of hexadecimal digits.
@main
struct Main {
    static func main() {
        while let line = readLine() {
            guard let bytes = ParserProbe.bytes(ofHexadecimal: line[...]) else { continue }
            print(ParserProbe.verdict(on: bytes))
        }
    }
}
#endif
