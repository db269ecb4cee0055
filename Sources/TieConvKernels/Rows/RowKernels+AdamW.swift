// The optimizer's step over a run of weights.

internal import CTieConvKernels

extension RowKernels {
  /// Moves the weights and both moments by one step along the gradient times `gradientScale`:
  /// w −= rate·decay·w, then w −= rate·m̂/(√v̂ + epsilon). A step below 1 is refused.
  package func adamW(
    _ weights: MutableRow, first: MutableRow, second: MutableRow, gradient: Row,
    gradientScale: Float = 1, step: AdamWStep
  ) throws(KernelError) {
    try Self.check(weights.count, first.count, second.count, gradient.count)
    guard step.number >= 1 else { throw .unequalCounts(step.number, 1) }
    guard let w = weights.baseAddress, let m = first.baseAddress, let v = second.baseAddress,
      let g = gradient.baseAddress
    else { return }
    let numbers = tc_adamw(
      rate: step.rate, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
      decay: step.decay, correction1: AdamWStep.correction(step.beta1, step.number),
      correction2: AdamWStep.correction(step.beta2, step.number))
    unsafe table.adamw(w, m, v, g, weights.count, gradientScale, numbers)
  }
}
