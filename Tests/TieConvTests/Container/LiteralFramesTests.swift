// Laws of the fast literal coder: one result on every machine, and frames that zstd reads.

import Testing
import TieConvIO
import TieConvKernels

@Suite struct LiteralFramesTests {
  private static let sets = InstructionSet.allCases.filter { LiteralFrames($0) != nil }

  /// `count` symbols that a mask and a shift of seeded bits make skewed.
  private func symbols(_ count: Int, seed: UInt64, _ draw: (UInt64) -> UInt8) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return draw(state >> 20)
    }
  }

  private func encoded(
    _ source: [UInt8], _ set: InstructionSet, room: Int? = nil, isWide: Bool = true
  ) -> [UInt8]? {
    guard let coder = LiteralFrames(set) else { return nil }
    var target = [UInt8](repeating: 0, count: room ?? source.count / 8 * 11 + 8192)
    let size = unsafe source.withUnsafeBytes { source in
      unsafe target.withUnsafeMutableBytes { unsafe coder.encode(source, into: $0, isWide: isWide) }
    }
    return size.map { Array(target[..<$0]) }
  }

  private func decoded(_ frame: [UInt8], _ count: Int) throws -> [UInt8]? {
    let decoder = try FrameDecoder()
    var target = [UInt8](repeating: 0, count: count)
    let isWhole = unsafe frame.withUnsafeBytes { frame in
      unsafe target.withUnsafeMutableBytes { unsafe decoder.zstd(frame, into: $0) }
    }
    return isWhole ? target : nil
  }

  /// Kinds of statistics: like exponents, two values, ends of the alphabet, deeper than 11 bits.
  private static let draws: [@Sendable (UInt64) -> UInt8] = [
    { UInt8(60 + $0.leadingZeroBitCount - 20) & 127 | UInt8($0 & 3) },
    { $0 & 7 == 0 ? 127 : 0 },
    { $0 & 15 == 0 ? UInt8($0 >> 8 & 127) : 1 },
    { UInt8(min(40, ($0 | 1 << 43).trailingZeroBitCount)) },
    { UInt8($0 & 127) },
  ]

  @Test(arguments: draws.indices)
  func `all instruction sets write one frame, and zstd reads it`(draw: Int) throws {
    for count in [
      1024, 1031, 4095, 4096, 16_384, 49_152, 65_541, 98_304, 131_072, 131_073, 300_001,
    ] {
      let source = symbols(count, seed: UInt64(count), Self.draws[draw])
      let frame = encoded(source, .scalar) ?? []
      // Flags, not arrays: a failure would print every byte.
      let isShorter = !frame.isEmpty && frame.count < count
      let isRead = try decoded(frame, count) == source
      #expect(isShorter && isRead, "\(count)")
      let narrow = encoded(source, .scalar, isWide: false) ?? []
      let isSmaller = narrow.count <= frame.count
      let isNarrowRead = try decoded(narrow, count) == source
      #expect(isSmaller && isNarrowRead, "\(count)")
      for set in Self.sets {
        let isSame =
          encoded(source, set) == frame && encoded(source, set, isWide: false) == narrow
        #expect(isSame, "\(set), \(count)")
      }
    }
  }

  @Test(arguments: sets)
  func `a symbol that the sample does not have gets a code`(set: InstructionSet) throws {
    // In one run, and in two with a gap.
    for mask: UInt64 in [3, 67] {
      var source = symbols(131_072, seed: 1) { UInt8($0 & mask) }
      for place in stride(from: 64, to: source.count, by: 9973) { source[place] = 99 }
      source[70_001] = 30
      source[source.count - 1] = 100
      let frame = encoded(source, set) ?? []
      let isRead = try decoded(frame, source.count) == source
      let isSame = frame == encoded(source, .scalar)
      #expect(isRead && isSame, "\(mask)")
    }
  }

  @Test(arguments: sets)
  func `what is not of the kind is left to others`(set: InstructionSet) {
    let plain = symbols(131_072, seed: 2) { UInt8($0 & 7) }
    let isTaken = encoded(plain, set) != nil
    #expect(isTaken)
    for place in [0, 64, 70_001, plain.count - 1] {
      var high = plain
      high[place] = 128
      let isLeft = encoded(high, set) == nil
      #expect(isLeft, "\(place)")
    }
    for other in [[UInt8](repeating: 5, count: 5000), Array(plain[..<1023]), []] {
      let isLeft = encoded(other, set) == nil
      #expect(isLeft, "\(other.count)")
    }
    // Rather nothing than a byte beyond the room.
    for room in [0, 8, 100, 10_000, 60_000] {
      let isLeft = encoded(plain, set, room: room) == nil
      #expect(isLeft, "\(room)")
    }
  }

  @Test func `the code is near the entropy`() throws {
    let source = symbols(131_072, seed: 3, Self.draws[3])
    var counts = [Int: Int]()
    for symbol in source { counts[Int(symbol), default: 0] += 1 }
    // A Huffman code of p = 1/2, 1/4, … has no loss but its limit of 11 bits.
    let bits = counts.reduce(0) { $0 + $1.value * min($1.key + 1, 12) }
    let count = encoded(source, .scalar)?.count ?? .max
    #expect(Double(count) < Double(bits) / 8 * 1.01 + 200)
  }

  /// What the fast decoder makes of a frame; nil where it leaves it to the library.
  private func fast(_ frame: [UInt8], _ count: Int, _ coder: LiteralFrames) -> [UInt8]? {
    var target = [UInt8](repeating: 0, count: count)
    let isTaken = unsafe frame.withUnsafeBytes { frame in
      unsafe target.withUnsafeMutableBytes { unsafe coder.decode(frame, into: $0) }
    }
    return isTaken ? target : nil
  }

  /// The sets that have a decoder of their own.
  private static let decoding: [InstructionSet] = sets.filter { set in
    set == .scalar || "\(set)".hasPrefix("avx512")
  }

  @Test(arguments: decoding)
  func `what was written is read again`(set: InstructionSet) throws {
    let coder = try #require(LiteralFrames(set))
    for (draw, body) in Self.draws.enumerated() {
      for count in [98_304, 98_311, 126_976, 127_001, 131_072, 262_144, 300_001] {
        let source = symbols(count, seed: UInt64(draw), body)
        let found = fast(encoded(source, .scalar) ?? [], count, coder)
        // The vector decoder has no tables for codes of which half and more exceed six bits.
        let isRead = found == source || (found == nil && set != .scalar && [2, 4].contains(draw))
        #expect(isRead, "\(draw), \(count)")
      }
    }
    // Narrow ones; of two blocks only; of another size than the frame says.
    let small = symbols(65_536, seed: 9, Self.draws[0])
    #expect(fast(encoded(small, .scalar) ?? [], small.count, coder) == nil)
    let narrow = encoded(symbols(131_072, seed: 9, Self.draws[0]), .scalar, isWide: false) ?? []
    #expect(fast(narrow, 131_072, coder) == nil)
    let whole = encoded(symbols(131_072, seed: 9, Self.draws[0]), .scalar) ?? []
    #expect(fast(whole, 131_071, coder) == nil && fast([], 131_072, coder) == nil)
  }

  @Test(arguments: decoding)
  func `of a damaged frame the library has the last word`(set: InstructionSet) throws {
    let coder = try #require(LiteralFrames(set))
    let count = 98_304
    let frame = encoded(symbols(count, seed: 4, Self.draws[0]), .scalar) ?? []
    var taken = 0
    // Every bit of the headers and the code, then here and there.
    let places = Array(0..<100) + Array(stride(from: 100, to: frame.count, by: 131))
    for place in places {
      var damaged = frame
      damaged[place] ^= 1 << UInt8(place % 8)
      guard let found = fast(damaged, count, coder) else { continue }
      let isSame = try decoded(damaged, count) == found
      #expect(isSame, "\(place)")
      taken += 1
    }
    #expect(taken > 0)
    for end in stride(from: 0, to: frame.count, by: 211) {
      let isLeft = fast(Array(frame[..<end]), count, coder) == nil
      #expect(isLeft, "\(end)")
    }
  }
}
