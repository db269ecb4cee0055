// Sines and cosines of every position, once per forward pass.

internal import TieConvKernels

/// The angles of one rotation for the positions of a sequence.
struct RotationTable: Sendable {
  /// Positions × pairs.
  let cosines: FloatMatrix
  let sines: FloatMatrix
  let isInterleaved: Bool
  var pairs: Int { cosines.columns }

  init(_ settings: RotarySettings, length: Int, store: BufferStore) {
    let (frequencies, amplitude) = settings.frequencies(length: length)
    cosines = FloatMatrix(length, frequencies.count, store: store)
    sines = FloatMatrix(length, frequencies.count, store: store)
    isInterleaved = settings.isInterleaved
    for position in 0..<length {
      for (pair, frequency) in frequencies.enumerated() {
        // The product is rounded to F32, as in the reference implementations.
        let angle = Double(Float(position) * frequency)
        unsafe cosines.pointer(position, pair).pointee = Float(Elementary.cos(angle)) * amplitude
        unsafe sines.pointer(position, pair).pointee = Float(Elementary.sin(angle)) * amplitude
      }
    }
  }
}
