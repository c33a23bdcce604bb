import Catalog
import Values

extension Compiler {
    /// Reports required ports and parameters that nothing sets.
    mutating func checkRequired() {
        let severity: Violation.Severity = purpose == .running ? .error : .warning
        for node in nodes where !node.isDisabled {
            for input in node.inputs where input.port.isRequired && input.edges.isEmpty && input.binding == nil {
                // What is set and wrong was reported already.
                guard graph.node(node.id)?.setting(input.port.id, or: input.port.aliases) ?? .null == .null else {
                    continue
                }
                report(
                    .missingRequiredInput,
                    "\(node.label) needs a value at \(input.port.id).",
                    severity: severity,
                    fix: "Connect an edge to in-\(input.port.id), or set config.\(input.port.id).",
                    node: node.id,
                    path: "config.\(input.port.id)"
                )
            }
            for parameter in node.parameters where parameter.parameter.isRequired && parameter.binding == nil {
                let known = parameter.parameter
                guard node.type.kind != .input,
                    graph.node(node.id)?.setting(known.id, or: known.aliases) ?? .null == .null
                else { continue }
                report(
                    .missingRequiredInput,
                    "\(node.label) needs \(known.id).",
                    severity: severity,
                    fix: "Set config.\(known.id).",
                    node: node.id,
                    path: "config.\(known.id)"
                )
            }
        }
    }

    /// Reports paid calls without a highest price under a cap, and prompts that a model may not read to their end.
    mutating func checkPrices() {
        for node in nodes where !node.isDisabled {
            for offer in node.type.offers where !offer.isLocal && offer.lifecycle.status != .retired {
                let isOfInterest =
                    graph.settings.hasCap || offer.source["vars"]?["window"] != nil
                guard isOfInterest, let plan = try? catalog.plan(for: offer, of: node.type) else { continue }
                if graph.settings.hasCap, plan.price?.isUnbounded == true {
                    report(
                        .unboundedCost,
                        "Nobody can say what \(node.label) costs at most through \(offer.id), and the settings hold a cap.",
                        fix: "Choose a type with a highest price, or remove settings.maxCredits and maxCostUsd.",
                        node: node.id,
                        path: "data.nodeType"
                    )
                }
                checkWindow(node, plan)
            }
        }
    }

    private mutating func checkWindow(_ node: PlanNode, _ plan: OfferPlan) {
        guard let windows = plan.variables["window"] else { return }
        func literal(_ name: String) -> JSON? {
            guard case .literal(let value)? = node.bindings.first(where: { $0.name == name })?.binding else {
                return nil
            }
            return value
        }
        let model = literal("model")?.string ?? plan.offer.model ?? ""
        guard let window = windows.number ?? windows[model]?.number else { return }
        // A token is at least one byte, and mostly four of them.
        let texts = node.inputs.filter { $0.port.type == .text }.compactMap { literal($0.port.id)?.string }
        let bound = Double(texts.reduce(0) { $0 + $1.utf8.count } / 4) + (literal("max_tokens")?.number ?? 0)
        guard bound > window else { return }
        report(
            .contextOverflow,
            "The prompt of \(node.label) with its answer comes to about \(bound.whole) tokens; \(model) reads \(window.whole).",
            fix: "Shorten it, lower max_tokens, or choose a model with a larger window.",
            node: node.id,
            path: "config.max_tokens"
        )
    }
}

extension Double {
    /// The number without decimals, however large it is.
    fileprivate var whole: String { Int64(exactly: rounded(.towardZero)).map { "\($0)" } ?? "\(self)" }
}
