// Damage to PyTorch files: the archive's records, and pickles that ask for the wrong things.

/// Mutations of files that torch.save wrote.
struct PyTorchMutator {
  /// One entry of an archive.
  private struct Entry {
    var name: [UInt8]
    var data: [UInt8]
  }

  /// Texts that the pickle machine and the archive's reader react to.
  private static let words: [[UInt8]] =
    [
      "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch._utils\n_rebuild_tensor_v3\n",
      "ctorch._utils\n_rebuild_parameter\n", "ctorch.storage\nUntypedStorage\n",
      "ctorch\nFloatStorage\n", "ctorch\nDoubleStorage\n", "ctorch\nfloat4_e2m1fn_x2\n",
      "ccollections\nOrderedDict\n)R", "cos\nsystem\n", "X\u{7}\0\0\0storage", "X\u{5}\0\0\0state",
      "X\u{c}\0\0\0param_groups", "(", "t", "Q", "R", "b", "s", "u", "a", "e", "}", "]", ")", "N",
      "q\u{0}", "h\u{0}", "h\u{1}", "h\u{5}", "K\u{0}", "K\u{1}", "K\u{4}", ".",
    ].map { Array($0.utf8) } + [
      [0x85], [0x86], [0x87], [0x88], [0x89], [0x81], [0x8F],
      [0x8A, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x8A, 8, 6, 0, 0, 0, 0, 0, 0, 0x40], [0x4A, 0xFF, 0xFF, 0xFF, 0xFF],
    ]

  func mutate(_ file: inout [UInt8], _ random: inout RandomSource) {
    guard var entries = Self.entries(file), !random.once(in: 4) else {
      return random.once(in: 2) ? splice(&file, &random) : ByteMutator.mutate(&file, &random)
    }
    let place = random.once(in: 3) ? random.below(entries.count) : 0
    switch random.below(8) {
    case 0: ByteMutator.mutate(&entries[place].name, &random)
    case 1: entries.append(random.pick(entries))
    case 2: entries.remove(at: place)
    case 3: ByteMutator.mutate(&entries[place].data, &random)
    default: splice(&entries[place].data, &random)
    }
    file = Self.archive(entries)
  }

  /// Puts a word in, or in the place of others.
  private func splice(_ bytes: inout [UInt8], _ random: inout RandomSource) {
    guard !bytes.isEmpty else { return }
    let start = random.below(bytes.count)
    let end = random.once(in: 2) ? start : min(bytes.count, start + random.below(12))
    bytes.replaceSubrange(start..<end, with: random.pick(Self.words))
  }

  /// The entries of an archive of stored entries with sizes in their headers; nil for any other.
  private static func entries(_ file: [UInt8]) -> [Entry]? {
    var entries: [Entry] = []
    var place = 0
    func number(_ offset: Int, _ width: Int) -> Int {
      (0..<width).reduce(0) { $0 | Int(file[place + offset + $1]) << (8 * $1) }
    }
    while file.count - place >= 30, number(0, 4) == 0x0403_4B50 {
      let (size, name) = (number(22, 4), number(26, 2))
      let data = place + 30 + name + number(28, 2)
      guard number(8, 2) == 0, number(6, 2) & 8 == 0, data + size <= file.count else { return nil }
      entries.append(
        Entry(
          name: Array(file[place + 30..<place + 30 + name]), data: Array(file[data..<data + size])))
      place = data + size
    }
    return entries.isEmpty ? nil : entries
  }

  private static func archive(_ entries: [Entry]) -> [UInt8] {
    func little(_ value: Int, _ width: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let sizes = little(entry.data.count, 4) + little(entry.data.count, 4)
      let fields = [UInt8](repeating: 0, count: 12) + sizes + little(entry.name.count, 2)
      directory += [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + fields
      directory += [UInt8](repeating: 0, count: 12) + little(file.count, 4) + entry.name
      file += [0x50, 0x4B, 3, 4, 0, 0] + fields + [0, 0] + entry.name + entry.data
    }
    let count = little(entries.count, 2)
    return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count
      + little(directory.count, 4) + little(file.count, 4) + [0, 0]
  }
}
