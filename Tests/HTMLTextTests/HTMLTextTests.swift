import HTMLText
import TestSupport
import Testing

struct HTMLTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("a  b\n c", "a b c"), ("<p>a<p>b", "a\n\nb"), ("a<br>b<BR/>c", "a\nb\nc"),
        ("<div>a</div><div>b</div>", "a\nb"), ("<h1>T</h1>x", "T\n\nx"), ("a<b>b</b>c", "abc"),
        ("<script>if (a < b) { '<p>' }</script>x", "x"), ("<style>p{}</style >x", "x"), ("<!-- <p>a --> b", "b"),
        ("<!DOCTYPE html><html><head><title>T</title></head><body>x", "x"), ("<svg><text>a</text></svg>b", "b"),
        ("&lt;p&gt; &amp;amp; &eacute; &#65;&#x42; &nope; &copy", "<p> &amp; é AB &nope; ©"),
        ("&#0;&#xD800;&#99999999;", "\u{FFFD}\u{FFFD}\u{FFFD}"), ("a&nbsp;&nbsp;b", "a  b"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"), ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><th>d</table>", "a\tb\nc\td"),
        ("<pre>a  b\n  c</pre>d", "a  b\n  c\n\nd"), ("<img src=x alt='A cat'>", "A cat"), ("1 < 2 > 0", "1 < 2 > 0"),
        ("a <", "a <"), ("<a href=\"<p>\">x</a>", "x"), ("<textarea><b>x</b>&amp;</textarea>", "<b>x</b>&"),
        ("<p>a</p><svg/><p>b</p>", "a\n\nb"), ("<p>a<svg><path d='x'/></svg>b", "ab"),
        ("<div>a<svg><text>x</div><div>b", "a\nb"), ("<br/>a<img alt='x'/>", "ax"), ("", ""),
        ("<p", ""), ("<p a='", ""), ("</", "</"), ("<!", ""), ("<script>", ""),
    ])
    func `reads what a person would`(html: String, text: String) {
        #expect(HTMLText(html).text == text)
    }

    @Test(arguments: [
        ("<a href='https://x.example/'>x</a>.", "x (https://x.example/)."), ("<a href='#top'>x</a>", "x"),
        ("<a href='javascript:alert(1)'>x</a>", "x"), ("<a>x</a></a>", "x"),
    ])
    func `keeps the addresses of links where that is wanted`(html: String, text: String) {
        #expect(HTMLText(html, keepsLinks: true).text == text)
    }

    @Test func `no damage makes it fail`() {
        var random = SplitMix64(seed: 11)
        let seed = Array(
            "<div a='b' c=\"d\"><p>x &amp; y<ul><li>é</ul><!-- c --><script>a</script><pre> q\n</pre>".utf8
        )
        for _ in 0..<5_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(place + 5, bytes.count))
                default: bytes += bytes[place...]
                }
            }
            let text = HTMLText(String(decoding: bytes, as: UTF8.self), keepsLinks: true).text
            #expect(text.utf8.count <= bytes.count * 4 + 100)
        }
    }
}
