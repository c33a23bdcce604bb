import Values

/// A value of a manifest that can be broken, and what it is.
struct ManifestSite {
    enum Kind {
        /// An object whose members are fixed by the format, with the name under which it stands.
        case object(String)
        /// A list.
        case list
        /// A text, number or Boolean whose type is fixed by the format.
        case scalar
        /// A text that is one CEL expression.
        case expression
        /// A text with expressions between `${` and `}`, in an object of any shape.
        case template
    }

    let kind: Kind
    /// The name under which it stands; of an element, that of its list with `[]`, and of what stands under any name,
    /// that of its object with `{}`.
    let name: String
    /// The names of what it stands in, outermost first.
    let parents: [String]
    let value: JSON
    /// The steps to it, as a JSON patch takes them.
    let steps: [String]
    /// The place as errors name it.
    let place: String

    /// All of a document, in a file that holds it alone or in a list.
    static func all(of document: JSON, number: Int?) -> [ManifestSite] {
        var walk = Walk(kind: document["kind"]?.string ?? "")
        walk.visit(document, "", [], number.map { ["\($0)"] } ?? [], number.map { "[\($0)]" } ?? "")
        return walk.sites
    }
}

/// Goes through a document by what the format says of its members.
private struct Walk {
    let kind: String
    var sites: [ManifestSite] = []

    /// What holds values of any shape that nothing reads as expressions.
    private static let data: Set<String> = [
        "vars", "table", "default", "options", "config", "settings", "nodes", "edges", "examples",
    ]
    /// What holds values of any shape in which texts may be templates.
    private static let templates: Set<String> = ["json", "claims", "input", "request", "query", "headers", "value"]
    /// What holds values of one shape under any names.
    private static let named: Set<String> = [
        "secrets", "phases", "wires", "keep", "append", "output", "map", "observe",
    ]
    private static let expressions: Set<String> = [
        "when", "okWhen", "found", "absent", "endWhen", "truncatedWhen", "require", "of", "estimate", "upper", "actual",
        "vendorUnits", "jobId", "payload", "result", "requestId", "weight", "queuePosition", "fraction", "merge",
        "errorText", "retryAfter", "keep", "append",
    ]

    mutating func visit(_ value: JSON, _ name: String, _ parents: [String], _ steps: [String], _ place: String) {
        func site(_ kind: ManifestSite.Kind) -> ManifestSite {
            ManifestSite(kind: kind, name: name, parents: parents, value: value, steps: steps, place: place)
        }
        let isOfOutput = parents.contains("output")
        if Self.data.contains(name), !isOfOutput { return }
        if value.isNull { return }
        if Self.templates.contains(name), !isOfOutput, name != "value" || parents.contains("multipart"),
            name != "request" || parents.last == "stream"
        {
            // A key that is minted with, or a header's text, stands in an object of fixed members.
            visitTemplate(value, name, parents, steps, place)
            return
        }
        switch value {
        case .object(let object):
            let isNamed = Self.named.contains(name) || name == "offers"
            sites.append(site(isNamed && !steps.isEmpty ? .list : .object(name)))
            for member in object {
                let below = isNamed && !steps.isEmpty ? "\(name){}" : member.key
                let inner = place.isEmpty ? member.key : "\(place).\(member.key)"
                visit(member.value, below, parents + [name], steps + [member.key], inner)
            }
        case .array(let list):
            sites.append(site(.list))
            for (index, element) in list.enumerated() {
                visit(element, "\(name)[]", parents + [name], steps + ["\(index)"], "\(place)[\(index)]")
            }
        case .string(let text):
            let plain = name.hasSuffix("[]") || name.hasSuffix("{}") ? String(name.dropLast(2)) : name
            let isOutputValue = isOfOutput && name != "as"
            if isOutputValue || Self.expressions.contains(plain) || name == "error" && parents.last == "stream" {
                sites.append(site(.expression))
            } else if text.contains("${") {
                sites.append(site(.template))
            } else {
                sites.append(site(.scalar))
            }
        default: sites.append(site(.scalar))
        }
    }

    private mutating func visitTemplate(
        _ value: JSON,
        _ name: String,
        _ parents: [String],
        _ steps: [String],
        _ place: String
    ) {
        switch value {
        case .object(let object):
            for member in object {
                let inner = "\(place).\(member.key)"
                visitTemplate(member.value, name, parents, steps + [member.key], inner)
            }
        case .array(let list):
            for (index, element) in list.enumerated() {
                visitTemplate(element, name, parents, steps + ["\(index)"], "\(place)[\(index)]")
            }
        case .string(let text) where text.contains("${"):
            sites.append(
                ManifestSite(kind: .template, name: name, parents: parents, value: value, steps: steps, place: place)
            )
        default: break
        }
    }
}
