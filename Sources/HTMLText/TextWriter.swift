/// Puts the text of a page together.
struct TextWriter {
    /// Elements of which nothing is seen.
    private static let hidden: Set<String> = [
        "script", "style", "title", "noscript", "template", "svg", "math", "select", "datalist", "object", "iframe",
        "audio", "video", "canvas",
    ]
    /// Elements that stand on lines of their own.
    private static let blocks: Set<String> = [
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div",
        "dl",
        "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "li", "main", "nav", "ol",
        "section",
        "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
    ]
    /// Elements with an empty line before and after.
    private static let paragraphs: Set<String> = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"]
    /// The deepest list that is indented further.
    private static let deepest = 20

    private let keepsLinks: Bool
    private var text = ""
    /// The line breaks to write before the next word.
    private var breaks = 0
    private var needsSpace = false
    /// What is written at the beginning of the next line.
    private var mark = ""
    private var hiddenName: String?
    private var hiddenDepth = 0
    private var literalDepth = 0
    /// The lists that are open: the number of the next item, or `nil` for one with dashes.
    private var lists: [Int?] = []
    private var links: [String] = []

    init(keepsLinks: Bool) { self.keepsLinks = keepsLinks }

    mutating func read(_ tag: TagReader.Tag) {
        if let hiddenName {
            // An element that is never closed hides no more than the block it stands in.
            if tag.isEnd, Self.blocks.contains(tag.name) || Self.paragraphs.contains(tag.name) {
                self.hiddenName = nil
                return read(tag)
            }
            guard tag.name == hiddenName, !tag.isEmpty else { return }
            hiddenDepth += tag.isEnd ? -1 : 1
            if hiddenDepth == 0 { self.hiddenName = nil }
            return
        }
        if Self.hidden.contains(tag.name) {
            guard !tag.isEnd, !tag.isEmpty else { return }
            hiddenName = tag.name
            hiddenDepth = 1
            return
        }
        if Self.paragraphs.contains(tag.name) { breaks = max(breaks, 2) }
        if Self.blocks.contains(tag.name) { breaks = max(breaks, 1) }
        switch tag.name {
        case "br": breaks += 1
        case "td", "th": if !tag.isEnd, breaks == 0 { write("\t") }
        case "pre": literalDepth = max(0, literalDepth + (tag.isEnd ? -1 : 1))
        case "ul", "ol": readList(tag)
        case "li": if !tag.isEnd { mark = nextMark() }
        case "img": if let name = tag.attributes["alt"] { add(name) }
        case "a" where keepsLinks: readLink(tag)
        default: break
        }
    }

    private mutating func readList(_ tag: TagReader.Tag) {
        if tag.isEnd {
            _ = lists.popLast()
        } else if lists.count < Self.deepest {
            lists.append(tag.name == "ol" ? Int(tag.attributes["start"] ?? "") ?? 1 : Int?.none)
        }
        if lists.isEmpty { breaks = max(breaks, 2) }
    }

    private mutating func nextMark() -> String {
        let indent = String(repeating: "  ", count: max(0, lists.count - 1))
        guard let number = lists.last ?? nil else { return indent + "- " }
        lists[lists.count - 1] = number &+ 1
        return indent + "\(number). "
    }

    private mutating func readLink(_ tag: TagReader.Tag) {
        if !tag.isEnd {
            if links.count < Self.deepest { links.append(tag.attributes["href"] ?? "") }
        } else if let link = links.popLast(), link.contains(":"), !link.lowercased().hasPrefix("javascript:") {
            needsSpace = true
            write("(\(link))")
        }
    }

    mutating func add(_ piece: String) {
        guard hiddenName == nil else { return }
        if literalDepth > 0 {
            for line in piece.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if line.offset > 0 { breaks += 1 }
                write(String(line.element))
            }
            return
        }
        var word = ""
        for scalar in piece.unicodeScalars {
            guard [" ", "\n", "\t", "\r", "\u{0C}"].contains(scalar) else {
                word.unicodeScalars.append(scalar == "\u{A0}" ? " " : scalar)
                continue
            }
            write(word)
            word = ""
            needsSpace = true
        }
        write(word)
    }

    private mutating func write(_ word: String) {
        guard !word.isEmpty else { return }
        if text.isEmpty {
            breaks = 0
        } else if breaks > 0 {
            text += String(repeating: "\n", count: min(2, breaks))
        } else if needsSpace, text.utf8.last != UInt8(ascii: "\t") {
            text += " "
        }
        text += mark + word
        (breaks, needsSpace, mark) = (0, false, "")
    }

    consuming func finish() -> String { text }
}
