// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "millrace",
    products: [],
    targets: [
        // MARK: EventLoop
        .target(name: "CEventLoop"),
        .target(name: "EventLoop", dependencies: ["CEventLoop"]),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "TestSockets"]),

        // MARK: HTTPClient
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "HTTPClient", dependencies: ["CCurl", "CEventLoop", "EventLoop", "HTTPValues"]),
        .testTarget(name: "HTTPClientTests", dependencies: ["EventLoop", "HTTPClient", "HTTPValues", "TestSockets"]),

        // MARK: HTTPServer
        .target(name: "HTTPServer", dependencies: ["CEventLoop", "EventLoop", "HTTPValues"]),
        .testTarget(name: "HTTPServerTests", dependencies: ["EventLoop", "HTTPServer", "HTTPValues", "TestSockets"]),
        .executableTarget(
            name: "http-parser-probe",
            dependencies: ["HTTPServer", "HTTPValues"],
            path: "Tests/Differential/http/Probe"
        ),

        // MARK: HTTPValues
        .target(name: "HTTPValues"),
        .testTarget(name: "HTTPValuesTests", dependencies: ["HTTPValues"]),

        // MARK: Values
        .target(name: "Values"),
        .testTarget(name: "ValuesTests", dependencies: ["Values", "TestSupport"]),

        // MARK: TestSupport
        .target(name: "TestSupport", dependencies: ["Values"]),

        // MARK: TestSockets
        .target(name: "TestSockets"),
    ],
    swiftLanguageModes: [.v6]
)

// Every Swift target is held to the same rules.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
