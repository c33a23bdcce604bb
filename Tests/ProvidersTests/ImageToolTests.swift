import Assets
import Engine
import Providers
import TestSupport
import Testing
import Values

@Suite(.enabled(if: Installed.images), .timeLimit(.minutes(5)))
struct ImageToolTests {
    let bench: ToolBench

    init() throws {
        bench = try ToolBench()
    }

    @Test func `draws a text that tesseract reads without a fault`() async throws {
        let words = [
            "garden", "bridge", "window", "copper", "planet", "silver", "market", "winter", "orange", "castle",
        ]
        for _ in 0..<5 {
            let chosen = words.shuffled().prefix(3).joined(separator: " ")
            let image = try await bench.image(chosen, ["width": 1280, "height": 720])
            #expect(image.mimeType == "image/png" && image.width == 1280 && image.height == 720)
            #expect(try await bench.reading(image) == chosen)
        }
    }

    @Test func `wraps a long text so that every word can be read`() async throws {
        let text = """
            Honey bees turn the nectar of flowers into honey by fanning it with their wings until most of the water is \
            gone and then they seal each cell with a thin lid of wax so that it keeps for years
            """
        let read = try await bench.reading(try await bench.image(text))
        #expect(read.split(whereSeparator: \.isWhitespace).joined(separator: " ") == text)
    }

    @Test func `draws a text of any length`() async throws {
        let long = String(repeating: "many words in a row ", count: 500)
        let image = try await bench.image(long)
        #expect(image.width == 1280)
        let word = try await bench.image(String(repeating: "x", count: 3000))
        #expect(word.height == 720)
    }

    @Test(arguments: [
        "@/etc/passwd", "-write /tmp/x.png", "label:@x", "%[fx:1+1]", "http://example.com/a.png[5x5]", "100% [50x50]",
        "\"quotes\" and 'ticks'", "one\ntwo", "&lt;b&gt;", #"back\slash \n"#, "%d %03d", "|ls", "( -swap )",
        "msl:script", "$(id) `id`", "-", "*", "foo[1-3]",
    ])
    func `draws every text as text`(text: String) async throws {
        let image = try await bench.image(text + " walrus", ["size": 48])
        let read = try await bench.reading(image)
        #expect(read.contains("walrus"), "\(read)")
        #expect(!read.contains("root"))
        // What is drawn depends on every character of the text: nothing was taken for an instruction.
        let other = try await bench.image(String(text.dropLast()) + " walrus", ["size": 48])
        #expect(other.hash != image.hash || text.last?.isWhitespace == true)
        #expect(image.width == 1280 && image.height == 720)
    }

    @Test func `reads hostile texts back letter by letter`() async throws {
        for text in ["@/etc/passwd", "-write out.png", "label:@x", "%[fx:1+1]", "http://example.com/x.png"] {
            let read = try await bench.reading(try await bench.image(text, ["size": 60, "font": "mono"]))
            #expect(read.lowercased().filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace })
        }
    }

    @Test func `draws the same picture for the same text`() async throws {
        let first = try await bench.image("twice")
        #expect(try await bench.image("twice") == first)
    }

    @Test func `draws shapes over a gradient`() async throws {
        let data: JSON = [
            "width": 400, "height": 200, "background": "#000000", "background_end": "#000000",
            "elements": [
                ["type": "rectangle", "x": 0, "y": 0, "width": 200, "height": 200, "color": "#ff0000"],
                ["type": "ellipse", "x": 220, "y": 20, "width": 160, "height": 160, "color": "lime"],
                ["type": "line", "x": 0, "y": 100, "x2": 399, "y2": 100, "stroke": "white", "stroke_width": 4],
                ["text": "OK", "x": 20, "y": 120, "width": 160, "height": 60],
            ],
        ]
        let image = try await bench.media(.draw, ["data": .json(data)], port: "image")
        #expect(image.width == 400 && image.height == 200)
        #expect(try await bench.reading(image).contains("OK"))
    }

