import HTTPValues
import Testing

struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::8:800:200c:417a",
        "fe80::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "2001:0:0:1::1", "64:ff9b::102:304",
    ])
    func `reads and writes the usual form`(text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test(arguments: [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::1.2.3.4", "::102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `reads other forms of sixteen bytes`(text: String, expected: String) {
        #expect(IPAddress(text)?.description == expected)
    }

    @Test(arguments: [
        "", "1", "127.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.",
        "1.2.3.-4", "+1.2.3.4", "2130706433", "017700000001", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1::2::3", "12345::", "g::", "::1%eth0", "[::1]", "1.2.3.4::", "::1.2.3.4:5", "::+1", "::-1",
        "1:2:3:4:5:6:7:8::",
    ])
    func `refuses everything else`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
        ("192.168.1.7", "192.168.1.7", true), ("192.168.1.7", "192.168.1.8", false), ("fc00::/7", "fdff::1", true),
        ("fc00::/7", "fe00::1", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::/0", "2001::1", true),
        ("64:ff9b::/96", "64:ff9b::1.2.3.4", true), ("64:ff9b::/96", "64:ff9b:0:0:0:1::", false),
        ("::1/128", "::1", true), ("::1/128", "::2", false),
    ])
    func `tells whether a network holds an address`(network: String, address: String, expected: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == expected)
    }

    @Test(arguments: ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8", "::/129", "10.0.0.0/8/8", "x/8"])
    func `refuses what is no network`(text: String) {
        #expect(IPNetwork(text) == nil)
    }
}
