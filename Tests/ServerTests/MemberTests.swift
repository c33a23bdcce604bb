import HTTPValues
import Testing
import Values

/// Members of an account, what their roles allow, and invitations.
@Suite(.timeLimit(.minutes(5)))
struct MemberTests {
    @Test(arguments: DatabaseKind.available)
    func `an invitation is used once, and its person can do what the role says`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let ada = try await bench.setUp()
        let invitation = try await ada.ask(
            .post,
            "/account/invitations",
            ["email": "Bob@example.com", "role": "viewer"]
        )
        let url = try #require(invitation.json["url"]?.string)
        let token = String(try #require(url.split(separator: "=").last))
        #expect(try await ada.ask(.get, "/account/invitations").json["data"]?.array?.count == 1)
        let body: JSON = ["token": .string(token), "name": "Bob", "password": .string(ServerBench.password)]
        let bob = try bench.browser(try await bench.ask(.post, "/account/invitations/accept", body))
        #expect(try await bench.ask(.post, "/account/invitations/accept", body).code == "invalid_access_token")
        #expect(try await ada.ask(.get, "/account/invitations").json["data"]?.array?.isEmpty == true)
        #expect(try await bob.ask(.get, "/workflows").status == 200)
        let refused = try await bob.ask(.post, "/workflows", ["name": "x", "nodes": [], "edges": []])
        #expect(refused.status == 403 && refused.json["requiredScope"] == "workflows:write")
        let members = try await bob.ask(.get, "/account/members")
        #expect(members.json["data"]?.array?.map { $0["email"]?.string } == ["bob@example.com", "ada@example.com"])
        #expect(try await bench.signIn("bob@example.com").status == 200)
        let again = try await ada.ask(.post, "/account/invitations", ["email": "bob@example.com", "role": "viewer"])
        #expect(again.status == 409 && again.code == "already_member")
    }

    @Test func `a role that is changed holds at once`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        let bob = try await bench.join("bob@example.com", as: "viewer", by: ada)
        let graph: JSON = ["name": "x", "nodes": [["id": "a", "data": ["nodeType": "input:text"]]], "edges": []]
        #expect(try await bob.ask(.post, "/workflows", graph).status == 403)
        let changed = try await ada.ask(.patch, "/account/members/\(bob.person)", ["role": "editor"])
        #expect(changed.status == 200 && changed.json["role"] == "editor")
        #expect(try await bob.ask(.post, "/workflows", graph).status == 201)
        #expect(try await ada.ask(.delete, "/account/members/\(bob.person)").status == 204)
        #expect(try await bob.ask(.get, "/workflows").code == "invalid_session")
        #expect(try await bench.signIn("bob@example.com").code == "invalid_credentials")
    }

    @Test func `an admin makes no owner, and an account keeps one`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        let eve = try await bench.join("eve@example.com", as: "admin", by: ada)
        let invited = try await eve.ask(.post, "/account/invitations", ["email": "x@example.com", "role": "owner"])
        #expect(invited.code == "insufficient_scope")
        for path in ["/account/members/\(eve.person)", "/account/members/\(ada.person)"] {
            let role: JSON = path.hasSuffix(eve.person) ? "owner" : "viewer"
            #expect(try await eve.ask(.patch, path, ["role": role]).code == "insufficient_scope")
        }
        #expect(try await eve.ask(.delete, "/account/members/\(ada.person)").code == "insufficient_scope")
        for body: JSON? in [["role": "admin"], nil] {
            let method: HTTPMethod = body == nil ? .delete : .patch
            let refused = try await ada.ask(method, "/account/members/\(ada.person)", body)
            #expect(refused.status == 409 && refused.code == "last_owner")
        }
        // Anybody may leave.
        #expect(try await eve.ask(.delete, "/account/members/\(eve.person)").status == 204)
    }

    @Test func `of two owners who leave at the same moment one stays`() async throws {
        for kind in DatabaseKind.available {
            let bench = try await ServerBench(kind)
            let ada = try await bench.setUp()
            let bob = try await bench.join("bob@example.com", as: "owner", by: ada)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for owner in [ada, bob] {
                    group.addTask { try await owner.ask(.delete, "/account/members/\(owner.person)").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses) == [204, 409])
        }
    }

    @Test func `an account has a name that can be changed`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        #expect(try await ada.ask(.get, "/account").json["plan"] == "self_hosted")
        #expect(try await ada.ask(.patch, "/account", ["name": "Studio"]).json["name"] == "Studio")
        #expect(try await ada.ask(.patch, "/account", ["name": "a\nb"]).code == "invalid_field")
    }
}
