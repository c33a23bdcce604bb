internal import EventLoop

/// What the workers of a server have in common.
struct HTTPService: Sendable {
    let limits: HTTPLimits
    let pool: BlockingPool
    let refusal: HTTPListener.Refusal
    let handler: HTTPListener.Handler
}
