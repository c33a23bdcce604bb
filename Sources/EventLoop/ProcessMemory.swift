private import CEventLoop

/// The memory of this process.
public enum ProcessMemory {
    /// Gives what is not used any more back to the system; takes milliseconds, in which nobody else gets memory.
    ///
    /// The C library keeps what lies between used pieces, so that a crowd that has left would be paid for ever after.
    public static func giveBack() { eventloop_give_back_memory() }
}
