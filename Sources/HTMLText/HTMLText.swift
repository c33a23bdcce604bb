/// The text of HTML as a person reads it: blocks on lines of their own, list items with a dash, cells apart.
///
/// Only tags and characters are read, no tree is made, so that the time is linear in the length whatever is broken.
/// Scripts, styles and what else nobody sees are left out.
public struct HTMLText: Sendable {
    /// The text.
    public let text: String

    /// Reads HTML.
    ///
    /// - Parameters:
    ///   - html: A page or a part of one.
    ///   - keepsLinks: Whether the address of a link stands behind its text in parentheses.
    public init(_ html: String, keepsLinks: Bool = false) {
        var reader = TagReader(Array(html.utf8))
        var writer = TextWriter(keepsLinks: keepsLinks)
        while let piece = reader.next() {
            switch piece {
            case .text(let text): writer.add(text)
            case .tag(let tag):
                writer.read(tag)
                // What these hold is no HTML until they end.
                if !tag.isEnd, ["script", "style", "textarea", "title", "noscript", "iframe"].contains(tag.name) {
                    let raw = reader.skip(to: tag.name)
                    if tag.name == "textarea" { writer.add(raw) }
                }
            }
        }
        text = writer.finish()
    }
}
