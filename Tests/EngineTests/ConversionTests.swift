import Engine
import Testing
import Values

/// The conversions between ports of the contract's §9.3, one by one.
struct ConversionTests {
    private static let image = media("image/png")

    private static func media(_ mimeType: String) -> Value {
        guard let hash = ContentHash(String(repeating: "a", count: 64)) else { preconditionFailure() }
        return .media(MediaReference(hash: hash, mimeType: mimeType, bytes: 7, width: 2, height: 3, name: "a"))
    }

    private static let json: [(JSON, PortType, PortType, JSON)] = [
        (1.5, .number, .text, "1.5"), (2.0, .number, .text, "2"), (true, .boolean, .text, "true"),
        (["a": [1, nil]], .json, .text, #"{"a":[1,null]}"#), ("x", .json, .text, "x"), ("x", .text, .text, "x"),
        (#" {"a": 1} "#, .text, .json, ["a": 1]), ("```json\n[1]\n```\n", .text, .json, [1]), ("7", .text, .json, 7),
        ("x", .json, .json, "x"), (["a": 1], .any, .json, ["a": 1]),
        (" 1.5 ", .text, .number, 1.5), ("-2e3", .text, .number, -2000), (3, .json, .number, 3),
        ("true", .text, .boolean, true), ("false", .text, .boolean, false), (true, .json, .boolean, true),
        (["a"], .json, .any, ["a"]), ("x", .text, .any, "x"),
    ]

    @Test(arguments: json)
    func `a value becomes what the port takes`(value: JSON, from: PortType, to: PortType, expected: JSON) throws {
        #expect(try Conversion.convert(.json(value), from: from, to: to) == .json(expected))
    }

    private static let failures: [(JSON, PortType, PortType, String)] = [
        ("one", .text, .number, "is no number"), ("1,5", .text, .number, "is no number"),
        ("", .text, .number, "no number"),
        (true, .json, .number, "is no number"), ("NaN", .text, .number, "is no number"),
        ("yes", .text, .boolean, "neither true nor false"), (1, .number, .boolean, "neither true nor false"),
        ("TRUE", .text, .boolean, "neither true nor false"), ("{", .text, .json, "The text is no JSON"),
        ("```\nx\n```", .text, .json, "The text is no JSON"), (1, .number, .image, "cannot be used as IMAGE"),
        (["url": "x"], .json, .video, "cannot be used as VIDEO"),
    ]

    @Test(arguments: failures)
    func `what cannot be converted fails, and says what it was`(
        value: JSON,
        from: PortType,
        to: PortType,
        reason: String
    ) {
        let error = #expect(throws: NodeError.self) { _ = try Conversion.convert(.json(value), from: from, to: to) }
        #expect(error?.code == "conversion_failed")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `media becomes its address, its facts, or a file`() throws {
        let text = try Conversion.convert(Self.image, from: .image, to: .text)
        #expect(text.asJSON.string?.hasPrefix("/media/med_") == true)
        let facts = try Conversion.convert(Self.image, from: .image, to: .json).asJSON
        #expect(facts["url"] == text.asJSON && facts["mimeType"] == "image/png" && facts["width"] == 2)
        #expect(try Conversion.convert(Self.image, from: .image, to: .file) == Self.image)
        #expect(try Conversion.convert(Self.image, from: .any, to: .image) == Self.image)
        #expect(try Conversion.convert(Self.image, from: .image, to: .any) == Self.image)
    }

    @Test func `media does not become media of another kind`() throws {
        let error = #expect(throws: NodeError.self) {
            _ = try Conversion.convert(Self.image, from: .image, to: .video)
        }
        #expect(error?.message == "image/png cannot be used as VIDEO.")
        // What nobody could name may be anything.
        let file = Self.media("application/octet-stream")
        #expect(try Conversion.convert(file, from: .file, to: .video) == file)
    }
}
