// Times matrix products on request: reads lines "f32|bf16|bf16packed m n k threads" from standard
// input and answers each with the best seconds of some runs. C = A · Bᵀ with B stored n × k, as a
// linear layer's weight is.

import Glibc

func filled(_ count: Int, _ kind: ElementKind) -> UnsafeMutableRawBufferPointer {
  let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: max(64, count * kind.byteWidth), alignment: 64)
  var state: UInt32 = 1
  for index in 0..<count {
    state = state &* 1_664_525 &+ 1_013_904_223
    // Between 1/2 and 1, of either sign.
    let bits = state & 0x807F_0000 | 0x3F00_0000
    if kind == .f32 {
      buffer.storeBytes(of: bits, toByteOffset: 4 * index, as: UInt32.self)
    } else {
      buffer.storeBytes(of: UInt16(bits >> 16), toByteOffset: 2 * index, as: UInt16.self)
    }
  }
  return buffer
}

struct Timing {
  let clock = ContinuousClock()

  func best(atLeast seconds: Double, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    var total = 0.0
    var runs = 0
    while total < seconds || runs < 3 {
      let duration = try clock.measure(body).components
      let time = Double(duration.seconds) + 1e-18 * Double(duration.attoseconds)
      best = min(best, time)
      total += time
      runs += 1
    }
    return best
  }
}

func seconds(_ name: Substring, _ m: Int, _ n: Int, _ k: Int, _ pool: ThreadPool) throws -> Double {
  let kind: ElementKind = name == "f32" ? .f32 : .bf16
  let precision: ProductPrecision = name == "f32" ? .f32 : .bf16
  let (x, w) = (filled(m * k, kind), filled(n * k, kind))
  let c = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, m * n))
  c.initialize(repeating: 0)
  defer {
    x.deallocate()
    w.deallocate()
    c.deallocate()
  }
  let a = try MatrixOperand(UnsafeRawBufferPointer(x), kind: kind, rows: m, columns: k)
  let b = try MatrixOperand(
    UnsafeRawBufferPointer(w), kind: kind, rows: n, columns: k, transposed: true)
  if name.hasSuffix("packed") {
    let packed = PackedMatrix(b, precision: precision, pool: pool)
    return try Timing().best(atLeast: 0.3) {
      try MatrixProduct.multiply(a, packed, into: c, pool: pool)
    }
  }
  return try Timing().best(atLeast: 0.3) {
    try MatrixProduct.multiply(a, b, into: c, precision: precision, pool: pool)
  }
}

var pools: [Int: ThreadPool] = [:]
while let line = readLine() {
  let words = line.split(separator: " ")
  let sizes = words.dropFirst().compactMap { Int($0) }
  guard sizes.count == 4 else { break }
  let pool = pools[sizes[3]] ?? ThreadPool(threads: sizes[3])
  pools[sizes[3]] = pool
  print(try seconds(words[0], sizes[0], sizes[1], sizes[2], pool))
  fflush(nil)
}
