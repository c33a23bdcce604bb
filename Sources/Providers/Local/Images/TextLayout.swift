/// A text broken into lines that fit into a rectangle, in the largest size that does.
struct TextLayout: Sendable, Hashable {
    /// The lines.
    let lines: [String]
    /// The size of the type in pixels.
    let size: Int
    /// The width of the longest line in pixels.
    let width: Int
    /// The height of all lines in pixels.
    let height: Int

    /// Breaks a text.
    ///
    /// - Parameters:
    ///   - text: The text; its line ends are kept.
    ///   - width: The width of the rectangle in pixels.
    ///   - height: The height of the rectangle in pixels.
    ///   - sizes: The sizes that may be used, in pixels; what does not fit in the smallest one is cut off with “…”.
    ///   - metrics: The measures of the typeface.
    init(_ text: String, width: Int, height: Int, sizes: ClosedRange<Int>, metrics: FontMetrics) {
        let paragraphs = Self.paragraphs(text)
        func lines(_ size: Int) -> [String]? {
            let most = max(1, Int(Double(height) / (Double(size) * metrics.lineHeight)))
            let lines = Self.broken(paragraphs, width: Double(width), size: Double(size), metrics, atMost: most + 1)
            return lines.count <= most ? lines : nil
        }
        var (low, high) = (sizes.lowerBound, sizes.upperBound)
        while low < high {
            let middle = (low + high + 1) / 2
            if lines(middle) == nil { high = middle - 1 } else { low = middle }
        }
        let fitting = lines(low)
        self.lines = fitting ?? Self.cut(paragraphs, width: width, height: height, size: low, metrics)
        size = low
        let widest = self.lines.map { metrics.width(of: $0, size: Double(low)) }.max() ?? 0
        self.width = Int(widest.rounded(.up))
        self.height = Int((Double(self.lines.count) * Double(low) * metrics.lineHeight).rounded(.up))
    }

    /// The words of each line of the text; characters that draw nothing become spaces.
    private static func paragraphs(_ text: String) -> [[Substring]] {
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        var paragraphs = lines.map { line in
            line.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control } }
        }
        while paragraphs.first?.isEmpty == true { paragraphs.removeFirst() }
        while paragraphs.last?.isEmpty == true { paragraphs.removeLast() }
        return paragraphs
    }

    private static func broken(
        _ paragraphs: [[Substring]],
        width: Double,
        size: Double,
        _ metrics: FontMetrics,
        atMost limit: Int
    ) -> [String] {
        var lines: [String] = []
        for words in paragraphs {
            var line = ""
            for word in words.lazy.flatMap({ pieces(of: $0, width: width, size: size, metrics) }) {
                let longer = line.isEmpty ? String(word) : "\(line) \(word)"
                if line.isEmpty || metrics.width(of: longer, size: size) <= width {
                    line = longer
                } else {
                    lines.append(line)
                    line = String(word)
                }
                if lines.count >= limit { return lines }
            }
            lines.append(line)
            if lines.count >= limit { return lines }
        }
        return lines
    }

    /// A word, or the pieces of one that is wider than a line.
    private static func pieces(
        of word: Substring,
        width: Double,
        size: Double,
        _ metrics: FontMetrics
    ) -> [Substring] {
        guard metrics.width(of: word, size: size) > width else { return [word] }
        var pieces: [Substring] = []
        var rest = word
        while !rest.isEmpty {
            var end = rest.index(after: rest.startIndex)
            while end < rest.endIndex,
                metrics.width(of: rest[..<rest.index(after: end)], size: size) <= width
            {
                end = rest.index(after: end)
            }
            pieces.append(rest[..<end])
            rest = rest[end...]
        }
        return pieces
    }

    private static func cut(
        _ paragraphs: [[Substring]],
        width: Int,
        height: Int,
        size: Int,
        _ metrics: FontMetrics
    ) -> [String] {
        let most = max(1, Int(Double(height) / (Double(size) * metrics.lineHeight)))
        let lines = broken(paragraphs, width: Double(width), size: Double(size), metrics, atMost: most + 1)
        var kept = Array(lines.prefix(most))
        guard var last = kept.popLast() else { return [] }
        while !last.isEmpty, metrics.width(of: last + "…", size: Double(size)) > Double(width) { last.removeLast() }
        return kept + [last + "…"]
    }
}
