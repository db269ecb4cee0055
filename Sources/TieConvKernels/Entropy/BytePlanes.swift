// Elements as byte planes, and the way back.

internal import CTieConvKernels

/// Taking elements apart so that bytes of one significance lie together.
package struct BytePlanes: Sendable {
  /// Bytes of one element: 2, 4 or 8.
  package let width: Int
  /// Whether an element is rotated left by one bit, which makes a float's exponent start the first
  /// plane.
  package let rotates: Bool

  /// Planes of elements of `width` bytes; nil for any other width than 2, 4 and 8.
  package init?(width: Int, rotates: Bool) {
    guard [2, 4, 8].contains(width) else { return nil }
    self.width = width
    self.rotates = rotates
  }

  /// Writes the planes of `source` one after another, the most significant first. Both have the
  /// same number of bytes, a multiple of the width.
  package func split(
    _ source: UnsafeRawBufferPointer, into planes: UnsafeMutableRawBufferPointer,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    let count = try count(source.count)
    guard source.count == planes.count else {
      throw .unequalCounts(source.count, planes.count)
    }
    guard count > 0, let target = planes.baseAddress else { return }
    unsafe kernels.table.split_planes(
      source.baseAddress, count, width, rotates ? 1 : 0,
      target.assumingMemoryBound(to: UInt8.self))
  }

  /// Writes the elements whose `planes` these are, as many planes as an element has bytes.
  package func merge(
    _ planes: [UnsafeRawBufferPointer], into target: UnsafeMutableRawBufferPointer,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    let count = try count(target.count)
    let counts = unsafe planes.map { $0.count }
    guard counts == Array(repeating: count, count: width) else {
      throw .unequalCounts(counts.reduce(0, +), target.count)
    }
    guard count > 0 else { return }
    let pointers = unsafe planes.map { unsafe $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    unsafe pointers.withUnsafeBufferPointer { list in
      unsafe kernels.table.merge_planes(
        list.baseAddress, count, width, rotates ? 1 : 0, target.baseAddress)
    }
  }

  private func count(_ bytes: Int) throws(KernelError) -> Int {
    guard bytes % width == 0 else { throw .partialElement(bytes: bytes, width: width) }
    return bytes / width
  }
}

package enum BytewiseXor {
  /// Writes `a` xor `b`; all three have the same number of bytes.
  package static func apply(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(KernelError) {
    guard a.count == b.count, a.count == target.count else {
      throw .unequalCounts(a.count, b.count)
    }
    guard a.count > 0 else { return }
    unsafe kernels.table.xor_bytes(a.baseAddress, b.baseAddress, a.count, target.baseAddress)
  }
}
