public import Values

import YAML

/// A file with a workflow of another system: JSON, YAML, or a picture that ComfyUI has saved its prompt in.
public enum ImportFile {
    /// The longest file in bytes (contract §3.3).
    public static let maximumBytes = 8 << 20

    /// The value in a file, whose form is found out from its bytes.
    ///
    /// - Throws: ``ImportError`` when it is none of these forms, too long, or deeper than 64 levels.
    public static func value(_ bytes: [UInt8]) throws(ImportError) -> JSON {
        if bytes.starts(with: signature) { return try json(try prompt(in: bytes)) }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let first = bytes.first(where: { !isSpace($0) }) else {
            throw .unsupported(reason: "The file is empty.")
        }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || bytes.count > maximumBytes {
            return try json(bytes)
        }
        return try yaml(bytes)
    }

    private static func json(_ bytes: [UInt8]) throws(ImportError) -> JSON {
        do {
            return try JSON(parsing: bytes, limits: JSONLimits(depth: 64, bytes: maximumBytes))
        } catch {
            throw .json(error)
        }
    }

    private static func yaml(_ bytes: [UInt8]) throws(ImportError) -> JSON {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unsupported(reason: "The file is neither JSON nor YAML in UTF-8, nor a picture in PNG.")
        }
        do {
            guard let node = try YAMLParser.parse(text) else {
                throw ImportError.unsupported(reason: "The file is empty.")
            }
            return try JSON(yaml: node)
        } catch let error as YAMLError {
            throw .text(reason: error.reason, line: error.position.line, column: error.position.column)
        } catch {
            throw error as? ImportError ?? .unsupported(reason: "\(error)")
        }
    }

    // MARK: Pictures

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The text that a picture holds under the key `prompt` (PNG, third edition, §11.3.3.2).
    private static func prompt(in bytes: [UInt8]) throws(ImportError) -> [UInt8] {
        let key = Array("tEXtprompt\0".utf8)
        var place = signature.count
        while place + 12 <= bytes.count {
            let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            let start = place + 4
            guard length <= bytes.count - start - 8 else { break }
            let chunk = bytes[start..<(start + 4 + length)]
            if chunk.starts(with: key) { return Array(chunk.dropFirst(key.count)) }
            place = start + 8 + length
        }
        throw .unsupported(reason: "The picture holds no prompt of ComfyUI. Save the workflow with Export (API).")
    }
}
