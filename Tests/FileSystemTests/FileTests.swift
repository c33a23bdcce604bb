import FileSystem
import Foundation
import TestSupport
import Testing

struct FileTests {
    @Test func `writes, renames, reads in pieces and removes`() throws {
        let folder = try TemporaryFolder()
        let deep = folder.path + "/a/b"
        try Folder.make(deep)
        try Folder.make(deep)
        var file = try File(writing: deep + "/new")
        try file.write([1, 2, 3].span)
        try file.synchronize()
        try Folder.rename(deep + "/new", to: deep + "/kept")
        try Folder.synchronize(deep)
        #expect(try Folder.names(in: deep) == ["kept"])
        var kept = try File(reading: deep + "/kept")
        #expect(try kept.length() == 3)
        try kept.seek(to: 1)
        #expect(try kept.read(atMost: 1) == [2])
        #expect(try kept.read(atMost: 10) == [3])
        #expect(try kept.read(atMost: 10).isEmpty)
        #expect(try Folder.contents(of: deep + "/kept", atMost: 2) == nil)
        try Folder.remove(folder.path + "/a")
        #expect(!Folder.exists(deep))
        #expect(try Folder.freeBytes(at: folder.path) > 0)
    }

    @Test func `tells files with bytes of their own from pipes, folders and links`() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/file"
        try Folder.replace(file, with: [1])
        try Folder.link(folder.path + "/link", to: file)
        try Folder.link(folder.path + "/up", to: folder.path)
        #expect(unsafe mkfifo(folder.path + "/pipe", 0o600) == 0)
        let names = ["file", "link", "up", "pipe", "none"]
        #expect(names.filter { Folder.isRegularFile("\(folder.path)/\($0)") } == ["file", "link"])
        #expect(names.filter { Folder.isLink("\(folder.path)/\($0)") } == ["link", "up"])
    }

    @Test func `tells a missing file from other errors`() throws {
        let folder = try TemporaryFolder()
        do throws(FileError) {
            _ = try File(reading: folder.path + "/none")
            Issue.record("There is no such file.")
        } catch {
            #expect(error.isMissing)
            #expect(error.description.contains("/none"))
        }
        try Folder.removeFile(folder.path + "/none")
        #expect(Folder.isExecutable("/bin/sh") && !Folder.isExecutable(folder.path))
    }
}
