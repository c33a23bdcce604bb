import TestSupport
import Values

/// One change that makes a valid manifest invalid, whatever else it says.
struct ManifestBreakage {
    /// What is done.
    let what: String
    let changes: [JSONChange]
    /// The place that is broken, as errors name it.
    let place: String
    /// Whether the JSON Schema of the kind must refuse it as well.
    let isStructural: Bool

    init(_ what: String, _ changes: [JSONChange], at place: String, isStructural: Bool = false) {
        self.what = what
        self.changes = changes
        self.place = place
        self.isStructural = isStructural
    }

    /// Everything that can be broken in a document; `number` is its place in a list of documents.
    static func all(of document: JSON, number: Int?) -> [ManifestBreakage] {
        let sites = ManifestSite.all(of: document, number: number)
        return sites.flatMap { site -> [ManifestBreakage] in
            let below = number == nil ? site.steps : Array(site.steps.dropFirst())
            return switch site.kind {
            case .object(let name): ofObject(site, name, isRoot: below.isEmpty, document)
            case .list: ofList(site)
            case .scalar: ofScalar(site, document)
            case .expression: ofExpression(site, document)
            case .template: ofTemplate(site, document)
            }
        }
    }

    // MARK: Objects

    /// The members without which an object means nothing, by the name under which it stands.
    private static let required: [String: [String]] = [
        "provider": ["kind", "id", "baseUrl"], "node": ["kind", "type"], "prices": ["kind", "offers"],
        "template": ["kind", "id", "name", "nodes"], "inputs[]": ["id", "type"], "params[]": ["id", "type"],
        "outputs[]": ["id", "type"], "offers[]": ["id", "provider"], "checks[]": ["require", "message"],
        "errors[]": ["when", "class", "accepted", "charged"], "failWhen[]": ["when", "class", "charged"],
        "phase": ["of", "map"], "phases{}": ["of", "map"], "breaker": ["failures", "windowMs", "openMs"],
        "limits[]": ["scope"], "authAny[]": ["auth"], "lookup": ["found"], "multipart[]": ["name"],
        "signature": ["header", "encoding"], "upload": ["steps", "result"],
    ]

    private static func ofObject(
        _ site: ManifestSite,
        _ name: String,
        isRoot: Bool,
        _ document: JSON
    ) -> [ManifestBreakage] {
        func inner(_ member: String) -> String { site.place.isEmpty ? member : "\(site.place).\(member)" }
        var breakages = [
            ManifestBreakage(
                "an unknown member",
                [JSONChange(site.steps + ["zzz"], .add(1))],
                at: inner("zzz"),
                isStructural: true
            )
        ]
        if !isRoot {
            breakages += wrongType(
                site,
                [true, 1.5, "zzz", []].filter { !["phase", "keep{}"].contains(name) || $0 != "zzz" }
            )
        }
        // What extends another document takes what is missing from there.
        let isPatch = document["extends"] != nil || site.parents.contains("wires")
        let names = isRoot ? required[document["kind"]?.string ?? ""] : required[name]
        for member in names ?? [] where site.value[member] != nil && (!isPatch || isRoot) {
            let isUnknownKind = isRoot && member == "kind"
            breakages.append(
                ManifestBreakage(
                    "no \(member)",
                    [JSONChange(site.steps + [member], .remove)],
                    at: inner(member),
                    isStructural: !isUnknownKind && document["kind"] != "template"
                )
            )
        }
        if name == "auth[]" {
            for member in ["header", "value", "claims", "key", "alg"] where site.value[member] != nil {
                let change = JSONChange(site.steps + [member], .remove)
                breakages.append(ManifestBreakage("no \(member)", [change], at: inner(member), isStructural: true))
            }
        }
        if name == "lifecycle" {
            let change = JSONChange(site.steps + ["replacedBy"], .add("nobody:none"))
            // Only a node type is looked up; an offer's successor is for people.
            if !site.parents.contains("offers") {
                breakages.append(ManifestBreakage("an unknown successor", [change], at: inner("replacedBy")))
            }
        }
        if name == "params[]", let minimum = site.value["min"], let maximum = site.value["max"], minimum != maximum {
            let changes = [
                JSONChange(site.steps + ["min"], .replace(maximum)),
                JSONChange(site.steps + ["max"], .replace(minimum)),
            ]
            breakages.append(ManifestBreakage("a range from high to low", changes, at: site.place))
        }
        return breakages
    }

