private import Glibc

/// The codes of the operating system that are told apart here.
enum ErrorCode {
    static let wouldBlock = EAGAIN
    static let addressInUse = EADDRINUSE
    static let addressNotAvailable = EADDRNOTAVAIL
    static let accessDenied = EACCES
    static let notPermitted = EPERM
    static let processFileLimit = EMFILE
    static let systemFileLimit = ENFILE
    static let noMemory = ENOMEM
}
