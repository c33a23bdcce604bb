// Evaluates expressions for tests in other languages: one JSON object a line in, one a line out.
//
// In:  {"expr": "1 + x", "bindings": {"x": {"int": "2"}}, "promotes": false}
// Out: {"value": {"int": "3"}} or {"error": "…", "reason": "…"}
import Expressions
import Values

func answer(_ line: String) -> JSON {
    guard let request = try? JSON(parsing: line), let text = request["expr"]?.string else {
        return ["error": "The line is no JSON object with a text `expr`."]
    }
    var scope = NamedValues()
    var names: Set<String> = []
    for binding in request["bindings"]?.object ?? JSONObject() {
        guard let value = CELValue(tagged: binding.value) else { return ["error": "A binding is not valid."] }
        scope[binding.key] = value
        names.insert(binding.key)
    }
    let environment = Environment(
        roots: .only(names),
        promotesNumbers: request["promotes"]?.bool ?? false,
        defersNames: true
    )
    do {
        let value = try Expression(parsing: text, in: environment).evaluate(in: scope)
        return ["value": value.tagged]
    } catch {
        return ["error": .string(error.description), "reason": .string("\(error.reason)")]
    }
}

while let line = readLine() { print(answer(line).text) }
