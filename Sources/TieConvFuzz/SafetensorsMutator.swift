// Damage to safetensors files: framing, header text, and layouts that stay valid but are odd.

import TieConv

/// Mutations of safetensors files.
struct SafetensorsMutator {
  let json: JSONMutator

  func mutate(_ file: inout [UInt8], _ random: inout RandomSource) {
    guard var (header, data) = Self.split(file) else {
      return ByteMutator.mutate(&file, &random)
    }
    switch random.below(12) {
    case 0: return ByteMutator.mutate(&file, &random)
    case 1:
      let length = random.pick(ByteMutator.limits)
      file = Self.join(header, data, length: length)
      return
    case 2: ByteMutator.mutate(&data, &random)
    case 3, 4: reshape(&header, &random)
    case 5:
      (header, data) = Self.synthesized(&random)
    case 6: renameTensor(&header, &random)
    default:
      for _ in 0...random.below(3) { json.mutate(&header, &random) }
    }
    let lie = random.once(in: 20) ? UInt64(max(0, header.count - 8 + random.below(17))) : nil
    file = Self.join(header, data, length: lie)
  }

  /// Header text and data; nil where the framing is broken.
  static func split(_ file: [UInt8]) -> ([UInt8], [UInt8])? {
    guard file.count >= 8 else { return nil }
    let length = file[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else { return nil }
    let end = 8 + Int(length)
    return (Array(file[8..<end]), Array(file[end...]))
  }

  static func join(_ header: [UInt8], _ data: [UInt8], length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + header + data
  }

  /// Gives a tensor another shape, or another type of the same width, with as many bytes.
  private func reshape(_ header: inout [UInt8], _ random: inout RandomSource) {
    guard let root = try? JSONNode.parse(header),
      let member = root.members?.filter({ $0.node["shape"] != nil }).randomElement(using: &random),
      let shape = member.node["shape"], let dtype = member.node["dtype"]
    else { return }
    let extents = shape.elements?.compactMap(\.integer) ?? []
    if random.once(in: 3) {
      let same = [["BF16", "F16", "I16", "U16"], ["F32", "I32", "U32"], ["I8", "U8", "F8_E4M3"]]
      guard let group = same.first(where: { $0.contains(dtype.string ?? "") }) else { return }
      header.replaceSubrange(dtype.range, with: "\"\(random.pick(group))\"".utf8)
      return
    }
    var changed = extents
    switch random.below(5) {
    case 0: changed = extents.reversed()
    case 1: changed = [1] + extents
    case 2: changed = extents + [1, 1]
    case 3: changed = [extents.reduce(1, &*)]
    default: changed = extents.map { $0 % 2 == 0 ? $0 / 2 : $0 } + [2]
    }
    let spelled = "[" + changed.map { String($0) }.joined(separator: ",") + "]"
    header.replaceSubrange(shape.range, with: spelled.utf8)
  }

  private func renameTensor(_ header: inout [UInt8], _ random: inout RandomSource) {
    guard let root = try? JSONNode.parse(header),
      let member = root.members?.randomElement(using: &random)
    else { return }
    let name = JSONText.quoted(random.pick(Vocabulary.tensors))
    header.replaceSubrange(member.keyRange, with: name.utf8)
  }

  /// A valid file of tensors whose names mean something, some with equal bytes.
  private static func synthesized(_ random: inout RandomSource) -> ([UInt8], [UInt8]) {
    var members: [String] = []
    var data: [UInt8] = []
    let names = Vocabulary.tensors.shuffled(using: &random).prefix(1 + random.below(6))
    var shared = (0...random.below(3)).map { _ in random.pick([0, 1, 2, 3, 4, 8, 16, 61]) }
    // Nothing is stored of it, however vast its other side.
    if random.once(in: 8) { shared = [0, random.pick([Int.max, 1 << 62, 1 << 40])] }
    if random.once(in: 3) { shared.reverse() }
    let type = random.pick(Vocabulary.dtypes)
    let fill = UInt8(random.below(256))
    for name in names {
      let isOdd = random.once(in: 3)
      let shape = isOdd ? (0..<random.below(4)).map { _ in random.below(5) } : shared
      let dtype = isOdd ? random.pick(Vocabulary.dtypes) : type
      let width = DType(rawValue: dtype)?.bitWidth ?? 8
      let bits = shape.contains(0) ? 0 : shape.reduce(width, *)
      guard bits % 8 == 0 else { continue }
      let end = data.count + bits / 8
      members.append(
        JSONText.quoted(name) + ":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),"
          + "\"data_offsets\":[\(data.count),\(end)]}")
      for place in 0..<bits / 8 {
        data.append(isOdd ? UInt8(random.below(256)) : fill &+ UInt8(truncatingIfNeeded: place))
      }
    }
    if random.once(in: 4) { members.shuffle(using: &random) }
    return (Array("{\(members.joined(separator: ","))}".utf8), data)
  }
}
