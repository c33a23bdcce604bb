import Catalog
import Engine
import Values

extension ToolCall {
    /// Reads the text in a picture, word by word.
    func readText() async throws(NodeError) -> [String: Value] {
        let image = try await image("image")
        // The modes of tesseract by what the picture holds.
        let layouts = ["auto": "3", "block": "6", "line": "7", "word": "8", "sparse": "11"]
        let layout = try settings.word("layout", ["auto", "block", "line", "word", "sparse"])
        let language = settings.text("language") ?? "eng"
        guard (3...40).contains(language.utf8.count),
            language.allSatisfy({ $0.isASCII && ($0.isLetter || "_+".contains($0)) })
        else { throw settings.error("language", "must be the code of a language such as eng, or several joined by +") }
        try await run(
            .convert,
            image.reading + ["-background", "white", "-alpha", "remove", "-strip", "-depth", "8", "png:page.png"]
        )
        do {
            try await run(
                .tesseract,
                ["page.png", "words", "-l", language, "--psm", layouts[layout] ?? "3", "txt", "tsv"]
            )
        } catch let error where error.message.contains("traineddata") {
            throw NodeError(
                .notFound,
                "This server cannot read the language \(language). Install it with: sudo apt-get install "
                    + language.split(separator: "+").map { "tesseract-ocr-\($0.replacing("_", with: "-"))" }
                    .joined(separator: " ")
            )
        }
        let text = String(decoding: try await read("words.txt", atMost: 8 << 20), as: UTF8.self)
        let table = String(decoding: try await read("words.tsv", atMost: 32 << 20), as: UTF8.self)
        return ["text": .text(Self.trimmed(text)), "words": .json(.array(Self.words(table)))]
    }

    /// The words of tesseract's table: each with its rectangle in pixels and its confidence from 0 to 1.
    private static func words(_ table: String) -> [JSON] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count >= 12, fields[0] == "5", let confidence = Double(fields[10]), confidence >= 0,
                !fields[11].allSatisfy(\.isWhitespace)
            else { return nil }
            let numbers = fields[1..<10].map { Int64($0) ?? 0 }
            return [
                "text": .string(String(fields[11])),
                "confidence": .double((confidence * 10).rounded() / 1000),
                "x": .int(numbers[5]), "y": .int(numbers[6]), "width": .int(numbers[7]), "height": .int(numbers[8]),
                "block": .int(numbers[1]), "paragraph": .int(numbers[2]), "line": .int(numbers[3]),
                "word": .int(numbers[4]),
            ]
        }
    }

    /// Without the form feed that ends a page, and without spaces before and after.
    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let last = text.last, last.isWhitespace || last == "\u{0C}" { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
