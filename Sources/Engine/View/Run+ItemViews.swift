import Catalog
import Workflows

extension Run {
    /// The runs of a node that there are so far, in the order of their items; one for a node that runs once.
    public func nodeRuns(of place: Int) -> [(address: Address, run: NodeRun)] {
        if let single = nodes[place].single { return [(Address(node: place), single)] }
        return nodes[place].items.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { (Address(node: place, index: $0.key), $0.value) }
    }

    /// Everything that is shown about one item of a node.
    public func itemView(_ address: Address) -> NodeView? {
        guard let run = nodeRun(address) else { return nil }
        let node = plan.nodes[address.node]
        var view = NodeView(
            id: node.id,
            label: node.label,
            writtenType: node.writtenType,
            type: node.type.id,
            status: run.status
        )
        view.show(run, of: self, at: address)
        return view
    }
}
