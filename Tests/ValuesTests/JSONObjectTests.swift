import Testing
import Values

struct JSONObjectTests {
    @Test func `keeps the order of its members through every change`() {
        var object: JSONObject = ["c": 1, "a": 2, "b": 3]
        object["a"] = 9
        object["d"] = 4
        object["c"] = nil
        object["missing"] = nil
        #expect(object.keys == ["a", "b", "d"])
        #expect(JSON.object(object).text == #"{"a":9,"b":3,"d":4}"#)
    }

    @Test(arguments: [2, 11, 12, 13, 40])
    func `of a repeated name the last value stands at the first place`(count: Int) throws {
        let members = (0..<count).map { #""k\#($0)":\#($0)"# }
        let text = "{\(members.joined(separator: ",")),\"k0\":\"again\",\"k1\":\"too\"}"
        let object = try #require(try JSON(parsing: text).object)
        #expect(object.keys == (0..<count).map { "k\($0)" })
        #expect(object["k0"] == "again")
        #expect(object["k1"] == "too")
        #expect(object.count == count)
    }

    @Test func `finds every name below and above the size from which it is indexed`() {
        var object = JSONObject()
        var model: [(String, JSON)] = []
        for number in 0..<40 {
            let name = "name\(number)"
            object[name] = .int(Int64(number))
            model.append((name, .int(Int64(number))))
            check(object, model)
        }
        while !model.isEmpty {
            let place = model.count / 2
            object[model.remove(at: place).0] = nil
            check(object, model)
        }
        #expect(object.isEmpty)
    }

    private func check(_ object: JSONObject, _ model: [(String, JSON)]) {
        #expect(object.keys == model.map(\.0))
        for (name, value) in model { #expect(object[name] == value) }
        #expect(object["absent"] == nil)
    }

    @Test func `equals an object of the same members in another order`() {
        let names = (0..<20).map { "n\($0)" }
        let forward = JSONObject(names.map { .init(key: $0, value: .string($0)) })
        let backward = JSONObject(names.reversed().map { .init(key: $0, value: .string($0)) })
        #expect(forward == backward)
        #expect(forward.hashValue == backward.hashValue)
        var other = forward
        other["n3"] = "else"
        #expect(other != forward)
    }

    @Test func `canonical text sorts names at every depth and nothing else`() throws {
        let one = try JSON(parsing: #"{"b":[{"z":1,"y":2},3],"a":{"d":4,"c":5},"":0}"#)
        let two = try JSON(parsing: #"{"":0,"a":{"c":5,"d":4},"b":[{"y":2,"z":1},3]}"#)
        #expect(String(decoding: one.canonicalBytes, as: UTF8.self) == two.text)
        #expect(one.canonicalBytes == two.canonicalBytes)
        #expect(try JSON(parsing: "[2,1]").canonicalBytes != JSON(parsing: "[1,2]").canonicalBytes)
    }

    /// The examples of RFC 7396, appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `merges as RFC 7396 says`(target: String, patch: String, result: String) throws {
        #expect(try JSON(parsing: target).merging(JSON(parsing: patch)).text == result)
    }
}