    // MARK: Lists

    private static func ofList(_ site: ManifestSite) -> [ManifestBreakage] {
        guard let list = site.value.array else {
            // Values of one shape under any names.
            return wrongType(site, [true, 1.5, "zzz"]) + unknownNames(site)
        }
        var breakages = wrongType(site, [true, 1.5, "zzz", ["zzz": 1]])
        if ["inputs", "params", "outputs", "offers", "aliases"].contains(site.name), site.parents.count <= 1,
            let first = list.first
        {
            breakages.append(
                ManifestBreakage(
                    "a name twice",
                    [JSONChange(site.steps + ["-"], .add(first))],
                    at: site.place,
                    isStructural: site.name == "aliases"
                )
            )
        }
        let hosts: [JSON] = [
            "https://x.example", "a b", "", "*.com", "${vars.x}", "x.example/", "X.example", "-x.example", "x..example",
        ]
        if site.parents.last == "hosts" {
            for host in site.name == "credentialed" ? hosts + ["any_public"] : hosts {
                breakages.append(
                    ManifestBreakage(
                        "the host \(host.text)",
                        [JSONChange(site.steps + ["-"], .add(host))],
                        at: site.place,
                        isStructural: true
                    )
                )
            }
        }
        return breakages
    }

    private static func unknownNames(_ site: ManifestSite) -> [ManifestBreakage] {
        guard let first = site.value.object?.first(where: { !$0.value.isNull }), site.parents.first == "",
            site.parents.contains("offers")
        else {
            return []
        }
        guard site.name == "output" || site.name == "append" else { return [] }
        let changes = [JSONChange(site.steps + ["nobody"], .add(first.value))]
        return [ManifestBreakage("an unknown port", changes, at: "\(site.place).nobody")]
    }

    // MARK: Values

    /// The members that hold one of a closed list of words.
    private static let words: Set<String> = [
        "mode", "finish[]", "effect", "class", "accepted", "charged", "trust", "hook", "encoding", "method", "format",
        "kind", "order[]", "scope[]", "calls[]", "on[]", "role", "expression", "resetForm", "credential", "hold",
        "decode",
        "alg", "from", "map{}",
    ]
    private static let leastIsOne: Set<String> = [
        "version", "tries", "requests", "failures", "maxItems", "megapixel", "dataUrlMaxBytes", "base64MaxBytes",
        "maxPixels", "concurrency",
    ]

