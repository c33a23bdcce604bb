/// Returns when a condition holds; it is asked every millisecond, so that the wait takes no thread from other tests.
///
/// - Throws: `CancellationError` when the test's time is over.
package func eventually(_ holds: () async -> Bool) async throws {
    while await !holds() { try await Task.sleep(for: .milliseconds(1)) }
}
