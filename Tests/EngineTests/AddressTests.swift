import Engine
import Testing

/// The text forms of contract §8.
struct AddressTests {
    @Test(arguments: [
        ("hero", "hero"), ("hero[1,2]", "hero"), ("loop#3/hero[1]", "hero"), ("~2/loop[4]#3/hero", "hero"),
        ("loop#1/a%2Fb[0]", "a/b"), ("a%5Bb", "a[b"),
    ])
    func `the text form names its node`(text: String, node: String) {
        #expect(Address.nodeID(ofText: text) == node)
    }
}
