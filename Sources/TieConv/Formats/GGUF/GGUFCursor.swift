// Reads a header front to back through a window, so that memory follows what is kept, not what the
// file claims.

internal import TieConvIO

/// A place in a GGUF header, with a window of bytes around it.
struct GGUFCursor {
  /// The longest header that is read: several times the longest known, and far from all memory.
  static let maximumHeader = 128 << 20
  /// What is read at a time.
  private static let windowCount = 1 << 20

  var order: GGUFByteOrder = .little
  /// The offset within the file of what comes next.
  var offset: Int { windowStart + place }

  private let source: any ByteSource
  private var window: [UInt8] = []
  private var windowStart = 0
  private var place = 0

  init(_ source: any ByteSource) { self.source = source }

  /// Bytes from here to the end of the file.
  var left: Int { source.size - offset }

  /// Makes at least `count` bytes available, which are some part of `what`.
  mutating func need(_ count: Int, _ what: @autoclosure () -> String) throws(GGUFError) {
    if window.count - place >= count { return }
    guard count <= left else { throw .truncated(offset: source.size, what: what()) }
    let start = offset
    guard count <= Self.maximumHeader - start else {
      throw .headerTooLarge(limit: Self.maximumHeader)
    }
    // The first window is small: most of what is opened is only looked at.
    let wanted = max(count, start == 0 ? Self.windowCount / 16 : Self.windowCount)
    do throws(IOFailure) {
      window = try source.bytes(in: start..<start + min(wanted, left))
    } catch { throw .io(error) }
    windowStart = start
    place = 0
  }

  /// The next number.
  mutating func integer<Number: FixedWidthInteger>(
    _ what: @autoclosure () -> String, as type: Number.Type = Number.self
  ) throws(GGUFError) -> Number {
    try need(MemoryLayout<Number>.size, what())
    let place = place
    let stored = unsafe window.withUnsafeBytes { bytes in
      unsafe bytes.loadUnaligned(fromByteOffset: place, as: Number.self)
    }
    self.place += MemoryLayout<Number>.size
    return order == .little ? Number(littleEndian: stored) : Number(bigEndian: stored)
  }

  /// The next `count` bytes.
  mutating func bytes(
    _ count: Int, _ what: @autoclosure () -> String
  ) throws(GGUFError) -> ArraySlice<UInt8> {
    try need(count, what())
    defer { place += count }
    return window[place..<place + count]
  }

  /// The length of a string, checked against what is left.
  mutating func textLength(_ what: @autoclosure () -> String) throws(GGUFError) -> Int {
    let start = offset
    let length = try integer(what(), as: UInt64.self)
    guard length <= UInt64(GGUFReader.maximumCount) else {
      throw .stringTooLong(found: length, offset: start)
    }
    guard Int(length) <= left else { throw .truncated(offset: source.size, what: what()) }
    return Int(length)
  }

  /// `count` numbers side by side; their bytes were checked to be within the file.
  mutating func integers<Number: FixedWidthInteger & Sendable>(
    _ count: Int, _ what: @autoclosure () -> String
  ) throws(GGUFError) -> [Number] {
    let size = count * MemoryLayout<Number>.size
    guard size <= left else { throw .truncated(offset: source.size, what: what()) }
    guard size <= Self.maximumHeader - offset else {
      throw .headerTooLarge(limit: Self.maximumHeader)
    }
    var failure: IOFailure?
    let start = offset
    let source = source
    let ready = window[place...]
    var numbers = unsafe [Number](unsafeUninitializedCapacity: count) { buffer, filled in
      let raw = unsafe UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      if ready.count >= size {
        unsafe raw.copyBytes(from: ready.prefix(size))
      } else {
        do throws(IOFailure) { unsafe try source.read(into: raw, at: start) } catch {
          failure = error
          return
        }
      }
      filled = count
    }
    if let failure { throw .io(failure) }
    if ready.count >= size {
      place += size
    } else {
      skipWindow(to: start + size)
    }
    if order == .big {
      for index in numbers.indices { numbers[index] = Number(bigEndian: numbers[index]) }
    }
    return numbers
  }

  private mutating func skipWindow(to offset: Int) {
    window = []
    windowStart = offset
    place = 0
  }

  /// `count` strings.
  ///
  /// Whole runs of the window are kept as they are, lengths and all; only the places of the strings
  /// are noted.
  mutating func strings(
    _ count: Int, _ what: @autoclosure () -> String
  ) throws(GGUFError) -> GGUFStrings {
    var kept: [UInt8] = []
    var bounds: [(begin: UInt32, end: UInt32)] = []
    bounds.reserveCapacity(min(count, Self.maximumHeader / 8))
    while bounds.count < count {
      let next = try peekText(what())
      try need(8 + next, what())
      let begin = place
      noteTexts(count, base: kept.count, &bounds)
      kept += window[begin..<place]
    }
    return GGUFStrings(bytes: kept, bounds: bounds)
  }

  /// The length of the string that comes next, which is not passed over.
  private mutating func peekText(_ what: @autoclosure () -> String) throws(GGUFError) -> Int {
    try need(8, what())
    let before = place
    let length = try textLength(what())
    place = before
    return length
  }

  /// Passes over the strings that are in the window as a whole, and notes where each is: their
  /// bytes are to be appended where `base` bytes are already.
  private mutating func noteTexts(
    _ count: Int, base: Int, _ bounds: inout [(begin: UInt32, end: UInt32)]
  ) {
    let start = place
    let order = order
    var place = place
    unsafe window.withUnsafeBytes { bytes in
      while bounds.count < count, bytes.count - place >= 8 {
        let stored = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let length = order == .little ? UInt64(littleEndian: stored) : UInt64(bigEndian: stored)
        guard length <= UInt64(bytes.count - place - 8) else { break }
        let begin = base + place + 8 - start
        // A header is shorter than 2^32 bytes.
        bounds.append((UInt32(begin), UInt32(begin + Int(length))))
        place += 8 + Int(length)
      }
    }
    self.place = place
  }
}
