// A law that an input broke without a trap.

/// What must not happen, and did.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
