// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "millrace",
    products: [],
    targets: [
        // MARK: Expressions
        .target(name: "Expressions", dependencies: ["Values"]),
        .executableTarget(
            name: "ExpressionProbe",
            dependencies: ["Expressions", "Values"],
            path: "Tests/ExpressionProbe"
        ),
        .testTarget(name: "ExpressionsTests", dependencies: ["Expressions", "TestSupport", "Values"]),

        // MARK: Values
        .target(name: "Values"),
        .testTarget(name: "ValuesTests", dependencies: ["Values", "TestSupport"]),

        // MARK: TestSupport
        .target(name: "TestSupport", dependencies: ["Values"]),
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
