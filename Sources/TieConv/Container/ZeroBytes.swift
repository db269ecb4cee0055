// Finding the few zeros among many bytes.

/// The places of zero bytes.
enum ZeroBytes {
  /// Calls `body` with the index of every zero byte of `bytes`, in order.
  static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (Int) -> Void) {
    var index = 0
    while index + 64 <= bytes.count {
      // The byte with the least value of a block decides whether it is looked at closely.
      var least = SIMD64<UInt8>(repeating: 1)
      unsafe withUnsafeMutableBytes(of: &least) { block in
        unsafe block.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[index..<index + 64]))
      }
      if least.min() == 0 {
        for place in index..<index + 64 where unsafe bytes[place] == 0 { body(place) }
      }
      index += 64
    }
    for place in index..<max(index, bytes.count) where unsafe bytes[place] == 0 { body(place) }
  }
}
