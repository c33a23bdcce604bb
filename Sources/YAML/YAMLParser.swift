private import CYAML

/// Reads one YAML document; nothing in it is executed, tags are ignored, and repeated anchors cannot grow it without end.
@safe
public struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Anchored] = [:]
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
            throw YAMLError(
                reason: "There is no memory to read YAML",
                position: YAMLPosition(line: 1, column: 1, offset: 0)
            )
        }
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// A value that aliases may repeat.
    private struct Anchored {
        let node: YAMLNode
        /// The number of values in it, itself included.
        let size: Int
        /// The number of levels below it.
        let depth: Int

        init(_ node: YAMLNode) {
            self.node = node
            (size, depth) = node.extentOfTree
        }
    }

    /// What the parser met, without pointers.
    private enum Event {
        case end
        case alias(String)
        case scalar(String, YAMLExtent.Style)
        case startSequence(isFlow: Bool)
        case startMapping(isFlow: Bool)
        case endCollection
        case startDocument
        case other
    }

    /// An event with its place, and the anchor of the value that begins with it.
    private struct Met {
        let event: Event
        let start: YAMLPosition
        let end: YAMLPosition
        var anchor: String?
        var isMarked = false

        func extent(_ style: YAMLExtent.Style, end: YAMLPosition? = nil) -> YAMLExtent {
            YAMLExtent(start: start, end: end ?? self.end, style: style, isMarked: isMarked)
        }
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
            let met = try next()
            switch met.event {
            case .end: return root
            case .startDocument:
                guard root == nil else {
                    throw YAMLError(reason: "Only one YAML document is read", position: met.start)
                }
                root = try node(try next(), depth: 0)
            default: break
            }
        }
    }

    private mutating func node(_ met: Met, depth: Int) throws(YAMLError) -> YAMLNode {
        budget -= 1
        guard budget >= 0 else { throw Self.tooMany(met) }
        try check(depth, at: met)
        let made: YAMLNode
        switch met.event {
        case .alias(let name):
            guard let known = anchors[name] else {
                throw YAMLError(reason: "There is no anchor &\(name)", position: met.start)
            }
            budget -= known.size
            guard budget >= 0 else { throw Self.tooMany(met) }
            try check(depth + known.depth, at: met)
            return known.node.moved(to: met.extent(.alias))
        case .scalar(let text, let style):
            made = .scalar(text, isPlain: style == .plain, at: met.extent(style))
        case .startSequence(let isFlow):
            let (items, end) = try items(depth: depth)
            made = .sequence(items, at: met.extent(isFlow ? .flow : .block, end: isFlow ? end : items.last?.extent.end))
        case .startMapping(let isFlow):
            let (pairs, end) = try pairs(depth: depth)
            let last = pairs.last?.value.extent.end
            made = .mapping(pairs, at: met.extent(isFlow ? .flow : .block, end: isFlow ? end : last))
        case .end, .endCollection, .startDocument, .other:
            throw YAMLError(reason: "A value is missing", position: met.start)
        }
        if let anchor = met.anchor { anchors[anchor] = Anchored(made) }
        return made
    }

    private func check(_ depth: Int, at met: Met) throws(YAMLError) {
        guard depth <= maximumDepth else {
            throw YAMLError(reason: "The YAML document nests deeper than \(maximumDepth) levels", position: met.start)
        }
    }

    private static func tooMany(_ met: Met) -> YAMLError {
        YAMLError(reason: "The YAML document has too many values", position: met.start)
    }

    private mutating func items(depth: Int) throws(YAMLError) -> ([YAMLNode], end: YAMLPosition) {
        var items: [YAMLNode] = []
        while true {
            let met = try next()
            if case .endCollection = met.event { return (items, met.end) }
            items.append(try node(met, depth: depth + 1))
        }
    }

    private mutating func pairs(depth: Int) throws(YAMLError) -> ([YAMLPair], end: YAMLPosition) {
        var pairs: [YAMLPair] = []
        while true {
            let met = try next()
            if case .endCollection = met.event { return (pairs, met.end) }
            let key = try node(met, depth: depth + 1)
            pairs.append(YAMLPair(key: key, value: try node(try next(), depth: depth + 1)))
        }
    }

    private func next() throws(YAMLError) -> Met {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else {
            let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "This is no YAML"
            throw YAMLError(reason: "YAML: \(problem)", position: YAMLPosition(unsafe parser.pointee.problem_mark))
        }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.read(event)
    }

    private static func read(_ event: yaml_event_t) -> Met {
        func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
            unsafe pointer.map { unsafe String(decodingCString: $0, as: UTF8.self) }
        }
        func met(
            _ kind: Event,
            _ anchor: UnsafeMutablePointer<yaml_char_t>? = nil,
            _ tag: UnsafeMutablePointer<yaml_char_t>? = nil
        ) -> Met {
            let isMarked = unsafe anchor != nil || tag != nil
            return unsafe Met(
                event: kind,
                start: YAMLPosition(event.start_mark),
                end: YAMLPosition(event.end_mark),
                anchor: text(anchor),
                isMarked: isMarked
            )
        }
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return met(.end)
        case YAML_DOCUMENT_START_EVENT: return met(.startDocument)
        case YAML_ALIAS_EVENT: return unsafe met(.alias(text(event.data.alias.anchor) ?? ""))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let style: YAMLExtent.Style =
                switch unsafe scalar.style {
                case YAML_PLAIN_SCALAR_STYLE: .plain
                case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .literal
                default: .quoted
                }
            return unsafe met(.scalar(String(decoding: bytes, as: UTF8.self), style), scalar.anchor, scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            let isFlow = unsafe start.style == YAML_FLOW_SEQUENCE_STYLE
            return unsafe met(.startSequence(isFlow: isFlow), start.anchor, start.tag)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            let isFlow = unsafe start.style == YAML_FLOW_MAPPING_STYLE
            return unsafe met(.startMapping(isFlow: isFlow), start.anchor, start.tag)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return met(.endCollection)
        default: return met(.other)
        }
    }
}

extension YAMLPosition {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1, offset: Int(mark.index))
    }
}

extension YAMLNode {
    /// The number of values in it, itself included, and the number of levels below it.
    fileprivate var extentOfTree: (size: Int, depth: Int) {
        let inside: [YAMLNode] =
            switch self {
            case .scalar: []
            case .sequence(let items, _): items
            case .mapping(let pairs, _): pairs.flatMap { [$0.key, $0.value] }
            }
        return inside.map(\.extentOfTree).reduce((1, 0)) { ($0.0 + $1.size, max($0.1, $1.depth + 1)) }
    }
}
