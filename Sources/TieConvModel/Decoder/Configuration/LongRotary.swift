// LongRoPE's temperature.

internal import TieConvKernels

enum LongRotary {
  /// √(1 + ln s / ln L), the factor on sines and cosines that goes with an extension by s of a
  /// context of L tokens; 1 where nothing is extended.
  static func amplitude(factor: Double, original: Double) -> Double {
    guard factor > 1, original > 1 else { return 1 }
    return (1 + Elementary.log(factor) / Elementary.log(original)).squareRoot()
  }
}
