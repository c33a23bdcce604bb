/// How much room media may take.
public struct AssetLimits: Sendable, Hashable {
    /// The most bytes of media; beyond it nothing is taken that can be had again, such as uploads.
    ///
    /// Results that are paid
    /// for are taken as long as the disk has room.
    public var quota: Int64?
    /// The bytes that are left free on the disk, so that the database goes on when media has to wait.
    public var reserve: Int64 = 256 << 20

    /// No quota, and 256 MiB left free.
    public init() {}
}
