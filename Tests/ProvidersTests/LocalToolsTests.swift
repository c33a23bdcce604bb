import Assets
import Catalog
import Engine
import FileSystem
import Foundation
import Providers
import Synchronization
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(2)))
struct LocalToolsTests {
    /// Programs that do what a line of shell says.
    private func bench(
        _ programs: [String: String],
        limits: ToolLimits = ToolLimits(),
        fonts: [String] = ToolPlaces().fonts
    ) throws -> ToolBench {
        let folder = try TemporaryFolder()
        for (name, line) in programs {
            let path = "\(folder.path)/\(name)"
            try "#!/bin/sh\n\(line)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return try ToolBench(programs: folder, fonts: fonts, limits: limits)
    }

    private func speak(_ bench: ToolBench, within time: Duration = .seconds(60)) async throws -> [String: Value] {
        try await bench.run(.speech, ["text": .text("hello")], within: time)
    }

    @Test(arguments: [
        (LocalTool.assemble, "ffmpeg"), (.frames, "ffmpeg"), (.speech, "espeak-ng"), (.resize, "imagemagick"),
        (.ocr, "tesseract-ocr"), (.draw, "fonts-dejavu-core"),
    ])
    func `names the package that is missing and the command that installs it`(
        tool: LocalTool,
        package: String
    ) async throws {
        let bench = try bench([:], fonts: [])
        let error = try await bench.error { try await bench.run(tool) }
        #expect(error.code == "not_found" && error.accepted == .no && error.charged == .no)
        #expect(error.message.contains(package), "\(error.message)")
        #expect(error.message.contains("sudo apt-get install"))
        let availability = bench.tools.availability(of: tool)
        #expect(!availability.isAvailable && availability.missingPackages.contains(package))
    }

    @Test func `says which tools are there, also when a package is installed later`() throws {
        let bench = try bench(["espeak-ng": "exit 0"])
        #expect(bench.tools.availability(of: .speech).isAvailable)
        #expect(bench.tools.availability(of: .speech).installCommand == nil)
        #expect(bench.tools.availability(of: .soundTrim).installCommand == "sudo apt-get install ffmpeg")
        #expect(bench.tools.availability.count == LocalTool.allCases.count)
        #expect(bench.tools.availability(of: .probe).isAvailable)
        for name in ["ffmpeg", "ffprobe"] {
            _ = FileManager.default.createFile(
                atPath: "\(bench.programs?.path ?? "")/\(name)",
                contents: nil,
                attributes: [.posixPermissions: 0o755]
            )
        }
        #expect(bench.tools.availability(of: .soundTrim).isAvailable)
    }

    @Test func `refuses a tool that is not on the list`() async throws {
        let bench = try bench([:])
        let error = try await bench.error {
            try await bench.tools.run(
                "sh",
                inputs: [:],
                parameters: [:],
                deadline: ToolBench.now + .seconds(1),
                now: { ToolBench.now }
            )
        }
        #expect(error.code == "contract")
    }

    @Test func `gives what a program says when it fails, without our folders`() async throws {
        let bench = try bench(["espeak-ng": "echo \"$PWD/text.txt is no text\" >&2; exit 3"])
        let error = try await bench.error { try await speak(bench) }
        #expect(error.code == "invalid_input")
        #expect(error.message.hasSuffix("espeak-ng: text.txt is no text"), "\(error.message)")
        #expect(try bench.leftovers == [])
    }

    @Test func `shows programs nothing of the server's environment`() async throws {
        let bench = try bench(["espeak-ng": "env | cut -d= -f1 | sort | tr '\\n' ' ' >&2; exit 1"])
        let error = try await bench.error { try await speak(bench) }
        let names = try #require(error.message.split(separator: ": ").last).split(separator: " ").map(String.init)
        let own: Set<String> = [
            "HOME", "LANG", "MAGICK_CONFIGURE_PATH", "MAGICK_TEMPORARY_PATH", "MAGICK_THREAD_LIMIT", "OMP_THREAD_LIMIT",
            "PATH", "PWD", "TMPDIR", "XDG_CACHE_HOME", "_",
        ]
        #expect(Set(names).isSubset(of: own), "\(names)")
    }

    @Test func `ends a program at its processor time, its longest file and its memory`() async throws {
        var limits = ToolLimits()
        limits.cpuSeconds = 1
        limits.fileBytes = 100_000
        let busy = try bench(["espeak-ng": "while :; do :; done"], limits: limits)
        let time = try await busy.error { try await speak(busy) }
        #expect(time.code == "invalid_input" && time.message.contains("more work"), "\(time.message)")
        let wordy = try bench(["espeak-ng": "exec head -c 10000000 /dev/zero"], limits: limits)
        let file = try await wordy.error { try await speak(wordy) }
        #expect(file.code == "invalid_input")
        limits.memoryBytes = 200 << 20
        let greedy = try bench(["espeak-ng": "exec tail -c 900000000 /dev/zero"], limits: limits)
        let memory = try await greedy.error { try await speak(greedy) }
        #expect(memory.code == "invalid_input")
    }

    @Test func `ends a program that does not come to an end in time`() async throws {
        // Longer than the test may take.
        let bench = try bench(["espeak-ng": "sleep 600 & sleep 600"])
        let error = try await bench.error { try await speak(bench, within: .milliseconds(200)) }
        #expect(error.code == "timeout" && error.accepted == .no)
        let late = try await bench.error { try await speak(bench, within: .seconds(-1)) }
        #expect(late.code == "timeout")
        #expect(try bench.leftovers == [])
    }

    @Test func `ends a program and what it started as soon as its task is cancelled`() async throws {
        let marks = try TemporaryFolder()
        let bench = try bench([
            "espeak-ng": "sleep 300 & echo $! > \(marks.path)/child; mv \(marks.path)/child \(marks.path)/started; wait"
        ])
        let task = Task { try await bench.error { try await speak(bench, within: .seconds(100)) } }
        while !Folder.exists("\(marks.path)/started") { try await Task.sleep(for: .milliseconds(2)) }
        let text = try String(contentsOfFile: "\(marks.path)/started", encoding: .utf8)
        let grandchild = try #require(Int(text.filter(\.isNumber)))
        let clock = ContinuousClock()
        let start = clock.now
        task.cancel()
        let error = try await task.value
        #expect(error.code == "cancelled")
        #expect(clock.now - start < .seconds(10))
        #expect(try bench.leftovers == [])
        // The group is gone with its leader; init may need a moment to take a dead process off the list.
        while isRunning(grandchild) { try await Task.sleep(for: .milliseconds(2)) }
    }

    private func isRunning(_ process: Int) -> Bool {
        guard let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !state.contains(") Z ")
    }

    @Test func `runs so many programs at once and no more`() async throws {
        let marks = try TemporaryFolder()
        let bench = try bench(
            [
                "espeak-ng":
                    "mkdir \(marks.path)/$$; ls \(marks.path) | wc -l >&2; sleep 0.05; rmdir \(marks.path)/$$; exit 1"
            ],
            limits: ToolLimits(programs: 2)
        )
        let counts = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    let error = try? await bench.error { try await speak(bench) }
                    return error?.message.split(separator: " ").last.flatMap { Int($0) } ?? 99
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.count == 12)
        #expect(counts.max() ?? 99 <= 2, "\(counts)")
    }

