// The windowed split of BF16 and F32: exponent and the top of the mantissa as one symbol.

internal import CTieConvKernels

/// Taking BF16 elements, or the upper halves of F32 elements, apart into symbols and rests.
package struct ExponentWindow: Sendable {
  /// The values that bits 5...14 of the upper half can have.
  package static let valueCount = 1024
  /// The values that have a symbol of their own.
  package static let symbolCount = 127

  /// The value whose symbol is 1.
  package let base: Int
  /// Bytes of one element: 2 or 4.
  package let width: Int

  /// The window of values from `base`; nil where there is none such.
  package init?(base: Int, width: Int) {
    guard [2, 4].contains(width), (0..<Self.valueCount).contains(base) else { return nil }
    self.base = base
    self.width = width
  }

  /// The window that takes in most of a sample of `source`, and the share of the sample that it
  /// leaves out.
  package static func best(
    for source: UnsafeRawBufferPointer, width: Int, sample: Int
  ) -> (window: ExponentWindow, outside: Double)? {
    let elements = source.count / max(1, width)
    guard elements > 0, sample > 0 else { return nil }
    let step = max(1, elements / sample)
    var counts = [UInt32](repeating: 0, count: valueCount)
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      unsafe tc_histogram_upper(source.baseAddress, elements, width, step, counts.baseAddress)
    }
    let (bases, most) = best(among: counts)
    let total = (elements + step - 1) / step
    // Among equals the middle: what the sample does not have lies beyond either end of it.
    let middle = (bases.lowerBound + bases.upperBound) / 2
    guard let window = ExponentWindow(base: middle, width: width) else { return nil }
    return (window, 1 - Double(most) / Double(total))
  }

  /// The first run of bases whose windows have the most of `counts`, and how much that is.
  private static func best(among counts: [UInt32]) -> (bases: ClosedRange<Int>, most: Int) {
    let last = valueCount - symbolCount
    let low = counts.firstIndex { $0 > 0 } ?? 0
    let high = counts.lastIndex { $0 > 0 } ?? 0
    if high - low < symbolCount {
      // Nearly always: one window has all.
      let bases = max(0, high - symbolCount + 1)...min(low, last)
      return (bases, counts[low...high].reduce(0) { $0 + Int($1) })
    }
    var inside = counts[..<symbolCount].reduce(0) { $0 + Int($1) }
    var most = inside
    var bases = 0...0
    for start in 1...last {
      inside += Int(counts[start + symbolCount - 1]) - Int(counts[start - 1])
      if inside > most { (most, bases) = (inside, start...start) }
      if inside == most, start == bases.upperBound + 1 { bases = bases.lowerBound...start }
    }
    return (bases, most)
  }

  /// The bytes that the rests of `count` elements take.
  package static func restCount(_ count: Int) -> Int { 3 * ((count + 3) / 4) }

  /// Writes one symbol an element, and the packed rests.
  package func split(
    _ source: UnsafeRawBufferPointer, symbols: UnsafeMutableRawBufferPointer,
    rests: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(KernelError) {
    guard source.count % width == 0 else {
      throw .partialElement(bytes: source.count, width: width)
    }
    let count = source.count / width
    try Self.check(symbols.count, rests.count, count)
    guard count > 0 else { return }
    unsafe kernels.table.split_window(
      source.baseAddress, count, width, UInt16(base),
      symbols.baseAddress?.assumingMemoryBound(to: UInt8.self),
      rests.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }

  /// Writes elements from symbols, rests and, for F32, the two lower byte planes. The upper half
  /// of an element whose symbol is 0 is left meaningless.
  package func merge(
    symbols: UnsafeRawBufferPointer, rests: UnsafeRawBufferPointer,
    lower: [UnsafeRawBufferPointer], into target: UnsafeMutableRawBufferPointer,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    guard target.count % width == 0 else {
      throw .partialElement(bytes: target.count, width: width)
    }
    let count = target.count / width
    try Self.check(symbols.count, rests.count, count)
    let counts = unsafe lower.map { $0.count }
    guard counts == Array(repeating: count, count: width - 2) else {
      throw .unequalCounts(counts.reduce(0, +), count * (width - 2))
    }
    guard count > 0 else { return }
    let planes = unsafe [symbols, rests] + lower + (width == 2 ? [symbols, symbols] : [])
    let pointers = unsafe planes.map { unsafe $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
    unsafe pointers.withUnsafeBufferPointer { list in
      unsafe kernels.table.merge_window(
        list.baseAddress, count, width, UInt16(base), target.baseAddress)
    }
  }

  /// The elements outside the window: symbols that are 0.
  package static func exceptionCount(
    _ symbols: UnsafeRawBufferPointer, kernels: KernelSet = .best
  ) -> Int {
    unsafe kernels.table.count_zeros(
      symbols.baseAddress?.assumingMemoryBound(to: UInt8.self), symbols.count)
  }

  /// Writes the upper halves of the elements outside the window, in order; the result is how many
  /// bytes they take, nil where `target` has not that many.
  package func gatherExceptions(
    _ symbols: UnsafeRawBufferPointer, of source: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(KernelError) -> Int? {
    try check(symbols.count, source.count)
    let most = target.count / 2
    let count = unsafe kernels.table.gather_uppers(
      symbols.baseAddress?.assumingMemoryBound(to: UInt8.self), symbols.count,
      source.baseAddress, width, target.baseAddress?.assumingMemoryBound(to: UInt8.self), most)
    return count > most ? nil : 2 * count
  }

  /// Puts the upper halves of the elements outside the window, all of `source`, in their places.
  package func scatterExceptions(
    _ symbols: UnsafeRawBufferPointer, from source: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(KernelError) {
    try check(symbols.count, target.count)
    let most = source.count / 2
    let count = unsafe kernels.table.scatter_uppers(
      symbols.baseAddress?.assumingMemoryBound(to: UInt8.self), symbols.count,
      source.baseAddress?.assumingMemoryBound(to: UInt8.self), most, width, target.baseAddress)
    guard 2 * count == source.count else { throw .unequalCounts(2 * count, source.count) }
  }

  private func check(_ symbols: Int, _ elementBytes: Int) throws(KernelError) {
    guard symbols * width == elementBytes else {
      throw .unequalCounts(symbols * width, elementBytes)
    }
  }

  private static func check(_ symbols: Int, _ rests: Int, _ count: Int) throws(KernelError) {
    guard symbols == count else { throw .unequalCounts(symbols, count) }
    guard rests == restCount(count) else { throw .unequalCounts(rests, restCount(count)) }
  }
}
