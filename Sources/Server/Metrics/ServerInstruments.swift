import HTTPValues
import Telemetry

/// What this server has counted about the requests it has answered since it started.
final class ServerInstruments: Sendable {
    /// The answers.
    let requests = CounterFamily(
        "millrace_http_requests_total",
        "Requests that were answered, by route and status.",
        labels: ["method", "route", "status"]
    )
    /// How long the answers took.
    let seconds = HistogramFamily(
        "millrace_http_request_duration_seconds",
        "Time from a request to its answer, or to the first byte of a stream.",
        labels: ["route"]
    )

    /// Counts an answer; requests of no route are counted together, so that nobody makes new labels.
    func note(_ route: Route?, _ status: Int, _ duration: Duration) {
        let path = route?.path ?? "none"
        requests.add(1, [route?.method.rawValue ?? "none", path, "\(status)"])
        seconds.add(duration, [path])
    }
}
