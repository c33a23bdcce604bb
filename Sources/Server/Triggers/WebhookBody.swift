import Engine
import Assets
import Crypto
import HTTPServer
import HTTPValues
import Storage
import Values

/// What came with the call of a webhook (contract §7.9).
struct WebhookBody: Sendable {
    /// The longest form with files, in bytes; anything else may have ``Exchange/bodyBytes``.
    static let formBytes = 8 << 20
    /// The header fields that a run may read.
    static let headers: [HTTPFieldName] = [
        "content-type", "user-agent", "origin", "referer", "accept-language", "x-request-id", "idempotency-key",
        "webhook-id", "webhook-timestamp", "x-github-event", "x-github-delivery", "x-gitlab-event", "x-event-key",
        "x-shopify-topic", "x-shopify-shop-domain",
    ]

    /// The body as it came.
    let raw: [UInt8]
    /// The body as a value; files as their media values.
    private(set) var value: JSON
    private var files: [(place: [String], part: MultipartForm.Part)] = []

    /// Reads the body; files are not kept yet.
    init(_ exchange: Exchange) async throws(APIError) {
        let type = exchange.mediaType
        let isForm = type == "multipart/form-data"
        raw = try await exchange.bytes(atMost: isForm ? Self.formBytes : Exchange.bodyBytes)
        value = .null
        switch type {
        case _ where raw.isEmpty: break
        case "multipart/form-data": try readForm(exchange)
        case "application/x-www-form-urlencoded": try readPairs()
        case "application/json", nil: try readJSON()
        case let type? where type.hasSuffix("+json"): try readJSON()
        case let type? where type.hasPrefix("text/"):
            guard let text = String(validating: raw, as: UTF8.self) else {
                throw APIError(.badRequest, "The body is no UTF-8.")
            }
            value = .string(text)
        default:
            throw APIError(
                .unsupportedMediaType,
                "The body must be JSON, a form or a text, not \(type ?? "an unnamed type")."
            )
        }
    }

    private mutating func readJSON() throws(APIError) {
        do {
            value = try JSON(parsing: raw, limits: .request)
        } catch {
            throw APIError(json: error)
        }
    }

    private mutating func readPairs() throws(APIError) {
        guard let text = String(validating: raw, as: UTF8.self), let items = PercentCoding.items(text[...]) else {
            throw APIError(.badRequest, "The form holds a broken escape, or too many fields.")
        }
        var object = JSONObject()
        for item in items { Self.add(.string(item.value), item.name, to: &object) }
        value = .object(object)
    }

    private mutating func readForm(_ exchange: Exchange) throws(APIError) {
        let form = try MultipartForm(raw, contentType: exchange.request.headers["content-type"] ?? "")
        var object = JSONObject()
        for part in form.parts {
            guard part.fileName == nil else {
                // A form sends an empty part for a field in which nobody chose a file.
                guard part.fileName?.isEmpty == false || !part.bytes.isEmpty else { continue }
                // Until it is kept, the hash of its bytes stands for it.
                Self.add(["sha256": .string(SHA256.hash(part.bytes).hex)], part.name, to: &object)
                let place = object[part.name]?.array.map { [part.name, "\($0.count - 1)"] } ?? [part.name]
                files.append((place, part))
                continue
            }
            guard let text = String(validating: part.bytes, as: UTF8.self) else {
                throw APIError(.badRequest, "The field \(part.name.prefix(60)) is no UTF-8.")
            }
            Self.add(.string(text), part.name, to: &object)
        }
        value = .object(object)
    }

    /// A field that comes more than once is a list.
    private static func add(_ value: JSON, _ name: String, to object: inout JSONObject) {
        switch object[name] {
        case nil: object[name] = value
        case .array(let list)?: object[name] = .array(list + [value])
        case let former?: object[name] = [former, value]
        }
    }

    /// Keeps the files of a form, whose media values take their places.
    mutating func keepFiles(_ server: APIServer, of account: AccountID, _ exchange: Exchange) async throws(APIError) {
        guard var object = value.object else { return }
        for (place, part) in files {
            let media: MediaReference
            do throws(AssetError) {
                try await server.assets.admit()
                media = try await server.assets.keep(
                    bytes: part.bytes,
                    mimeType: part.mimeType,
                    name: part.fileName,
                    at: exchange.now
                )
                let until = server.configuration.keepMedia.map { exchange.now + $0 }
                try await server.assets.markUploaded(media, account: account, until: until)
            } catch {
                throw APIServer.translate(error, limit: Int64(Self.formBytes))
            }
            guard case .object(var described) = media.described else { continue }
            described["id"] = .string(media.id.description)
            described["url"] = .string(media.path)
            if place.count == 2, var list = object[place[0]]?.array, let index = Int(place[1]), index < list.count {
                list[index] = .object(described)
                object[place[0]] = .array(list)
            } else {
                object[place[0]] = .object(described)
            }
        }
        value = .object(object)
    }

    /// What a run can read under `trigger`.
    func trigger(_ exchange: Exchange) -> JSON {
        var headers = JSONObject()
        for name in Self.headers {
            if let value = exchange.request.headers[name] { headers[name.text] = .string(String(value.prefix(2000))) }
        }
        var query = JSONObject()
        for item in exchange.query where item.name != "token" {
            query[item.name] = .string(item.value)
        }
        return ["body": value, "headers": .object(headers), "query": .object(query)]
    }
}
