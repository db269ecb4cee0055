// The numbers of one AdamW step.

/// One step of AdamW (Loshchilov & Hutter 2019, algorithm 2, with its schedule multiplier in the
/// rate, as PyTorch has it).
package struct AdamWStep: Equatable, Sendable {
  package var rate: Float
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  /// Decoupled decay: the weights shrink by rate·decay.
  package var decay: Float
  /// The step's number, from 1.
  package var number: Int

  package init(
    rate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    decay: Float = 0.01, number: Int
  ) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
    self.number = number
  }

  /// 1 − beta^number, from F64 so that many steps do not gather error.
  static func correction(_ beta: Float, _ number: Int) -> Float {
    var power = 1.0
    var square = Double(beta)
    var rest = max(0, number)
    while rest > 0 {
      if rest & 1 == 1 { power *= square }
      square *= square
      rest >>= 1
    }
    return Float(1 - power)
  }
}
