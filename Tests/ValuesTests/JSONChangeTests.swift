import Testing
import Values

struct JSONChangeTests {
    private let document: JSON = ["a": [1, 2], "b/c": ["~": "x"]]

    private static let changes: [(JSONChange, JSON)] = [
        (JSONChange(["a", "0"], .replace(9)), ["a": [9, 2], "b/c": ["~": "x"]]),
        (JSONChange(["a", "1"], .add(9)), ["a": [1, 9, 2], "b/c": ["~": "x"]]),
        (JSONChange(["a", "-"], .add(9)), ["a": [1, 2, 9], "b/c": ["~": "x"]]),
        (JSONChange(["a", "0"], .remove), ["a": [2], "b/c": ["~": "x"]]),
        (JSONChange(["b/c", "~"], .remove), ["a": [1, 2], "b/c": [:]]),
        (JSONChange(["n"], .add(nil)), ["a": [1, 2], "b/c": ["~": "x"], "n": nil]),
        (JSONChange([], .replace(1)), 1),
    ]

    @Test(arguments: changes)
    func `a change is made where it says`(change: JSONChange, expected: JSON) {
        #expect(document.applying([change]) == expected)
    }

    @Test(arguments: [
        JSONChange(["x", "y"], .add(1)), JSONChange(["x"], .replace(1)), JSONChange(["x"], .remove),
        JSONChange(["a", "2"], .replace(1)), JSONChange(["a", "3"], .add(1)), JSONChange(["a", "-1"], .remove),
        JSONChange(["a", "0", "z"], .add(1)), JSONChange([], .remove),
    ])
    func `a place that is not there makes no document`(change: JSONChange) {
        #expect(document.applying([change]) == nil)
    }

    @Test func `a place is written as a pointer with its escapes`() {
        #expect(JSONChange(["b/c", "~"], .remove).json == ["op": "remove", "path": "/b~1c/~0"])
        #expect(JSONChange(["a", "-"], .add(1)).json == ["op": "add", "path": "/a/-", "value": 1])
    }
}
