private import CYAML

/// Reads one YAML document; nothing in it is executed, tags are ignored, and repeated anchors cannot grow it without end.
@safe
public struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: YAMLNode] = [:]
    private var budget: Int
    private let maximumDepth: Int

    /// Reads the only document of a text.
    ///
    /// - Parameters:
    ///   - text: The YAML text.
    ///   - maximumNodes: The most values the document may have, counting those that aliases repeat.
    ///   - maximumDepth: The deepest nesting of lists and mappings.
    /// - Returns: The document's value, or `nil` when the text has none.
    /// - Throws: ``YAMLError`` with the place where the text is wrong or passes a limit.
    public static func parse(
        _ text: String,
        maximumNodes: Int = 200_000,
        maximumDepth: Int = 64
    ) throws(YAMLError) -> YAMLNode? {
        var parser = try YAMLParser(maximumNodes: maximumNodes, maximumDepth: maximumDepth)
        return try parser.document(Array(text.utf8))
    }

    private init(maximumNodes: Int, maximumDepth: Int) throws(YAMLError) {
        unsafe parser = .allocate(capacity: 1)
        budget = maximumNodes
        self.maximumDepth = maximumDepth
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            throw YAMLError(reason: "There is no memory to read YAML", position: YAMLPosition(line: 1, column: 1))
        }
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// What the parser met, without pointers.
    private enum Event {
        case end
        case alias(String)
        case scalar(String, isPlain: Bool, anchor: String?)
        case startSequence(anchor: String?)
        case startMapping(anchor: String?)
        case endCollection
        case startDocument
        case other
    }

    private mutating func document(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        let result: Result<YAMLNode?, YAMLError> = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            do throws(YAMLError) {
                return .success(try readDocument())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func readDocument() throws(YAMLError) -> YAMLNode? {
        var root: YAMLNode?
        while true {
            let (event, position) = try next()
            switch event {
            case .end: return root
            case .startDocument:
                guard root == nil else { throw YAMLError(reason: "Only one YAML document is read", position: position) }
                let (first, place) = try next()
                root = try node(first, at: place, depth: 0)
            default: break
            }
        }
    }

    private mutating func node(_ event: Event, at position: YAMLPosition, depth: Int) throws(YAMLError) -> YAMLNode {
        budget -= 1
        guard budget >= 0 else { throw YAMLError(reason: "The YAML document has too many values", position: position) }
        guard depth <= maximumDepth else {
            throw YAMLError(reason: "The YAML document nests deeper than \(maximumDepth) levels", position: position)
        }
        let made: YAMLNode
        let anchor: String?
        switch event {
        case .alias(let name):
            guard let known = anchors[name] else {
                throw YAMLError(reason: "There is no anchor &\(name)", position: position)
            }
            budget -= known.size
            return known
        case .scalar(let text, let isPlain, let name):
            made = .scalar(text, isPlain: isPlain, at: position)
            anchor = name
        case .startSequence(let name):
            made = .sequence(try items(depth: depth), at: position)
            anchor = name
        case .startMapping(let name):
            made = .mapping(try pairs(depth: depth), at: position)
            anchor = name
        case .end, .endCollection, .startDocument, .other:
            throw YAMLError(reason: "A value is missing", position: position)
        }
        if let anchor { anchors[anchor] = made }
        return made
    }

    private mutating func items(depth: Int) throws(YAMLError) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let (event, position) = try next()
            if case .endCollection = event { return items }
            items.append(try node(event, at: position, depth: depth + 1))
        }
    }

    private mutating func pairs(depth: Int) throws(YAMLError) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        while true {
            let (event, position) = try next()
            if case .endCollection = event { return pairs }
            let key = try node(event, at: position, depth: depth + 1)
            let (valueEvent, valuePosition) = try next()
            pairs.append(YAMLPair(key: key, value: try node(valueEvent, at: valuePosition, depth: depth + 1)))
        }
    }

    private func next() throws(YAMLError) -> (Event, YAMLPosition) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else {
            let mark = unsafe parser.pointee.problem_mark
            let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "This is no YAML"
            throw YAMLError(
                reason: "YAML: \(problem)",
                position: YAMLPosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
            )
        }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        return (unsafe Self.read(event), YAMLPosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1))
    }

    private static func read(_ event: yaml_event_t) -> Event {
        func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
            unsafe pointer.map { unsafe String(decodingCString: $0, as: UTF8.self) }
        }
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return .end
        case YAML_DOCUMENT_START_EVENT: return .startDocument
        case YAML_ALIAS_EVENT: return unsafe .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(scalar.anchor)
            )
        case YAML_SEQUENCE_START_EVENT: return unsafe .startSequence(anchor: text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: return unsafe .startMapping(anchor: text(event.data.mapping_start.anchor))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .endCollection
        default: return .other
        }
    }
}

extension YAMLNode {
    /// The number of values in it, itself included.
    fileprivate var size: Int {
        switch self {
        case .scalar: 1
        case .sequence(let items, _): items.reduce(1) { $0 + $1.size }
        case .mapping(let pairs, _): pairs.reduce(1) { $0 + $1.key.size + $1.value.size }
        }
    }
}