    @Test(
        arguments: [
            (["width": 100], 100, 50), (["height": 100], 200, 100), (["width": 100, "height": 100], 100, 50),
            (["width": 100, "height": 100, "fit": "cover"], 100, 100),
            (["width": 100, "height": 120, "fit": "contain", "background": "navy"], 100, 120),
            (["width": 90, "height": 120, "fit": "fill"], 90, 120), (["width": 800, "height": 0], 800, 400),
        ] as [([String: JSON], Int, Int)]
    )
    func `brings a picture to a size`(parameters: [String: JSON], width: Int, height: Int) async throws {
        let image = try await bench.image("size", ["width": 400, "height": 200])
        let resized = try await bench.media(.resize, ["image": .media(image)], parameters, port: "image")
        #expect(resized.width == width && resized.height == height)
    }

    @Test(
        arguments: [
            (["x": 10, "y": 20, "width": 100, "height": 50], 100, 50), (["aspect_ratio": "1:1"], 200, 200),
            (["x": 350, "width": 100], 50, 200), (["aspect_ratio": "4:1", "position": "top"], 400, 100),
            (["width": 120, "aspect_ratio": "2:1"], 120, 60),
        ] as [([String: JSON], Int, Int)]
    )
    func `cuts out a part of a picture`(parameters: [String: JSON], width: Int, height: Int) async throws {
        let image = try await bench.image("crop", ["width": 400, "height": 200])
        let cropped = try await bench.media(.crop, ["image": .media(image)], parameters, port: "image")
        #expect(cropped.width == width && cropped.height == height)
    }

    @Test(arguments: ["png", "jpeg", "webp", "gif"])
    func `writes a picture in another format`(format: String) async throws {
        let image = try await bench.image("format", ["width": 320, "height": 160])
        let converted = try await bench.media(
            .convert,
            ["image": .media(image)],
            ["format": .string(format)],
            port: "image"
        )
        #expect(converted.mimeType == "image/\(format)")
        #expect(converted.width == 320 && converted.height == 160)
        // What was written can be read again, and keeps its format where it can be written.
        let again = try await bench.media(.resize, ["image": .media(converted)], ["width": 100], port: "image")
        #expect(again.mimeType == (format == "gif" ? "image/png" : "image/\(format)"))
    }

    @Test func `turns, mirrors, pads and recolours a picture`() async throws {
        let image = try await bench.image("turn", ["width": 400, "height": 200])
        let turned = try await bench.media(
            .transform,
            ["image": .media(image)],
            [
                "rotate": 90, "flip": "both", "padding": 10, "background": "white", "grayscale": true, "brightness": 10,
                "contrast": 5, "saturation": 50, "blur": 1, "sharpen": true,
            ],
            port: "image"
        )
        #expect(turned.width == 220 && turned.height == 420)
    }

    @Test(arguments: [2, 4])
    func `makes a picture so many times larger on each side`(scale: Int64) async throws {
        let image = try await bench.image("scale", ["width": 320, "height": 200])
        let larger = try await bench.media(.upscale, ["image": .media(image)], ["scale": .int(scale)], port: "image")
        #expect(larger.width == 320 * Int(scale) && larger.height == 200 * Int(scale))
        #expect(try await bench.reading(larger).contains("scale"))
    }

    @Test func `writes a text on a picture`() async throws {
        let image = try await bench.image(" . ", ["background": "#203040", "color": "#203040"])
        let written = try await bench.media(
            .overlayText,
            ["image": .media(image), "text": .text("lighthouse keeper")],
            ["position": "bottom_left", "box_color": "black"],
            port: "image"
        )
        #expect(written.width == 1280 && written.height == 720)
        #expect(try await bench.reading(written).contains("lighthouse keeper"))
    }

