// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "millrace",
    products: [],
    targets: [
        // MARK: Admission
        .target(name: "Admission", dependencies: ["Catalog", "Values"]),
        .testTarget(name: "AdmissionTests", dependencies: ["Admission", "Catalog", "Values"]),

        // MARK: Assets
        .target(
            name: "Assets",
            dependencies: ["Crypto", "EventLoop", "FileSystem", "Storage", "Values"]
        ),
        .testTarget(
            name: "AssetsTests",
            dependencies: [
                "Assets", "Crypto", "EventLoop", "FileSystem", "SQLite", "Storage", "TestSupport", "Values",
            ]
        ),

        // MARK: Backups
        .target(name: "Backups", dependencies: ["Assets", "Crypto", "FileSystem", "Storage", "Values"]),
        .testTarget(
            name: "BackupsTests",
            dependencies: ["Assets", "Backups", "EventLoop", "FileSystem", "Storage", "TestSupport", "Values"]
        ),

        // MARK: benchmarks
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Catalog", "EventLoop", "Expressions", "HTTPClient", "HTTPServer", "HTTPValues", "Layout", "SQLite",
                "Storage",
                "Values",
                "Workflows",
            ],
            path: "Benchmarks",
            exclude: ["raw"]
        ),

        // MARK: Catalog
        .target(name: "CCatalog", cSettings: [.disableWarning("c23-extensions")]),
        .target(name: "Catalog", dependencies: ["CCatalog", "Crypto", "Expressions", "Values"]),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "Engine", "Expressions", "TestSupport", "Values", "Workflows"]
        ),

        // MARK: Crypto
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "Crypto", dependencies: ["CCrypto", "CSodium"]),
        .testTarget(name: "CryptoTests", dependencies: ["Crypto", "Values"]),

        // MARK: Engine
        .target(
            name: "Engine",
            dependencies: ["Catalog", "Crypto", "Expressions", "HTMLText", "JSONSchemas", "Values", "Workflows"]
        ),
        .testTarget(name: "EngineTests", dependencies: ["Catalog", "Engine", "TestSupport", "Values", "Workflows"]),

        // MARK: EventLoop
        .target(name: "CEventLoop"),
        .target(name: "EventLoop", dependencies: ["CEventLoop"]),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "TestSockets"]),

        // MARK: Expressions
        .target(name: "Expressions", dependencies: ["Values"]),
        .executableTarget(
            name: "ExpressionProbe",
            dependencies: ["Expressions", "Values"],
            path: "Tests/ExpressionProbe"
        ),
        .testTarget(name: "ExpressionsTests", dependencies: ["Expressions", "TestSupport", "Values"]),

        // MARK: FileSystem
        .target(name: "FileSystem"),
        .testTarget(name: "FileSystemTests", dependencies: ["FileSystem", "TestSupport"]),
        // MARK: Handbook
        .target(name: "Handbook", dependencies: ["Catalog", "Expressions", "Values"]),
        .testTarget(name: "HandbookTests", dependencies: ["Catalog", "Expressions", "Handbook", "Values"]),

        // MARK: HTMLText
        .target(name: "HTMLText"),
        .testTarget(name: "HTMLTextTests", dependencies: ["HTMLText", "TestSupport"]),

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

        // MARK: JSONSchemas
        .target(name: "JSONSchemas", dependencies: ["Expressions", "Values"]),
        .testTarget(name: "JSONSchemasTests", dependencies: ["JSONSchemas", "TestSupport", "Values"]),

        // MARK: Layout
        .target(name: "Layout"),
        .testTarget(name: "LayoutTests", dependencies: ["Layout", "TestSupport"]),

        // MARK: millrace
        .executableTarget(
            name: "millrace",
            dependencies: [
                "Admission", "Assets", "Backups", "Catalog", "Crypto", "Engine", "EventLoop", "Expressions",
                "FileSystem",
                "Handbook",
                "HTTPClient",
                "HTTPServer",
                "HTTPValues", "Providers", "Runtime", "Server", "Storage", "Values", "Vault", "Workflows", "YAML",
            ]
        ),

        // MARK: EndToEndTests: the built server, as its users meet it
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Crypto", "Processes", "TestSockets", "TestSupport", "Values"],
            exclude: ["MockVendor"]
        ),

        // MARK: PostgreSQL
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "PostgreSQL", dependencies: ["CPostgreSQL"]),
        .testTarget(name: "PostgreSQLTests", dependencies: ["PostgreSQL", "TestSupport"]),

        // MARK: Processes
        .target(name: "Processes"),
        .testTarget(name: "ProcessesTests", dependencies: ["FileSystem", "Processes", "TestSupport"]),

        // MARK: Providers
        .target(
            name: "Providers",
            dependencies: [
                "Admission", "Assets", "Catalog", "Crypto", "Engine", "EventLoop", "Expressions", "FileSystem",
                "HTTPClient", "HTTPValues", "Processes", "Values",
            ]
        ),
        .testTarget(
            name: "ProvidersTests",
            dependencies: [
                "Admission", "Assets", "Catalog", "Crypto", "Engine", "EventLoop", "FileSystem", "HTTPClient",
                "HTTPServer",
                "HTTPValues",
                "Providers", "Storage", "TestSupport", "Values", "Workflows",
            ]
        ),

        // MARK: Runtime
        .target(
            name: "Runtime",
            dependencies: [
                "Admission", "Catalog", "Crypto", "Engine", "EventLoop", "FileSystem", "Storage", "Telemetry",
                "Timetables", "Values",
                "Workflows",
            ]
        ),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "Admission", "Catalog", "Engine", "EventLoop", "Runtime", "SQLite", "Storage", "TestSockets",
                "TestSupport", "Timetables", "Values",
                "Workflows",
            ]
        ),

        // MARK: Server
        .target(
            name: "Server",
            dependencies: [
                "Assets", "Catalog", "Crypto", "Engine", "EventLoop", "FileSystem", "HTTPServer", "HTTPValues",
                "Handbook", "JSONSchemas", "Layout", "Runtime", "Storage", "Telemetry", "Timetables", "Values", "Vault",
                "Workflows",
            ]
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Admission", "Assets", "Catalog", "Crypto", "Engine", "EventLoop", "HTTPServer", "HTTPValues",
                "Runtime", "SQLite", "Server", "Storage", "TestSupport", "Values", "Vault", "Workflows",
            ]
        ),

        // MARK: Simulation
        .target(
            name: "Simulation",
            dependencies: [
                "Admission", "Catalog", "Engine", "EventLoop", "Runtime", "SQLite", "Storage", "TestSupport", "Values",
                "Workflows",
            ],
            path: "Tests/Simulation"
        ),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "TestSupport", "Values"]),

        // MARK: SQLite
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "SQLite", dependencies: ["CSQLite"]),
        .testTarget(name: "SQLiteTests", dependencies: ["SQLite", "TestSupport"]),

        // MARK: Storage
        .target(name: "Storage", dependencies: ["EventLoop", "FileSystem", "PostgreSQL", "SQLite", "Values"]),
        .testTarget(
            name: "StorageTests",
            dependencies: ["PostgreSQL", "Storage", "TestSockets", "TestSupport", "Values"]
        ),

        // MARK: Telemetry
        .target(name: "Telemetry"),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "TestSupport"]),

        // MARK: TestSockets
        .target(name: "TestSockets"),

        // MARK: TestSupport
        .target(name: "TestSupport", dependencies: ["EventLoop", "HTTPServer", "HTTPValues", "PostgreSQL", "Values"]),

        // MARK: Timetables
        .target(name: "Timetables", dependencies: ["Values"]),
        .testTarget(name: "TimetablesTests", dependencies: ["TestSupport", "Timetables", "Values"]),

        // MARK: Values
        .target(name: "Values"),
        .testTarget(name: "ValuesTests", dependencies: ["TestSupport", "Values"]),

        // MARK: Vault
        .target(name: "Vault", dependencies: ["Crypto", "FileSystem", "Storage", "Values"]),
        .testTarget(
            name: "VaultTests",
            dependencies: ["EventLoop", "FileSystem", "Storage", "TestSupport", "Values", "Vault"]
        ),

        // MARK: Workflows
        .target(name: "Workflows", dependencies: ["Catalog", "Crypto", "Expressions", "Layout", "Values", "YAML"]),
        .testTarget(
            name: "WorkflowsTests",
            dependencies: ["Catalog", "Expressions", "Layout", "TestSupport", "Values", "Workflows", "YAML"]
        ),

        // MARK: YAML
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "YAML", dependencies: ["CYAML"]),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzer needs instrumented modules, so it is built alone (Scripts/fuzz); its corpus is read again by the tests.
let readers: [Target.Dependency] = [
    "Catalog", "Expressions", "HTMLText", "JSONSchemas", "Values", "Workflows", "YAML",
]
package.targets.append(
    Context.environment["MILLRACE_FUZZ"] == nil
        ? .testTarget(
            name: "FuzzTests",
            dependencies: readers,
            path: "Tests/Fuzz",
            exclude: ["Fuzz.swift", "corpus"]
        )
        : .executableTarget(
            name: "fuzz",
            dependencies: readers,
            path: "Tests/Fuzz",
            exclude: ["CorpusTests.swift", "corpus"],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
        )
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
