import Testing
import Values

struct ValueTests {
    private static let picture: MediaReference? = ContentHash(bytes: [UInt8](repeating: 7, count: 32)).map {
        MediaReference(
            hash: $0,
            mimeType: "image/png",
            bytes: 12,
            width: 3,
            height: 4,
            durationMs: 5,
            fps: 25.5,
            name: "p"
        )
    }

    @Test func `survives being written as a record and read again`() throws {
        let picture = Value.media(try #require(Self.picture))
        let values: [Value] = [
            .text("x"), .json(nil), .json(["j": ["m": 1]]), .json(.array([1, 2])), picture, .list([]),
            .list([picture, .text("y"), .list([.json(3)])]),
        ]
        for value in values {
            #expect(Value(record: value.record) == value)
            #expect(Value(record: try JSON(parsing: value.record.bytes)) == value)
        }
    }

    @Test(arguments: [
        "null", "{}", "[]", #"{"x":1}"#, #"{"m":{}}"#, #"{"l":1}"#, #"{"l":[1]}"#, #"{"m":{"sha256":"00"}}"#,
    ])
    func `refuses any other record`(text: String) throws {
        #expect(Value(record: try JSON(parsing: text)) == nil)
    }

    @Test func `knows its media in order`() throws {
        let picture = try #require(Self.picture)
        #expect(Value.list([.media(picture), .text("x"), .list([.media(picture)])]).media == [picture, picture])
        #expect(Value.text("x").media.isEmpty)
        #expect(Value.text("x").text == "x")
        #expect(Value.json(1).text == nil)
    }
}

struct MediaReferenceTests {
    @Test(arguments: [
        ("image/png", "png", PortType.image), ("image/jpeg", "jpg", .image), ("IMAGE/JPEG; q=1", "jpg", .file),
        ("video/mp4", "mp4", .video), ("audio/mpeg", "mp3", .audio), ("model/gltf-binary", "glb", .model3D),
        ("application/pdf", "pdf", .file), ("text/plain; charset=utf-8", "txt", .file), ("", "bin", .file),
        ("a/../../etc", "bin", .file),
    ])
    func `follows from its type`(type: String, suffix: String, port: PortType) throws {
        let hash = try #require(ContentHash(bytes: [UInt8](repeating: 255, count: 32)))
        let reference = MediaReference(hash: hash, mimeType: type, bytes: 1)
        #expect(reference.fileExtension == suffix)
        #expect(reference.portType == port)
        #expect(reference.path == "/media/med_7zzzzzzzzzzzzzzzzzzzzzzzzz.\(suffix)")
        #expect(MediaReference(json: reference.json) == reference)
    }

    @Test(arguments: [
        ("a.PNG", "image/png"), ("a.b.jpeg", "image/jpeg"), ("png", nil), ("a.", nil), (".mp4", "video/mp4"),
    ])
    func `knows the type of a file by its name`(name: String, type: String?) {
        #expect(MediaReference.mimeType(ofFile: name) == type)
    }
}

struct PortTypeTests {
    @Test func `reads its words in any letter case`() {
        for type in PortType.allCases {
            #expect(PortType(word: type.rawValue.lowercased()) == type)
            #expect(type.isMedia == [.image, .video, .audio, .model3D, .file].contains(type))
        }
        #expect(PortType(word: "model3d") == .model3D)
        #expect(PortType(word: "TEXTS") == nil)
        #expect(PortType(word: "") == nil)
    }
}
