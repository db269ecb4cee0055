// A checkpoint's tensors as they are once packed matrices are unpacked.

/// A tensor with plain numbers, and what stores it.
struct PlainEntry: Sendable {
  /// Name, type and shape once it is plain.
  let info: TensorInfo
  /// Where its numbers come from.
  let source: TensorRecipe.Source
  /// The stored tensors that it is made of.
  let members: [String]

  /// Every tensor of `checkpoint`; with `unpacks`, packed matrices as one plain tensor each, in the
  /// place of their codes.
  ///
  /// - Throws: what ``DequantizedMatrix`` throws.
  static func all(
    of checkpoint: Checkpoint, unpacks: Bool
  ) throws(CheckpointError) -> [PlainEntry] {
    var entries: [PlainEntry] = []
    for info in checkpoint.tensors {
      if unpacks, let family = packedFamily(of: info.name, in: checkpoint) {
        guard family.main == info.name else { continue }
        if let entry = try unpacked(family, checkpoint) { entries.append(entry) }
      } else {
        entries.append(
          PlainEntry(info: info, source: .stored(info.name), members: [info.name]))
      }
    }
    return entries
  }

  /// Whether some matrix of `checkpoint` is packed with scales of its own beside it.
  static func hasPacked(_ checkpoint: Checkpoint) -> Bool {
    checkpoint.tensors.contains { packedFamily(of: $0.name, in: checkpoint) != nil }
  }

  private static func packedFamily(of name: String, in checkpoint: Checkpoint) -> TensorFamily? {
    guard let part = TensorFamily.part(of: name), part.part != .bias,
      let family = TensorFamily(
        stem: String(part.stem), isStored: { checkpoint.locations[$0] != nil }),
      family.isQuantized, family.main != nil
    else { return nil }
    return family
  }

  private static func unpacked(
    _ family: TensorFamily, _ checkpoint: Checkpoint
  ) throws(CheckpointError) -> PlainEntry? {
    let matrix = try DequantizedMatrix(family, in: checkpoint)
    let info = TensorInfo(
      name: family.stem + ".weight", dtype: matrix.dtype, shape: matrix.shape,
      dataOffsets: 0..<matrix.size)
    return PlainEntry(info: info, source: .packed(family.stem), members: family.members)
  }
}
