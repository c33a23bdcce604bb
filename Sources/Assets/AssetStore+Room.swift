import EventLoop
import Storage

extension AssetStore {
    /// What keeps the store from taking more, for people; `nil` when nothing does.
    public func obstacle() async -> AssetError? {
        do {
            try await admit()
            return nil
        } catch {
            return error
        }
    }

    /// Checks that there is room for media that can be had again, such as an upload.
    ///
    /// - Throws: ``AssetError/full`` or ``AssetError/overQuota(used:quota:)``.
    public func admit() async throws(AssetError) {
        if let quota = limits.quota, let used = usage.bytes, used >= quota {
            throw .overQuota(used: used, quota: quota)
        }
        guard await hasRoom() else { throw .full }
    }

    /// Whether the disk has more free bytes than are to be left.
    public func hasRoom() async -> Bool {
        let (folder, reserve, freeBytes) = (folder, limits.reserve, freeBytes)
        // A disk that cannot be asked says by itself what is wrong when it is written to.
        return (try? await pool.run { try freeBytes(folder) > reserve }) ?? true
    }

    /// Adds up what is stored; called after the start and now and then, it is what the quota is compared with.
    public func measure() async throws(AssetError) {
        guard limits.quota != nil else { return }
        do {
            usage.set(try await database.mediaBytes())
        } catch {
            throw .storage(reason: error.description)
        }
    }
}