    private static func ofScalar(_ site: ManifestSite, _ document: JSON) -> [ManifestBreakage] {
        func broken(_ what: String, _ value: JSON, isStructural: Bool = true) -> ManifestBreakage {
            ManifestBreakage(
                what,
                [JSONChange(site.steps, .replace(value))],
                at: site.place,
                isStructural: isStructural && document["kind"] != "template"
            )
        }
        let name = site.name
        var breakages: [ManifestBreakage]
        switch site.value {
        case .string: breakages = wrongType(site, [true, 1.5, ["zzz": 1], []])
        case .bool: breakages = wrongType(site, ["yes", 1, []])
        default: breakages = wrongType(site, ["1", true, []])
        }
        let isType = name == "type" && ["inputs[]", "params[]", "outputs[]"].contains(site.parents.last ?? "")
        if words.contains(name) || isType || name == "status" && site.parents.last == "lifecycle" {
            breakages.append(broken("an unknown word", "zzz", isStructural: name != "kind"))
        }
        if leastIsOne.contains(name) { breakages.append(broken("less than one", 0)) }
        if name.hasSuffix("Ms") || name == "minItems" || name == "maxLength" {
            breakages.append(broken("less than zero", -1))
        }
        if name == "ok[]" { breakages += [broken("no status", 99), broken("no status", 600)] }
        if name == "jitter" { breakages.append(broken("more than all", 2)) }
        if name == "factor" { breakages.append(broken("a shrinking pause", 0.5)) }
        if ["asOf", "shutdownAt", "releasedAt"].contains(name) {
            breakages += ["soon", "2026-1-1", "26-01-01"].map { broken("no day", $0) }
        }
        if name == "baseUrl" {
            let addresses: [JSON] = ["http://plain.example", "ftp://x.example", "/x", "${vars.x}", "x.example"]
            breakages += addresses.map { broken("the address \($0.text)", $0) }
        }
        if name == "url" {
            breakages += ["ftp://x.example", "x", "javascript:1", "//x"].map { address in
                broken("the address \(address)", .string(address))
            }
        }
        if name == "jwks" { breakages.append(broken("a key in the clear", "http://x.example")) }
        if name == "message[]" { breakages.append(broken("an unknown part", "cookie:x")) }
        if name == "id", site.parents.count <= 2 || document["kind"] == "node" {
            breakages += ["a b", "a/b", "${vars.x}", ""].map { broken("no name", $0) }
        }
        if name == "type", site.parents == [""] {
            breakages += ["nocolon", "Upper:case", "a:b:c", ":x", "x:", ""].map { broken("no name of a type", $0) }
        }
        let references = ["provider", "wire", "extends", "phase", "replacedBy", "needs[]"]
        if references.contains(name), site.parents != ["", "offers", "offers[]", "lifecycle"] {
            breakages.append(broken("a reference to nobody", "nobody", isStructural: false))
        }
        return breakages
    }

    /// Whether all names that an expression may use stand in the document or in the provider alone.
    private static func hasFixedNames(_ document: JSON) -> Bool {
        document["kind"] == "node" && document["dynamicPorts"] != true
            && document["offers"]?.array?.allSatisfy { $0["wire"] == nil } ?? false
    }

    private static func ofExpression(_ site: ManifestSite, _ document: JSON) -> [ManifestBreakage] {
        let text = site.value.string ?? ""
        let roots = ["nowhere.x == 1", "secrets.key", "webhook.url", "request.x", "http.nothing", "run.nothing"]
        let isPrice = site.parents.contains("price") && hasFixedNames(document)
        let names = isPrice ? ["vars.price.nothing", "params.nothing", "vars.nothing"] : []
        let texts = [text + " +", "(" + text, "body..x", "", "a b", "unknown(1)", "1 ==", "'open"] + roots + names
        return wrongType(site, [true, 1.5, [[:]]])
            + texts.map { text in
                ManifestBreakage(
                    "the expression \(text)",
                    [JSONChange(site.steps, .replace(.string(text)))],
                    at: site.place
                )
            }
    }

    private static func ofTemplate(_ site: ManifestSite, _ document: JSON) -> [ManifestBreakage] {
        let isAuth = site.name == "claims" || site.parents.contains("auth")
        var texts = ["${nowhere.x}", "${1 +}", "${", "${'a}", "a ${unknown(1)} b", "${body.x}", "${run.nothing}"]
        if !isAuth { texts.append("${secrets.key}") }
        if !isAuth, hasFixedNames(document) { texts += ["${inputs.nobody}", "${params.?nobody}", "${vars.nobody}"] }
        return texts.map { text in
            ManifestBreakage("the template \(text)", [JSONChange(site.steps, .replace(.string(text)))], at: site.place)
        }
    }

    private static func wrongType(_ site: ManifestSite, _ values: [JSON]) -> [ManifestBreakage] {
        values.map { value in
            ManifestBreakage(
                "a \(value.kind) as \(site.name)",
                [JSONChange(site.steps, .replace(value))],
                at: site.place,
                isStructural: true
            )
        }
    }
}