    @Test func `lets nobody wait beyond the bound, and who waits can be cancelled`() async throws {
        let marks = try TemporaryFolder()
        var limits = ToolLimits(programs: 1)
        limits.waiting = 1
        let bench = try bench(["espeak-ng": "touch \(marks.path)/started; sleep 100"], limits: limits)
        let first = Task { try await bench.error { try await speak(bench, within: .seconds(50)) } }
        while !Folder.exists("\(marks.path)/started") { try await Task.sleep(for: .milliseconds(2)) }
        // One of the two that follow waits, the other one is refused.
        let answers = Answers()
        let others = (0..<2).map { _ in
            Task {
                let error = try await bench.error { try await speak(bench, within: .seconds(50)) }
                answers.codes.withLock { $0.append(error.code) }
            }
        }
        while answers.codes.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
        #expect(answers.codes.withLock { $0 } == ["overloaded"])
        for task in others { task.cancel() }
        for task in others { try await task.value }
        #expect(answers.codes.withLock { $0 } == ["overloaded", "cancelled"])
        first.cancel()
        #expect(try await first.value.code == "cancelled")
        #expect(try bench.leftovers == [])
    }

    @Test func `says that media is gone`() async throws {
        let bench = try bench(["convert": "exit 0", "identify": "echo 1 1"])
        let hash = try #require(ContentHash(bytes: [UInt8](repeating: 7, count: 32)))
        let media = MediaReference(hash: hash, mimeType: "image/png", bytes: 1)
        let error = try await bench.error { try await bench.run(.convert, ["image": .media(media)]) }
        #expect(error.code == "media_expired")
        let none = try await bench.error { try await bench.run(.convert) }
        #expect(none.code == "invalid_input" && none.message.contains("image"))
    }
}

private final class Answers: Sendable {
    let codes = Mutex<[String]>([])
}
