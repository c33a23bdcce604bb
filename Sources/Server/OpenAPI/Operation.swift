import Values

/// What a route does, takes and answers: the part of the OpenAPI document that the route itself knows.
struct Operation: Sendable {
    /// The unique `operationId`, in camel case.
    let id: String
    /// The heading it stands under.
    let tag: String
    /// One line for readers.
    let summary: String
    /// The items of the query it reads.
    var query: [Parameter] = []
    /// The header fields it reads, besides those of authentication and of requests that name themselves.
    var headers: [Parameter] = []
    /// The body it takes.
    var body: Body?
    /// What it answers when it succeeds.
    let answers: [Answer]
    /// The codes of its own failures; those that follow from the route, such as a missing key, are added.
    var errors: [ErrorCode] = []

    init(
        _ id: String,
        _ tag: String,
        _ summary: String,
        query: [Parameter] = [],
        headers: [Parameter] = [],
        body: Body? = nil,
        answers: [Answer],
        errors: [ErrorCode] = []
    ) {
        self.id = id
        self.tag = tag
        self.summary = summary
        self.query = query
        self.headers = headers
        self.body = body
        self.answers = answers
        self.errors = errors
    }

    /// An item of the query or a header field.
    struct Parameter: Sendable {
        let name: String
        let description: String
        /// Its JSON Schema.
        let schema: JSON
        var isRequired = false

        init(_ name: String, _ description: String, _ schema: JSON, isRequired: Bool = false) {
            self.name = name
            self.description = description
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// What comes with a request.
    enum Body: Sendable {
        /// JSON that follows the component schema of that name.
        case json(String, isRequired: Bool = true)
        /// A form with files that follows the component schema of that name, or a body of one of the other media types.
        case form(String, or: [String] = [])
        /// A file: JSON that follows the component schema of that name, or a text or bytes of one of the media types.
        case file(String, or: [String])
        /// Anything of these media types.
        case raw([String])
    }

    /// A status of success with what comes with it.
    struct Answer: Sendable {
        let status: Int
        let description: String
        let content: Content
        /// The header fields that come with it, besides those of every answer, with what they say.
        var headers: [(name: String, description: String)] = []
        /// The other media types that it may have, when the client asks for one.
        var others: [String] = []

        /// The same answer, which may also come as another media type.
        func or(_ type: String) -> Answer {
            var answer = self
            answer.others.append(type)
            return answer
        }

        /// A JSON answer of the component schema of that name.
        static func json(_ schema: String, _ status: Int = 200, _ description: String = "Done") -> Answer {
            Answer(status: status, description: description, content: .json(schema))
        }

        /// An answer that creates something and says where it is.
        static func created(_ schema: String, _ status: Int = 201, _ description: String = "Created") -> Answer {
            Answer(
                status: status,
                description: description,
                content: .json(schema),
                headers: [("Location", "Where it can be read.")]
            )
        }

        /// An answer without content.
        static let noContent = Answer(status: 204, description: "Done", content: .none)

        /// The client has this already.
        static let notModified = Answer(status: 304, description: "Not changed", content: .none)

        /// Server-sent events, each of which follows the component schema of that name.
        static func events(_ schema: String, _ description: String) -> Answer {
            Answer(status: 200, description: description, content: .events(schema))
        }

        /// An answer of another media type.
        static func other(_ type: String, _ description: String, status: Int = 200) -> Answer {
            Answer(status: status, description: description, content: .raw(type))
        }
    }

    /// What comes with an answer.
    enum Content: Sendable {
        case json(String)
        case events(String)
        case raw(String)
        case none
    }
}

extension Operation.Parameter {
    private static func whole(_ range: ClosedRange<Int>, orElse standard: Int?) -> JSON {
        var schema: JSONObject = [
            "type": "integer", "minimum": .int(Int64(range.lowerBound)), "maximum": .int(Int64(range.upperBound)),
        ]
        if let standard { schema["default"] = .int(Int64(standard)) }
        return .object(schema)
    }

    /// The rows of a page.
    static let limit = Self("limit", "How many rows a page has", whole(1...100, orElse: 20))
    /// Where a page begins.
    static let cursor = Self("cursor", "The `nextCursor` of the page before", text(2000))
    /// How long an answer is held.
    static let wait = Self("wait", "For how many seconds the answer may be held", whole(1...60, orElse: nil))

    /// A whole number.
    static func integer(
        _ name: String,
        _ description: String,
        _ range: ClosedRange<Int>,
        orElse standard: Int? = nil
    ) -> Self { Self(name, description, whole(range, orElse: standard)) }

    /// One of these words.
    static func word(_ name: String, _ description: String, _ words: [String]) -> Self {
        Self(name, description, ["type": "string", "enum": .array(words.map(JSON.string))])
    }

    /// A text.
    static func text(_ name: String, _ description: String, atMost length: Int = 500) -> Self {
        Self(name, description, text(length))
    }

    /// `true` or `false`.
    static func flag(_ name: String, _ description: String) -> Self { Self(name, description, ["type": "boolean"]) }

    /// A point in time.
    static func time(_ name: String, _ description: String) -> Self {
        Self(name, description, ["type": "string", "format": "date-time"])
    }

    private static func text(_ length: Int) -> JSON { ["type": "string", "maxLength": .int(Int64(length))] }

    /// The writes that are refused when somebody else was faster.
    static let ifMatch = Self("If-Match", "The `ETag` that the change is made on", ["type": "string"])
    /// The reads that cost nothing when nothing has changed.
    static let ifNoneMatch = Self("If-None-Match", "The `ETag` of the answer that the client has", ["type": "string"])
}
