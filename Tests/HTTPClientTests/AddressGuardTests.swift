import EventLoop
import HTTPClient
import HTTPValues
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9",
        "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
        "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1",
        "fc00::1", "fd00::1", "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "4000::1",
        "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.0.1",
    ])
    func `refuses every address that is not public`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressGuard.verdict(on: address) != .allowed)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "169.253.0.1",
        "172.15.255.255", "172.32.0.0", "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255",
        "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1", "2606:4700:4700::1111", "2a00:1450::1", "2001:4860::1",
        "2606:4700::5efe:1.1.1.1",
    ])
    func `lets public addresses pass`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressGuard.verdict(on: address) == .allowed)
    }

    @Test(arguments: [
        "", "localhost", "localhost:", "localhost:0", "localhost:99999", ":80", "a:80/x", "u@a:80", "a b:80",
    ])
    func `takes no list entry that is not HOST and PORT`(entry: String) {
        #expect(throws: HTTPClientError.self) { try AddressGuard(allowPrivate: [entry]) }
    }

    @Test
    func `knows what is listed by host and port`() throws {
        let listed = try AddressGuard(allowPrivate: ["LocalHost:8188", "[::1]:80", "10.0.0.5:443"])
        #expect(listed.isListed(try HTTPURL("http://localhost:8188/x")))
        #expect(listed.isListed(try HTTPURL("http://[0:0::1]/")))
        #expect(listed.isListed(try HTTPURL("https://10.0.0.5/")))
        #expect(!listed.isListed(try HTTPURL("http://localhost:8189/")))
        #expect(!listed.isListed(try HTTPURL("http://10.0.0.5/")))
    }

    @Test
    func `is asked about the address that a name really has`() async throws {
        let server = try ScriptedServer.answering { _ in answer("x") }
        try await withClient(of: server) { client in
            let url = server.url(host: "localhost")
            let error = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(method: .post, url: url))
            }
            #expect(caseName(error) == "refusedAddress")
            #expect(error?.mayHaveSent == false)
            let other = try HTTPURL("http://127.0.0.2:\(server.port)/")
            let second = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(url: other))
            }
            #expect(second == .refusedAddress(host: "127.0.0.2", .v4(0x7F00_0002), kind: "loopback"))
            #expect(server.connections == 0)
            #expect(try await client.send(OutgoingRequest(url: server.url())).status == 200)
        }
    }

    @Test
    func `lets a listed name pass`() async throws {
        let server = try ScriptedServer.answering { _ in answer("x") }
        try await withClient(of: server, listed: ["localhost:\(server.port)"]) { client in
            let request = OutgoingRequest(url: server.url(host: "localhost"))
            let successes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 { group.addTask { (try? await client.send(request).status) == 200 } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(successes == 100)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct OutgoingRedirectTests {
    @Test
    func `follows no redirect by itself but says where it leads`() async throws {
        let server = try ScriptedServer.answering { _ in answer("", status: 302, headers: "Location: ../b?c\r\n") }
        try await withClient(of: server) { client in
            let response = try await client.send(OutgoingRequest(url: server.url("/x/y/z")))
            #expect(response.status == 302)
            #expect(try response.head.location() == server.url("/x/b?c"))
            #expect(server.requests.count == 1)
        }
    }

    @Test
    func `follows redirects when asked, with the method they prescribe`() async throws {
        let server = try ScriptedServer.answering { request in
            switch request.target {
            case "/303": answer("", status: 303, headers: "Location: /end\r\n")
            case "/307": answer("", status: 307, headers: "Location: /end\r\n")
            case "/loop": answer("", status: 302, headers: "Location: /loop\r\n")
            default: answer("\(request.head.prefix(4)) \(request.body) \(request.has("authorization: key"))")
            }
        }
        try await withClient(of: server) { client in
            for (path, expected) in [("/303", "GET   true"), ("/307", "POST pay true")] {
                let request = OutgoingRequest(
                    method: .post,
                    url: server.url(path),
                    headers: ["authorization": "key"],
                    body: .bytes(Array("pay".utf8))
                )
                let response = try await client.send(request, followingRedirects: 3)
                #expect(String(decoding: response.body, as: UTF8.self) == expected)
                #expect(response.head.url == server.url("/end"))
            }
            let error = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(url: server.url("/loop")), followingRedirects: 3)
            }
            #expect(caseName(error) == "badRedirect")
            #expect(server.requests.count { $0.target == "/loop" } == 4)
        }
    }

    @Test
    func `takes keys to no other host and goes to no private one`() async throws {
        let other = try ScriptedServer.answering { answer("\($0.has("authorization: key")) \($0.has("accept: a/b"))") }
        let server = try ScriptedServer.answering { request in
            answer("", status: 302, headers: "Location: http://127.0.0.1:\(request.target.dropFirst())/\r\n")
        }
        try await withClient(of: server, listed: ["127.0.0.1:\(other.port)"]) { client in
            let headers: HTTPFields = ["authorization": "key", "accept": "a/b", "x-api-key": "key", "cookie": "key"]
            let request = OutgoingRequest(url: server.url("/\(other.port)"), headers: headers)
            let response = try await client.send(request, followingRedirects: 1)
            #expect(String(decoding: response.body, as: UTF8.self) == "false true")
            #expect(!other.requests[0].head.contains("key"))
            let refused = await failure { () throws(HTTPClientError) in
                try await client.send(OutgoingRequest(url: server.url("/1")), followingRedirects: 1)
            }
            #expect(refused == .refusedAddress(host: "127.0.0.1", .v4(0x7F00_0001), kind: "loopback"))
            let unwanted = await failure { () throws(HTTPClientError) in
                try await client.send(request, followingRedirects: 1, to: { $0.port == server.port })
            }
            #expect(caseName(unwanted) == "badRedirect")
        }
        other.stop()
    }
}
