/// What attempts used, in the units that vendors count.
public struct Usage: Hashable, Sendable {
    /// Tokens of what was sent.
    public var tokensIn: Int64 = 0
    /// Tokens of what came back.
    public var tokensOut: Int64 = 0
    /// Pictures made.
    public var images: Int64 = 0
    /// The length of films and sounds made, in milliseconds.
    public var milliseconds: Int64 = 0
    /// The pixels of pictures made; a million is a megapixel.
    public var pixels: Int64 = 0

    /// Nothing.
    public init() {}

    /// Whether nothing was used.
    public var isEmpty: Bool { self == Usage() }

    /// The numbers under the names of columns, always in the same order.
    public var columns: [(name: String, value: Int64)] {
        [
            ("tokens_in", tokensIn), ("tokens_out", tokensOut), ("images", images), ("milliseconds", milliseconds),
            ("pixels", pixels),
        ]
    }

    /// The usage as JSON shows it: seconds and megapixels are numbers with a fraction.
    public var json: JSON {
        [
            "tokensIn": .int(tokensIn), "tokensOut": .int(tokensOut), "images": .int(images),
            "seconds": .double(Double(milliseconds) / 1e3), "megapixels": .double(Double(pixels) / 1e6),
        ]
    }

    /// Adds what others used; held at the largest number instead of overflowing.
    public static func += (left: inout Usage, right: Usage) {
        left.tokensIn = left.tokensIn.heldSum(with: right.tokensIn)
        left.tokensOut = left.tokensOut.heldSum(with: right.tokensOut)
        left.images = left.images.heldSum(with: right.images)
        left.milliseconds = left.milliseconds.heldSum(with: right.milliseconds)
        left.pixels = left.pixels.heldSum(with: right.pixels)
    }
}
