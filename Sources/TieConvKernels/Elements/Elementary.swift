// Elementary functions of single numbers, from the C library.

internal import CTieConvKernels

/// Functions that the Swift standard library lacks.
package enum Elementary {
  /// eˣ.
  package static func exp(_ x: Double) -> Double { tc_exp(x) }
  /// The natural logarithm.
  package static func log(_ x: Double) -> Double { tc_log(x) }
  /// xʸ.
  package static func pow(_ x: Double, _ y: Double) -> Double { tc_pow(x, y) }
  /// xʸ, in F32 as the reference computes rotary frequencies.
  package static func pow(_ x: Float, _ y: Float) -> Float { tc_power_f32(x, y) }
  /// The sine of an angle in radians.
  package static func sin(_ x: Double) -> Double { tc_sin(x) }
  /// The cosine of an angle in radians.
  package static func cos(_ x: Double) -> Double { tc_cos(x) }
  /// The hyperbolic tangent.
  package static func tanh(_ x: Double) -> Double { tc_tanh(x) }
  /// The error function.
  package static func erf(_ x: Double) -> Double { tc_erf(x) }
}