    @Test func `lays pictures on a picture of unchanged size`() async throws {
        let background = try await bench.image(" . ", ["width": 600, "height": 400, "background": "white"])
        let layer = try await bench.image("stamp", ["width": 300, "height": 150, "background": "black"])
        let mask = try await bench.image(" . ", ["width": 10, "height": 10, "background": "white", "color": "white"])
        let made = try await bench.media(
            .composite,
            [
                "background": .media(background), "layer_1": .media(layer), "layer_2": .media(layer),
                "layers": .list([.media(layer)]), "mask": .media(mask),
                "data": .json([
                    ["x": 5, "y": 5], ["width": 60, "opacity": 50, "blend": "multiply"],
                    ["x": -20, "y": 300, "width": 90, "rotate": 10],
                ]),
            ],
            ["position": "bottom_right", "rotate": 0],
            port: "image"
        )
        #expect(made.width == 600 && made.height == 400)
        let corner = try await bench.media(
            .crop,
            ["image": .media(made)],
            ["x": 0, "y": 0, "width": 305, "height": 155],
            port: "image"
        )
        #expect(try await bench.reading(corner).contains("stamp"))
    }

    @Test func `hides a layer where its mask is black`() async throws {
        let background = try await bench.image(" . ", ["width": 600, "height": 300, "background": "white"])
        let layer = try await bench.image("hidden", ["width": 600, "height": 300, "background": "black"])
        let mask = try await bench.image(" . ", ["width": 10, "height": 10, "background": "black", "color": "black"])
        let made = try await bench.media(
            .composite,
            ["background": .media(background), "layer_1": .media(layer), "mask": .media(mask)],
            port: "image"
        )
        #expect(try await bench.reading(made) == "")
    }

    @Test func `gives each word with its rectangle and its confidence`() async throws {
        let image = try await bench.image("three random words", ["size": 60])
        let outputs = try await bench.run(.ocr, ["image": .media(image)])
        let words = try #require(outputs["words"]?.asJSON.array)
        #expect(words.compactMap { $0["text"]?.string } == ["three", "random", "words"])
        for word in words {
            let confidence = try #require(word["confidence"]?.number)
            #expect((0.5...1).contains(confidence))
            let (x, width) = (try #require(word["x"]?.integer), try #require(word["width"]?.integer))
            #expect(x > 0 && width > 20 && x + width < 1280)
        }
    }

    @Test func `refuses what is no picture, a wrong setting and a size beyond the limits`() async throws {
        let bytes = try await bench.assets.keep(
            bytes: Array("push graphic-context\nimage over 0,0 0,0 'label:@/etc/passwd'".utf8),
            mimeType: "image/png",
            at: ToolBench.now
        )
        let broken = try await bench.error { try await bench.run(.convert, ["image": .media(bytes)]) }
        #expect(broken.code == "invalid_input" && !broken.message.contains(bench.folder.path), "\(broken.message)")
        let drawing = try await bench.assets.keep(
            bytes: Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8),
            mimeType: nil,
            at: ToolBench.now
        )
        let vector = try await bench.error { try await bench.run(.resize, ["image": .media(drawing)], ["width": 9]) }
        #expect(vector.message.contains("image/svg+xml"))
        let image = try await bench.image("x", ["width": 300, "height": 300])
        for parameters in [
            ["width": "12"], ["width": 1_000_000], ["width": 9, "fit": "other"],
            ["width": 9, "height": 9, "fit": "contain", "background": "@x"],
        ] as [[String: JSON]] {
            let error = try await bench.error { try await bench.run(.resize, ["image": .media(image)], parameters) }
            #expect(error.code == "invalid_input")
        }
        let wide = try await bench.image("x", ["width": 3001, "height": 100])
        let error = try await bench.error { try await bench.run(.upscale, ["image": .media(wide)], ["scale": 4]) }
        #expect(error.code == "invalid_input" && error.message.contains("12004"))
        #expect(try bench.leftovers == [])
    }
}
