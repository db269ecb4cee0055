// Laws of planes and windows: what is taken apart comes together, on every machine alike.

import Testing
import TieConvKernels

@Suite struct BytePlanesTests {
  private static let sets = [InstructionSet.scalar] + levels

  @Test(arguments: sets, [2, 4, 8])
  func `planes come together again`(set: InstructionSet, width: Int) throws {
    let kernels = try kernels(set)
    for rotates in [false, true] {
      let split = try #require(BytePlanes(width: width, rotates: rotates))
      for length in lengths + [4097] {
        let source = randomBytes(length * width, seed: UInt64(length))
        var planes = [UInt8](repeating: 0, count: source.count)
        var back = planes
        try unsafe source.withUnsafeBytes { source in
          try unsafe planes.withUnsafeMutableBytes { target in
            try unsafe split.split(source, into: target, kernels: kernels)
          }
        }
        for index in 0..<(length > 0 ? width : 0) {
          let top = source[width - 1 - index]
          let below = index + 1 < width ? source[width - 2 - index] : source[width - 1]
          #expect(planes[index * length] == (rotates ? top << 1 | below >> 7 : top))
        }
        try unsafe planes.withUnsafeBytes { all in
          let parts = unsafe (0..<width).map {
            unsafe UnsafeRawBufferPointer(rebasing: all[$0 * length..<($0 + 1) * length])
          }
          try unsafe back.withUnsafeMutableBytes {
            try unsafe split.merge(parts, into: $0, kernels: kernels)
          }
        }
        #expect(back == source)
      }
    }
  }

  @Test(arguments: sets, [2, 4])
  func `windows come together again, exceptions included`(set: InstructionSet, width: Int) throws {
    let kernels = try kernels(set)
    for length in lengths + [4099] {
      var source = randomBytes(length * width, seed: UInt64(length))
      // Most exponents in the window, some anywhere.
      for element in 0..<length where element % 11 != 0 {
        source[element * width + width - 1] = source[element * width] & 0x80 | 0x3D
      }
      let window = try #require(ExponentWindow(base: 450, width: width))
      var symbols = [UInt8](repeating: 0, count: length)
      var rests = [UInt8](repeating: 0, count: ExponentWindow.restCount(length))
      try unsafe source.withUnsafeBytes { source in
        try unsafe symbols.withUnsafeMutableBytes { symbols in
          try unsafe rests.withUnsafeMutableBytes { rests in
            try unsafe window.split(source, symbols: symbols, rests: rests, kernels: kernels)
          }
        }
      }
      for element in 0..<length {
        let upper =
          Int(source[element * width + width - 1]) << 8 | Int(source[element * width + width - 2])
        let value = (upper >> 5 & 1023) - 450
        #expect(Int(symbols[element]) == ((0..<127).contains(value) ? value + 1 : 0))
      }
      #expect(try merged(window, source, symbols, rests, kernels) == source)
    }
  }

  private func merged(
    _ window: ExponentWindow, _ source: [UInt8], _ symbols: [UInt8], _ rests: [UInt8],
    _ kernels: KernelSet
  ) throws -> [UInt8] {
    let width = window.width
    let lower = (0..<width - 2).map { plane in
      symbols.indices.map { source[$0 * width + width - 3 - plane] }
    }
    let all = lower.flatMap(\.self)
    var back = [UInt8](repeating: 0, count: source.count)
    try unsafe symbols.withUnsafeBytes { symbols in
      let count = unsafe ExponentWindow.exceptionCount(symbols, kernels: kernels)
      let zeros = unsafe symbols.reduce(0) { $1 == 0 ? $0 + 1 : $0 }
      #expect(count == zeros)
      var exceptions = [UInt8](repeating: 0, count: 2 * count)
      try unsafe source.withUnsafeBytes { source in
        try unsafe exceptions.withUnsafeMutableBytes { target in
          let found = try unsafe window.gatherExceptions(
            symbols, of: source, into: target, kernels: kernels)
          #expect(found == 2 * count)
          guard count > 0 else { return }
          let less = unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<(2 * count - 1)])
          let none = try unsafe window.gatherExceptions(
            symbols, of: source, into: less, kernels: kernels)
          #expect(none == nil)
          _ = try unsafe window.gatherExceptions(
            symbols, of: source, into: target, kernels: kernels)
        }
      }
      try unsafe all.withUnsafeBytes { all in
        let parts = unsafe (0..<width - 2).map {
          unsafe UnsafeRawBufferPointer(
            rebasing: all[$0 * symbols.count..<($0 + 1) * symbols.count])
        }
        try unsafe rests.withUnsafeBytes { rests in
          try unsafe back.withUnsafeMutableBytes { target in
            try unsafe window.merge(
              symbols: symbols, rests: rests, lower: parts, into: target, kernels: kernels)
            try unsafe exceptions.withUnsafeBytes {
              try unsafe window.scatterExceptions(
                symbols, from: $0, into: target, kernels: kernels)
            }
          }
        }
      }
    }
    return back
  }

  @Test(arguments: sets)
  func `exclusive or undoes itself`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    for length in lengths {
      let a = randomBytes(length, seed: 1)
      let b = randomBytes(length, seed: 2)
      var c = [UInt8](repeating: 0, count: length)
      try unsafe a.withUnsafeBytes { a in
        try unsafe b.withUnsafeBytes { b in
          try unsafe c.withUnsafeMutableBytes {
            try unsafe BytewiseXor.apply(a, b, into: $0, kernels: kernels)
          }
        }
      }
      #expect(c == zip(a, b).map { $0 ^ $1 })
    }
  }

  @Test func `what does not fit is refused`() throws {
    let split = try #require(BytePlanes(width: 4, rotates: true))
    #expect(BytePlanes(width: 3, rotates: false) == nil)
    #expect(ExponentWindow(base: 1024, width: 2) == nil && ExponentWindow(base: 0, width: 8) == nil)
    let seven = [UInt8](repeating: 0, count: 7)
    var target = seven
    #expect(throws: KernelError.partialElement(bytes: 7, width: 4)) {
      try unsafe seven.withUnsafeBytes { source in
        try unsafe target.withUnsafeMutableBytes { target in
          try unsafe split.split(source, into: target)
        }
      }
    }
  }

  @Test func `an estimate is near the entropy`() {
    let coin = randomBytes(1 << 16, seed: 3).map { $0 & 1 }
    let noise = randomBytes(1 << 16, seed: 4)
    for (bytes, bits) in [(coin, 1.0), (noise, 8.0), ([7, 7, 7], 0.0), ([], 0.0)] {
      let found = unsafe bytes.withUnsafeBytes {
        unsafe ByteEntropy.estimate($0, sample: 1 << 14)
      }
      #expect(abs(found - bits) < 0.02)
    }
  }
}
