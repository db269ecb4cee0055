// Rotary position embedding: how fast each pair of a head's components turns.

internal import TieConvKernels

/// Rotary position embedding (Su et al. 2021) with the scalings in use for long contexts.
public struct RotarySettings: Sendable, Equatable {
  /// How the frequencies are changed for contexts longer than those of the training.
  public enum Scaling: Sendable, Equatable {
    case none
    /// Every frequency divided by the factor.
    case linear(factor: Double)
    /// The base raised with the length of the sequence, once that is beyond `maximum`.
    case dynamic(factor: Double, maximum: Int)
    /// Llama 3.1: low frequencies divided, high ones kept, those between blended.
    case llama3(factor: Double, low: Double, high: Double, original: Double)
    /// YaRN (Peng et al. 2023).
    case yarn(YarnSettings)
    /// LongRoPE: one divisor a frequency, another set of them beyond `original`.
    case long(short: [Double], long: [Double], original: Double, attentionFactor: Double)
  }

  /// The components of a head that turn; even, at most the head's size.
  public let dimension: Int
  /// The base of the frequencies' powers.
  public let base: Double
  /// The scaling.
  public let scaling: Scaling
  /// Whether neighbours make a pair (Cohere), rather than a component of either half.
  public let isInterleaved: Bool

  /// The frequencies of the pairs in radians a token, for a sequence of `length` tokens, and the
  /// factor on sines and cosines.
  ///
  /// Rounded to F32 where the reference implementations round, so that positions in the thousands
  /// turn by the same angle.
  func frequencies(length: Int) -> (perPair: [Float], amplitude: Float) {
    switch scaling {
    case .none: return (plain(base), 1)
    case .linear(let factor): return (plain(base).map { $0 / Float(factor) }, 1)
    case .dynamic(let factor, let maximum):
      let reach = Double(max(length, maximum)) / Double(maximum)
      let exponent = Double(dimension) / Double(max(1, dimension - 2))
      return (plain(base * Elementary.pow(factor * reach - (factor - 1), exponent)), 1)
    case .llama3(let factor, let low, let high, let original):
      return (
        plain(base).map {
          Self.blended($0, factor: factor, low: low, high: high, original: original)
        }, 1
      )
    case .yarn(let settings):
      return (
        settings.blended(plain(base), base: base, dimension: dimension),
        Float(settings.amplitude)
      )
    case .long(let short, let long, let original, let amplitude):
      let divisors = Double(length) > original ? long : short
      return (
        zip(plain(base), divisors).map { Float(1) / (Float($1) * (1 / $0)) }, Float(amplitude)
      )
    }
  }

  func plain(_ base: Double) -> [Float] {
    stride(from: 0, to: dimension, by: 2).map { index in
      1 / Float(Elementary.pow(base, Double(Float(index) / Float(dimension))))
    }
  }

  private static func blended(
    _ frequency: Float, factor: Double, low: Double, high: Double, original: Double
  ) -> Float {
    let wavelength = 2 * Double.pi / Double(frequency)
    if wavelength < original / high { return frequency }
    if wavelength > original / low { return frequency / Float(factor) }
    let weight = Float((original / wavelength - low) / (high - low))
    return (1 - weight) * frequency / Float(factor) + weight * frequency
  }
}
