import Testing
import Values

/// A node of a small workflow of n8n; `flag` is a setting of it that is on.
private func node(
    _ name: String,
    _ kind: String,
    _ version: Double,
    _ parameters: JSON = [:],
    _ flag: String? = nil
) -> JSON {
    var object: JSONObject = [
        "id": .string(name), "name": .string(name), "type": .string("n8n-nodes-base.\(kind)"),
        "typeVersion": .double(version), "parameters": parameters,
    ]
    if flag == "onError" {
        object["onError"] = "continueErrorOutput"
    } else if let flag {
        object[flag] = true
    }
    return .object(object)
}

private let split = node("Split", "splitOut", 1, ["fieldToSplitOut": "list"])

/// The node Set of today, with one field.
private func set(_ name: String, _ field: String, _ value: JSON, type: String = "string", _ flag: String? = nil) -> JSON
{
    let field: JSON = ["name": .string(field), "type": .string(type), "value": value]
    return node(name, "set", 3.4, ["assignments": ["assignments": [field]]], flag)
}

/// A condition of today.
private func condition(_ left: String, _ type: String, _ operation: String, _ right: JSON = nil) -> JSON {
    [
        "leftValue": .string(left), "rightValue": right,
        "operator": ["type": .string(type), "operation": .string(operation)],
    ]
}

