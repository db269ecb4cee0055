// YaRN: which frequencies are interpolated, which are kept, and the temperature that goes with it.

internal import TieConvKernels

/// The settings of a YaRN scaling (Peng et al. 2023, arXiv 2309.00071).
public struct YarnSettings: Sendable, Equatable {
  /// By how much the context is extended.
  public let factor: Double
  /// The context of the training.
  public let original: Double
  /// Turns over the training's context from which a frequency is kept.
  public let fast: Double
  /// Turns up to which a frequency is interpolated in full.
  public let slow: Double
  /// Whether the borders between are rounded to whole pairs.
  public let truncates: Bool
  /// The factor on sines and cosines.
  public let amplitude: Double

  /// 0.1 m ln s + 1, the amplitude that the paper recommends; 1 where nothing is extended.
  static func recommendedAmplitude(factor: Double, scale: Double = 1) -> Double {
    factor <= 1 ? 1 : 0.1 * scale * Elementary.log(factor) + 1
  }

  func blended(_ frequencies: [Float], base: Double, dimension: Int) -> [Float] {
    var low = pair(turns: fast, base, dimension)
    var high = pair(turns: slow, base, dimension)
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(dimension - 1))
    // The reference keeps the ramp from dividing by zero in the same way.
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { index, frequency in
      let ramp = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
      return frequency / Float(factor) * ramp + frequency * (1 - ramp)
    }
  }

  /// The pair, as a fraction, that makes this many turns over the training's context.
  private func pair(turns: Double, _ base: Double, _ dimension: Int) -> Double {
    Double(dimension) * Elementary.log(original / (turns * 2 * .pi)) / (2 * Elementary.log(base))
  }
}
