// Sines and cosines of every position, once per forward pass.

internal import TieConvKernels

/// The angles of one rotation for the positions of a sequence.
struct RotationTable: Sendable {
  /// Positions × pairs.
  let cosines: FloatMatrix
  let sines: FloatMatrix
  let isInterleaved: Bool
  var pairs: Int { cosines.columns }

  /// The table for `length` positions. Where `accumulates`, the angles are ggml's: from pair to pair
  /// one F32 number is multiplied by a step, so that roundings add up; a scaling comes after.
  init(_ settings: RotarySettings, length: Int, store: BufferStore, accumulates: Bool = false) {
    let (frequencies, amplitude) = settings.frequencies(length: length)
    let scales = zip(frequencies, settings.plain(settings.base)).map { $0 / $1 }
    let step = Float(
      Elementary.pow(settings.base, Double(-2 / Float(settings.dimension))))
    cosines = FloatMatrix(length, frequencies.count, store: store)
    sines = FloatMatrix(length, frequencies.count, store: store)
    isInterleaved = settings.isInterleaved
    for position in 0..<length {
      var accumulated = Float(position)
      for (pair, frequency) in frequencies.enumerated() {
        // The product is rounded to F32, as in the reference implementations.
        let angle = Double(accumulates ? accumulated * scales[pair] : Float(position) * frequency)
        accumulated *= step
        unsafe cosines.pointer(position, pair).pointee = Float(Elementary.cos(angle)) * amplitude
        unsafe sines.pointer(position, pair).pointee = Float(Elementary.sin(angle)) * amplitude
      }
    }
  }
}
