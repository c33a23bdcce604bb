import Assets
import Storage

extension Settings {
    /// How long things are kept: `--keep-runs 90` is 90 days, `forever` is for ever.
    func retention() throws -> Retention {
        var retention = Retention()
        retention.state = try days("keep-runs", retention.state)
        retention.logs = try days("keep-logs", retention.logs)
        retention.media = try days("keep-media", retention.media)
        retention.audit = try days("keep-audit", retention.audit)
        return retention
    }

    /// How much room media may take.
    func assetLimits() throws -> AssetLimits {
        var limits = AssetLimits()
        limits.quota = try bytes("media-quota")
        limits.reserve = try bytes("disk-reserve") ?? limits.reserve
        return limits
    }

    private func days(_ name: String, _ standard: Duration?) throws -> Duration? {
        guard let text = self[name] else { return standard }
        if text == "forever" { return nil }
        let digits = text.hasSuffix("d") ? text.dropLast() : text[...]
        guard let days = Int64(digits), (1...36_500).contains(days) else {
            throw Arguments.UsageError(
                description: "--\(name) must be a number of days from 1 on, or forever, not \(text)."
            )
        }
        return .seconds(days * 86_400)
    }

    private func bytes(_ name: String) throws -> Int64? {
        guard let text = self[name] else { return nil }
        let units: [(Character, Int64)] = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)]
        let unit = units.first { text.hasSuffix(String($0.0)) }
        let digits = unit == nil ? text[...] : text.dropLast()
        let (bytes, overflow) = (Int64(digits) ?? -1).multipliedReportingOverflow(by: unit?.1 ?? 1)
        guard !overflow, bytes >= 0 else {
            throw Arguments.UsageError(
                description: "--\(name) must be a number of bytes such as 500M or 20G, not \(text)."
            )
        }
        return bytes
    }
}
