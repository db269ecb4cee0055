// A GGUF header after an edit of its tensors. The metadata is carried over byte by byte, so that a
// vocabulary of megabytes is copied, not spelled anew.

/// The new start of a GGUF file, and what follows it.
struct GGUFHeaderEdit: Sendable {
  /// The file up to its data section.
  let start: [UInt8]
  /// Runs of `start` that the file has already.
  let carried: [ShardEdit.Carried]
  /// The data section.
  let parts: [ShardEdit.Part]

  /// Edits `shard`, of a model whose number of tensors changes by `change` in all its parts.
  init(
    _ shard: Shard, _ header: GGUFHeader, dropping dropped: Set<String>,
    renaming renamed: [String: String], adding added: [ShardEdit.Addition],
    metadata: (key: String, value: String?)?, change: Int
  ) throws(CheckpointError) {
    var pairs = Pairs(old: try shard.start(), header: header)
    if let metadata { pairs.replace(metadata.key, with: metadata.value) }
    if change != 0 { pairs.changeTensorCount(by: change) }
    let slots = Self.slots(header, dropped, renamed, added)
    do throws(GGUFError) {
      var encoder = GGUFEncoder(order: header.byteOrder)
      encoder.append(bytes: GGUFHeader.magic)
      encoder.append(header.version)
      encoder.append(Int64(slots.count))
      encoder.append(Int64(pairs.count))
      carried = pairs.write(to: &encoder)
      var place = 0
      for slot in slots {
        let size = try GGUFRules.byteCount(slot.name, slot.tensor.extents, slot.tensor.type)
        encoder.append(
          GGUFTensorInfo(
            name: slot.name, extents: slot.tensor.extents, type: slot.tensor.type, offset: place,
            byteCount: size))
        place = try GGUFRules.end(of: slot.name, at: place, size, header.alignment)
      }
      if !slots.isEmpty { encoder.pad(to: header.alignment) }
      start = encoder.bytes
    } catch {
      throw error.checkpointError(file: shard.path)
    }
    parts = Self.parts(slots, header, fileSize: shard.fileSize)
  }

  // MARK: Tensors

  /// A tensor of the new file.
  private struct Slot {
    let name: String
    /// The stored tensor that has its bytes.
    let tensor: GGUFTensorInfo
    let isAdded: Bool
  }

  private static func slots(
    _ header: GGUFHeader, _ dropped: Set<String>, _ renamed: [String: String],
    _ added: [ShardEdit.Addition]
  ) -> [Slot] {
    var slots: [Slot] = []
    for tensor in header.tensors {
      if !dropped.contains(tensor.name) {
        slots.append(
          Slot(name: renamed[tensor.name] ?? tensor.name, tensor: tensor, isAdded: false))
      }
      for addition in added where addition.source.name == tensor.name {
        slots.append(Slot(name: addition.name, tensor: tensor, isAdded: true))
      }
    }
    return slots
  }

  /// Tensors with the padding that they have, which need not be zeros; then whatever stands behind
  /// the last one.
  private static func parts(
    _ slots: [Slot], _ header: GGUFHeader, fileSize: Int
  ) -> [ShardEdit.Part] {
    var parts: [ShardEdit.Part] = []
    for slot in slots {
      let begin = header.dataStart + slot.tensor.offset
      let end = begin + slot.tensor.byteCount
      let padded = begin + GGUFHeader.padded(slot.tensor.byteCount, to: header.alignment)
      if slot.isAdded {
        parts.append(.tensor(slot.tensor.name))
        parts.append(.padding(padded - end))
      } else {
        let there = min(padded, fileSize)
        parts.append(.bytes(begin..<there))
        parts.append(.padding(padded - there))
      }
    }
    let tail = min(header.dataStart + header.dataCount, fileSize)..<fileSize
    if !tail.isEmpty { parts.append(.bytes(tail)) }
    return parts.filter { $0 != .padding(0) }
  }

  // MARK: Metadata

  /// The pairs of the new file: runs of the old ones, and new ones.
  private struct Pairs {
    private enum Run {
      case old(Range<Int>)
      case new(key: String, GGUFValue)
    }

    private let old: [UInt8]
    private let header: GGUFHeader
    private var runs: [Run]
    private(set) var count: Int

    init(old: [UInt8], header: GGUFHeader) {
      self.old = old
      self.header = header
      runs = [.old(header.pairs)]
      count = header.metadata.count
    }

    /// Takes `key` out where it is, and states `value` behind all others.
    mutating func replace(_ key: String, with value: String?) {
      if let place = header.marks[key] {
        cut(place, putting: nil)
        count -= 1
      }
      if let value {
        runs.append(.new(key: key, .string(value)))
        count += 1
      }
    }

    /// A part of a split model states how many tensors all parts have.
    mutating func changeTensorCount(by change: Int) {
      let key = GGUFSplit.tensorCountKey
      guard let place = header.marks[key], let value = header.metadata[key],
        let changed = value.adding(change)
      else { return }
      cut(place, putting: .new(key: key, changed))
    }

    private mutating func cut(_ place: Range<Int>, putting run: Run?) {
      for (index, old) in runs.enumerated() {
        guard case .old(let range) = old, range.contains(place.lowerBound) else { continue }
        runs.replaceSubrange(
          index...index,
          with: [
            .old(range.lowerBound..<place.lowerBound), run,
            .old(place.upperBound..<range.upperBound),
          ].compactMap { $0 })
        return
      }
    }

    func write(to encoder: inout GGUFEncoder) -> [ShardEdit.Carried] {
      var carried: [ShardEdit.Carried] = []
      for run in runs {
        switch run {
        case .old(let range) where !range.isEmpty && range.upperBound <= old.count:
          carried.append(ShardEdit.Carried(place: encoder.bytes.count, source: range))
          encoder.append(bytes: old[range])
        case .old: continue
        case .new(let key, let value): encoder.append(key: key, value)
        }
      }
      return carried
    }
  }
}

extension GGUFValue {
  /// The integer and `change`, in the same type; nil where it is none, or does not fit.
  fileprivate func adding(_ change: Int) -> GGUFValue? {
    guard let sum = integer.map({ $0.addingSaturated(change) }) else { return nil }
    return GGUFValue(sum, as: type)
  }
}
