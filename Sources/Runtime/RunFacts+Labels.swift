import Engine
import Storage
import Values

extension RunFacts {
    /// The words under which the execution is found: the notes of the caller, and the group it belongs to with others.
    var labels: [ExecutionFilter.Label] {
        var labels = (metadata.object ?? JSONObject()).compactMap { note in
            note.value.string.map { ExecutionFilter.Label(key: note.key, value: $0) }
        }
        if let customer { labels.append(.customer(customer)) }
        if parent != nil || iteration != nil { labels.append(.batch(batch)) }
        return labels
    }
}
