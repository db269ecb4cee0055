// The state that bitsandbytes stores beside a 4-bit weight: a JSON text in a tensor of bytes.

/// What the state says.
struct FourBitState: Sendable {
  let rows: Int
  let columns: Int
  /// Elements that share a factor.
  let run: Int
  let result: DType
  /// How the factors are packed; nil where they are not.
  let nested: (run: Int, offset: Float)?

  /// The run lengths that bitsandbytes accepts.
  private static let runs = [32, 64, 128, 256, 512, 1024, 2048, 4096]

  /// The numbers of the codes. NF4: quantiles of a normal distribution (QLoRA, appendix E); FP4:
  /// E2M1 with subnormals of its own, divided by 12, in the order of the codes.
  static let maps: [String: [Float]] = [
    "nf4": [
      -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
      -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
      0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
      0.7229568362236023, 1,
    ],
    "fp4": [0, 0.0625, 8, 12, 4, 6, 2, 3, 0, -0.0625, -8, -12, -4, -6, -2, -3].map { $0 / 12 },
  ]

  init(_ family: PackedFamily, _ suffix: String) throws(CheckpointError) {
    let text = try family.bytes(suffix, [.u8])
    guard let root = try? JSONNode.parse(text, allowsNonFinite: true), root.members != nil else {
      throw family.fault(suffix, "is not a JSON object")
    }
    let shape = root["shape"]?.elements?.compactMap(\.integer) ?? []
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw family.fault(suffix, "names no shape of a matrix")
    }
    guard let run = root["blocksize"]?.integer, Self.runs.contains(run) else {
      throw family.fault(
        suffix, "names no known blocksize", found: "\(root["blocksize"]?.integer ?? 0)")
    }
    let results: [String: DType] = ["bfloat16": .bf16, "float16": .f16, "float32": .f32]
    guard let result = root["dtype"]?.string.flatMap({ results[$0] }) else {
      throw family.fault(suffix, "names no known dtype")
    }
    (rows, columns) = (shape[0], shape[1])
    self.run = run
    self.result = result
    guard root["nested_blocksize"] != nil || root["nested_offset"] != nil else {
      nested = nil
      return
    }
    guard let inner = root["nested_blocksize"]?.integer, (1...65536).contains(inner),
      let offset = root["nested_offset"]?.double, offset.isFinite
    else { throw family.fault(suffix, "does not say how its factors are packed") }
    nested = (inner, Float(offset))
  }
}
