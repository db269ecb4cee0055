// Factors that belong to one role of a shared matrix: they are why W = c·E need not be a tie.

/// A scale, cap or bias that an architecture applies on one side.
public struct RoleScale: Hashable, Sendable {
  /// A side of the tie.
  public enum Side: Hashable, Sendable { case embedding, head }

  /// What a role's scale computes.
  public enum Form: Hashable, Sendable {
    /// √(hidden size), while the config field is true (nil: always).
    case sqrtHidden(switch: String?)
    /// 1/√(hidden size), while the config field is true.
    case inverseSqrtHidden(switch: String?)
    /// Times a config field.
    case times(field: String)
    /// Divided by a config field.
    case divided(field: String)
    /// Divided by the quotient of two config fields (MiniCPM's width multiplier).
    case dividedByQuotient(numerator: String, denominator: String)
    /// cap · tanh(logits / cap) with the cap in a config field.
    case softCap(field: String)
    /// A stored vector that is added to the logits.
    case biasBuffer(name: String)
  }

  /// The side that it acts on.
  public let side: Side
  /// What it computes.
  public let form: Form

  /// Whether a constant factor c of W = c·E could move into this slot: a free config field.
  public var holdsArbitraryFactor: Bool {
    switch form {
    case .times, .divided: true
    default: false
    }
  }
}
