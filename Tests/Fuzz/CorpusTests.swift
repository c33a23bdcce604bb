import Foundation
import Testing

/// Reads again what the fuzzer found worth keeping: one input a line, in base 64.
struct CorpusTests {
    @Test(arguments: Reader.allCases)
    func `every input of the corpus is read to its end`(reader: Reader) throws {
        let corpus = try String(contentsOfFile: "Tests/Fuzz/corpus/\(reader.rawValue).txt", encoding: .utf8)
        let inputs = corpus.split(separator: "\n").compactMap { Data(base64Encoded: String($0)) }
        #expect(inputs.count > 20)
        for input in inputs { reader.read([UInt8](input)) }
    }
}
