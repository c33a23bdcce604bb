/// The smallest model that viewers show: one triangle in a binary glTF file (Khronos, glTF 2.0, §4.4 and §5.1).
enum TinyModel {
    static var bytes: [UInt8] {
        var json = Array(
            """
            {"asset":{"version":"2.0","generator":"Millrace sandbox"},"scene":0,"scenes":[{"nodes":[0]}],\
            "nodes":[{"mesh":0,"name":"sandbox"}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],\
            "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}],\
            "bufferViews":[{"buffer":0,"byteLength":36,"target":34962}],"buffers":[{"byteLength":36}]}
            """.utf8
        )
        while json.count % 4 != 0 { json.append(UInt8(ascii: " ")) }
        let corners: [Float] = [0, 0, 0, 1, 0, 0, 0, 1, 0]
        let data = corners.flatMap { $0.bitPattern.littleBytes }
        let length = UInt32(12 + 8 + json.count + 8 + data.count)
        return Array("glTF".utf8) + UInt32(2).littleBytes + length.littleBytes
            + UInt32(json.count).littleBytes + Array("JSON".utf8) + json
            + UInt32(data.count).littleBytes + Array("BIN\0".utf8) + data
    }
}

/// A quiet tone in a WAV file.
enum Tone {
    static func bytes(seconds: Double, seed: UInt64) -> [UInt8] {
        let rate: UInt32 = 22_050
        let count = Int(seconds * Double(rate))
        // A note of the scale of A major, so that tones of different questions sound different.
        let steps = [0, 2, 4, 5, 7, 9, 11][Int(seed % 7)]
        let period = Double(rate) / (220 * pow2(Double(steps) / 12))
        var samples: [UInt8] = []
        samples.reserveCapacity(count * 2)
        for place in 0..<count {
            // A triangle wave, rising and fading within a tenth of a second.
            let phase = (Double(place) / period).truncatingRemainder(dividingBy: 1)
            let edge = min(1, Double(min(place, count - place)) / Double(rate) * 10)
            let sample = Int16((abs(phase * 4 - 2) - 1) * 6000 * edge)
            samples += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
        }
        let size = UInt32(samples.count)
        return Array("RIFF".utf8) + (36 + size).littleBytes + Array("WAVEfmt ".utf8) + UInt32(16).littleBytes
            + [1, 0, 1, 0] + rate.littleBytes + (rate * 2).littleBytes + [2, 0, 16, 0]
            + Array("data".utf8) + size.littleBytes + samples
    }

    /// 2 to a power from 0 to 1, by squaring roots.
    private static func pow2(_ exponent: Double) -> Double {
        var (result, root, rest) = (1.0, 2.0, exponent)
        for _ in 0..<24 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result *= root
                rest -= 1
            }
        }
        return result
    }
}

/// A striped picture for servers without a program that draws: a PNG with one bit a pixel whose data is stored without
/// compression (W3C, PNG, §11 and §13; RFC 1950 and 1951).
enum PlainPicture {
    static func bytes(width: Int, height: Int, seed: UInt64) -> [UInt8] {
        let stripe = 16 + Int(seed % 48)
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)
            for left in stride(from: 0, to: width, by: 8) {
                let bits = (0..<8).reduce(UInt8(0)) { $0 << 1 | (((left + $1 + y) / stripe) % 2 == 0 ? 0 : 1) }
                rows.append(bits)
            }
        }
        let color = [UInt8(truncatingIfNeeded: seed >> 8) | 0x80, UInt8(truncatingIfNeeded: seed >> 16), 0xC0]
        let header = UInt32(width).bigBytes + UInt32(height).bigBytes + [1, 3, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("PLTE", [0x20, 0x28, 0x38] + color) + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let piece = bytes[start..<min(bytes.count, start + 65_535)]
            let count = UInt16(piece.count)
            let isLast: UInt8 = start + 65_535 >= bytes.count ? 1 : 0
            result +=
                [isLast, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)] + piece
        }
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return result + (high << 16 | low).bigBytes
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        var check = UInt32.max
        for byte in body {
            check ^= UInt32(byte)
            for _ in 0..<8 { check = check & 1 == 1 ? check >> 1 ^ 0xEDB8_8320 : check >> 1 }
        }
        return UInt32(data.count).bigBytes + body + (~check).bigBytes
    }
}

extension UInt32 {
    fileprivate var littleBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
    fileprivate var bigBytes: [UInt8] { littleBytes.reversed() }
}
