private import Glibc

/// A file descriptor that its single owner closes.
package struct Descriptor: ~Copyable, Sendable {
    /// The number the kernel knows it by.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = close(number)
    }
}
