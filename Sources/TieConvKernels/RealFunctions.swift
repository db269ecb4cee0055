// The few real functions that settings of a model need.

internal import CTieConvKernels

package enum RealFunctions {
  /// `base` to the `exponent`, in F32 as the reference computes rotary frequencies.
  package static func power(_ base: Float, _ exponent: Float) -> Float {
    tc_power_f32(base, exponent)
  }

  /// The natural logarithm.
  package static func logarithm(_ x: Double) -> Double { tc_logarithm(x) }
}
