/// Our own documentation as HTML: headings, paragraphs, lists, tables, code and links.
///
/// Anything else shows as text.
struct MarkdownText {
    /// Whether the words in the first two cells of a row can be linked to, such as the codes of errors.
    var linksToCells = false

    /// The HTML of a page; every text in it is escaped.
    func html(_ markdown: String) -> String {
        var writer = Writer(linksToCells: linksToCells)
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) { writer.add(line) }
        writer.end()
        return writer.html
    }

    /// Takes the lines one after another.
    private struct Writer {
        private enum Block {
            case none
            case paragraph([Substring])
            case list([String])
            case table(hasHead: Bool)
            case code
            case comment
        }

        let linksToCells: Bool
        private(set) var html = ""
        private var block = Block.none
        private var anchors: Set<String> = []

        init(linksToCells: Bool) { self.linksToCells = linksToCells }

        mutating func add(_ line: Substring) {
            switch block {
            case .code:
                if line.hasPrefix("```") { end() } else { html += String(line).escapedForHTML + "\n" }
                return
            case .comment:
                if line.contains("-->") { block = .none }
                return
            default: break
            }
            if line.hasPrefix("```") {
                end()
                html += "<pre tabindex=\"0\"><code>"
                block = .code
            } else if line.hasPrefix("<!--") {
                end()
                if !line.contains("-->") { block = .comment }
            } else if line.hasPrefix("#") {
                end()
                heading(line)
            } else if line.hasPrefix("|") {
                row(line)
            } else if line.hasPrefix("- ") {
                item(line.dropFirst(2))
            } else if line.allSatisfy(\.isWhitespace) {
                end()
            } else {
                text(line)
            }
        }

        /// Ends what is open.
        mutating func end() {
            switch block {
            case .none, .comment: break
            case .paragraph(let lines): html += "<p>\(inline(lines.joined(separator: "\n")[...]))</p>\n"
            case .list(let items): html += "<ul>\(items.map { "<li>\(inline($0[...]))</li>" }.joined())</ul>\n"
            case .table: html += "</tbody></table></div>\n"
            case .code: html += "</code></pre>\n"
            }
            block = .none
        }

        private mutating func heading(_ line: Substring) {
            let level = line.prefix { $0 == "#" }.count
            let title = line.dropFirst(level).drop { $0 == " " }
            let name = title.lowercased().filter { $0.isLetter || $0.isNumber || " :_-".contains($0) }
            let id = anchor(String(name.map { $0 == " " ? "-" : $0 }))
            html += "<h\(level)\(id)>\(inline(title))</h\(level)>\n"
        }

        private mutating func text(_ line: Substring) {
            switch block {
            case .paragraph(let lines): block = .paragraph(lines + [line])
            case .list(var items):
                items[items.count - 1] += "\n\(line.drop { $0 == " " })"
                block = .list(items)
            default:
                end()
                block = .paragraph([line])
            }
        }

        private mutating func item(_ text: Substring) {
            if case .list(let items) = block {
                block = .list(items + [String(text)])
            } else {
                end()
                block = .list([String(text)])
            }
        }

        private mutating func row(_ line: Substring) {
            let cells = line.replacing("\\|", with: "\u{1}").split(separator: "|", omittingEmptySubsequences: false)
                .dropFirst().dropLast().map { cell in
                    String(cell).replacing("\u{1}", with: "|").drop { $0 == " " }
                }
            if case .table(let hasHead) = block {
                guard hasHead else {
                    // The line between the head and the rows.
                    block = .table(hasHead: true)
                    return
                }
                var texts: [String] = []
                for (place, cell) in cells.enumerated() {
                    texts.append("<td>\(inline(cell, withAnchors: linksToCells && place < 2))</td>")
                }
                html += "<tr>\(texts.joined())</tr>\n"
            } else {
                end()
                let head = cells.map { "<th scope=\"col\">\(inline($0))</th>" }.joined()
                html += "<div class=\"table\" tabindex=\"0\"><table><thead><tr>\(head)</tr></thead><tbody>\n"
                block = .table(hasHead: false)
            }
        }

        /// The attribute that makes something a target of links, the first time that its name occurs.
        private mutating func anchor(_ name: String) -> String {
            anchors.insert(name).inserted ? " id=\"\(name.escapedForHTML)\"" : ""
        }

        private mutating func inline(_ text: Substring, withAnchors: Bool = false) -> String {
            var html = ""
            let parts = text.split(separator: "`", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                if place % 2 == 0 {
                    html += Self.linked(part)
                } else {
                    let isWord = part.allSatisfy { $0.isLetter || $0 == "_" || $0 == "-" }
                    let id = withAnchors && isWord ? anchor(String(part)) : ""
                    html += "<code\(id)>\(String(part).escapedForHTML)</code>"
                }
            }
            return html
        }

        /// Text with links, such as `[api.md](api.md)`.
        private static func linked(_ text: Substring) -> String {
            var html = ""
            var rest = text
            while let link = rest.firstMatch(of: /\[([^\]]*)\]\(([^)\s]*)\)/) {
                html += String(rest[..<link.range.lowerBound]).escapedForHTML
                let title = String(link.1).escapedForHTML
                if let target = target(link.2) {
                    html += "<a href=\"\(target.escapedForHTML)\">\(title)</a>"
                } else {
                    html += title
                }
                rest = rest[link.range.upperBound...]
            }
            return html + String(rest).escapedForHTML
        }

        /// Where a link leads: to another page of the server, or to the web.
        private static func target(_ link: Substring) -> String? {
            let pages = ["api.md": "/docs/api", "errors.md": "/docs/errors", "nodes.md": "/docs/nodes"]
            if link.hasPrefix("https://") || link.hasPrefix("#") { return String(link) }
            let parts = link.split(separator: "#", maxSplits: 1)
            guard let page = parts.first.flatMap({ pages[String($0)] }) else {
                return link == "expressions.md" ? "/docs/expressions" : nil
            }
            return parts.count > 1 ? "\(page)#\(parts[1])" : page
        }
    }
}