/// A small workflow of n8n between the nodes `Start` and `End`; an edge is `From>To` or `From>output>To`.
struct N8nFlow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let inputs: String
    /// The items that leave `End`.
    let items: String
    let source: JSON

    init(_ name: String, _ nodes: [JSON], _ edges: [String], _ inputs: String, _ items: String) {
        testDescription = name
        self.inputs = inputs
        self.items = items
        var outputs: [String: [[JSON]]] = [:]
        for edge in edges {
            let parts = edge.split(separator: ">").map(String.init)
            let place = parts.count == 3 ? Int(parts[1]) ?? 0 : 0
            var lists = outputs[parts[0]] ?? []
            while lists.count <= place { lists.append([]) }
            lists[place].append(["node": .string(parts[parts.count - 1]), "type": "main", "index": 0])
            outputs[parts[0]] = lists
        }
        let connections = outputs.sorted { $0.key < $1.key }.map { source, lists in
            JSONObject.Member(key: source, value: ["main": .array(lists.map(JSON.array))])
        }
        let ends = [node("Start", "manualTrigger", 1), node("End", "noOp", 1)]
        source = ["nodes": .array(ends + nodes), "connections": .object(JSONObject(connections))]
    }

    static let all: [N8nFlow] = comparisons + filters + lists + ways

    private static let comparisons = [
        N8nFlow(
            "the first versions compare as JavaScript does",
            [
                split,
                node("Check", "if", 1, ["conditions": ["string": [["value1": "={{ $json.v }}", "value2": "5"]]]]),
            ],
            ["Start>Split", "Split>Check", "Check>End"],
            #"{"list": [{"v": "5"}, {"v": 5}, {"v": "6"}]}"#,
            #"[{"v": "5"}]"#
        ),
        N8nFlow(
            "what is missing, null or empty is empty",
            [
                split,
                node(
                    "Check",
                    "if",
                    1,
                    ["conditions": ["string": [["value1": "={{ $json.v }}", "operation": "isEmpty"]]]]
                ),
            ],
            ["Start>Split", "Split>Check", "Check>End"],
            #"{"list": [{"v": ""}, {"v": null}, {}, {"v": "x"}, {"v": []}]}"#,
            #"[{"v": ""}, {"v": null}, {}, {"v": []}]"#
        ),
        N8nFlow(
            "any of several conditions",
            [
                split,
                node(
                    "Check",
                    "filter",
                    1,
                    [
                        "combineConditions": "OR",
                        "conditions": [
                            "number": [["value1": "={{ $json.n }}", "operation": "larger", "value2": 5]],
                            "boolean": [["value1": "={{ $json.b }}", "value2": true]],
                        ],
                    ]
                ),
            ],
            ["Start>Split", "Split>Check", "Check>End"],
            #"{"list": [{"n": 6, "b": false}, {"n": 1, "b": true}, {"n": 1, "b": false}]}"#,
            #"[{"n": 6, "b": false}, {"n": 1, "b": true}]"#
        ),
        N8nFlow(
            "a value that is there, and one that is not",
            [
                split,
                node(
                    "Check",
                    "filter",
                    2,
                    [
                        "conditions": [
                            "combinator": "and",
                            "conditions": [
                                condition("={{ $json.a.b }}", "string", "exists"),
                                condition("={{ $json.c }}", "number", "notExists"),
                            ],
                        ]
                    ]
                ),
            ],
            ["Start>Split", "Split>Check", "Check>End"],
            #"{"list": [{"a": {"b": 1}}, {"a": {}}, {"a": {"b": 2}, "c": 3}, {"a": {"b": null}}]}"#,
            #"[{"a": {"b": 1}}]"#
        ),
    ]

    /// A filter of today, with these options beside its conditions.
    private static func filter(_ name: String, _ options: JSON, _ condition: JSON, _ items: String, _ kept: String)
        -> N8nFlow
    {
        let conditions: JSON = ["options": options, "combinator": "and", "conditions": [condition]]
        return N8nFlow(
            name,
            [split, node("Check", "filter", 2, ["conditions": conditions])],
            ["Start>Split", "Split>Check", "Check>End"],
            #"{"list": \#(items)}"#,
            kept
        )
    }

    private static let filters = [
        filter(
            "a missing text is an empty one",
            ["caseSensitive": true, "typeValidation": "strict"],
            condition("={{ $json.v }}", "string", "notContains", "x"),
            #"[{"v": "x"}, {"v": "y"}, {}, {"v": null}]"#,
            #"[{"v": "y"}, {}, {"v": null}]"#
        ),
        filter(
            "letter case does not count where nothing is said",
            ["typeValidation": "loose"],
            condition("={{ $json.v }}", "string", "equals", "Yes"),
            #"[{"v": "YES"}, {"v": "no"}, {"v": 5}]"#,
            #"[{"v": "YES"}]"#
        ),
        filter(
            "a loose Boolean is what JavaScript takes for true",
            ["typeValidation": "loose"],
            condition("={{ $json.v }}", "boolean", "true"),
            #"[{"v": "false"}, {"v": 0}, {"v": 1}, {"v": ""}, {"v": true}, {}, {"v": []}]"#,
            #"[{"v": "false"}, {"v": 1}, {"v": true}, {"v": []}]"#
        ),
        filter(
            "a strict Boolean that is missing is false",
            ["typeValidation": "strict"],
            condition("={{ $json.v }}", "boolean", "false"),
            #"[{"v": true}, {"v": false}, {}]"#,
            #"[{"v": false}, {}]"#
        ),
        filter(
            "a list holds a value",
            ["caseSensitive": true, "typeValidation": "strict"],
            condition("={{ $json.v }}", "array", "contains", "b"),
            #"[{"v": ["a", "b"]}, {"v": []}, {}, {"v": ["B"]}]"#,
            #"[{"v": ["a", "b"]}]"#
        ),
        filter(
            "an object without members is empty",
            ["typeValidation": "strict"],
            condition("={{ $json.v }}", "object", "empty"),
            #"[{"v": {}}, {"v": {"a": 1}}, {}]"#,
            #"[{"v": {}}, {}]"#
        ),
    ]

    private static let lists = [
        N8nFlow(
            "elements that are no objects get the name of the field",
            [split],
            ["Start>Split", "Split>End"],
            #"{"list": [1, {"a": 2}, null]}"#,
            #"[{"list": 1}, {"a": 2}, {"list": null}]"#
        ),
        N8nFlow("a missing list has no items", [split], ["Start>Split", "Split>End"], "{}", "[]"),
        N8nFlow(
            "a node that runs once takes the first item",
            [split, set("Once", "x", "={{ $json.i }}", "executeOnce")],
            ["Start>Split", "Split>Once", "Once>End"],
            #"{"list": [{"i": 1}, {"i": 2}]}"#,
            #"[{"x": "1"}]"#
        ),
        N8nFlow(
            "fields of all items are brought together without those that are not there",
            [
                split,
                node(
                    "All",
                    "aggregate",
                    1,
                    [
                        "fieldsToAggregate": [
                            "fieldToAggregate": [
                                ["fieldToAggregate": "a.b"],
                                ["fieldToAggregate": "c", "renameField": true, "outputFieldName": "d e"],
                            ]
                        ]
                    ]
                ),
            ],
            ["Start>Split", "Split>All", "All>End"],
            #"{"list": [{"a": {"b": 1}, "c": "x"}, {"c": "y"}, {"a": {"b": 2}, "c": null}]}"#,
            #"[{"b": [1, 2], "d e": ["x", "y"]}]"#
        ),
        N8nFlow(
            "the item of an earlier node is the one that belongs to this item",
            [split, set("Drop", "x", "y"), set("Name", "i", "={{ $('Split').item.json.i }}", type: "number")],
            ["Start>Split", "Split>Drop", "Drop>Name", "Name>End"],
            #"{"list": [{"i": 1}, {"i": 2}]}"#,
            #"[{"i": 1}, {"i": 2}]"#
        ),
        N8nFlow(
            "a walk over batches in the form of the second version ends with all items",
            [
                split, node("Loop", "splitInBatches", 2, ["batchSize": 1]),
                node(
                    "Big",
                    "if",
                    1,
                    ["conditions": ["number": [["value1": "={{ $json.i }}", "operation": "larger", "value2": 1]]]]
                ), node("Yes", "set", 2, ["values": ["boolean": [["name": "big", "value": true]]]]),
            ],
            ["Start>Split", "Split>Loop", "Loop>Big", "Big>Yes", "Yes>Loop", "Big>1>Loop", "Loop>1>End"],
            #"{"list": [{"i": 1}, {"i": 2}, {"i": 3}]}"#,
            #"[{"i": 1}, {"i": 2, "big": true}, {"i": 3, "big": true}]"#
        ),
    ]

    private static let ways = [
        N8nFlow(
            "a node that is entered twice gets the items of both",
            [split, node("A", "noOp", 1)],
            ["Start>Split", "Split>A", "A>End", "Start>End"],
            #"{"list": [{"i": 1}, {"i": 2}]}"#,
            #"[{"i": 1}, {"i": 2}, {"list": [{"i": 1}, {"i": 2}]}]"#
        ),
        N8nFlow(
            "a node that is switched off lets its items pass",
            [split, set("Off", "x", "y", "disabled")],
            ["Start>Split", "Split>Off", "Off>End"],
            #"{"list": [{"i": 1}]}"#,
            #"[{"i": 1}]"#
        ),
        N8nFlow(
            "a failure leaves through its own output",
            [split, set("Risky", "n", "={{ $json.n }}", type: "number", "onError"), set("Note", "n", "failed")],
            ["Start>Split", "Split>Risky", "Risky>End", "Risky>1>Note", "Note>End"],
            #"{"list": [{"n": 1}, {"n": "two"}, {"n": 3}]}"#,
            #"[{"n": 1}, {"n": "failed"}, {"n": 3}]"#
        ),
        N8nFlow(
            "a name that is the id of a later node means the node of that name",
            [set("one", "x", "first"), set("two", "y", "={{ $('one').item.json.x }}")].enumerated().map { place, json in
                json.merging(["id": place == 0 ? "z" : "one"])
            },
            ["Start>one", "one>two", "two>End"],
            "{}",
            #"[{"y": "first"}]"#
        ),
        N8nFlow(
            "texts with braces stay as they are",
            [set("Text", "t", "{{ x }}")],
            ["Start>Text", "Text>End"],
            "{}",
            #"[{"t": "{{ x }}"}]"#
        ),
    ]
}
