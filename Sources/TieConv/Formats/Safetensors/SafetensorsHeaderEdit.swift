// Editing a header as text: what is not edited keeps its spelling and order.

/// The new header of a shard and the order of its data.
struct SafetensorsHeaderEdit: Sendable {
  /// A run of the data section: bytes of one tensor of the checkpoint.
  struct Slot: Sendable, Equatable {
    /// The tensor's name before the edit, in whatever shard it is stored.
    let source: String
    let byteCount: Int
  }

  /// Length and JSON text, as a file starts.
  let start: [UInt8]
  /// The data section.
  let slots: [Slot]

  /// Edits the header of `shard`, whose JSON text is `text`.
  init(
    _ header: SafetensorsHeader, text: [UInt8], dropping dropped: Set<String>,
    renaming renamed: [String: String], adding added: [ShardEdit.Addition],
    metadata: (key: String, value: String?)? = nil
  ) throws(CheckpointError) {
    let root: JSONNode
    do { root = try JSONNode.parse(text) } catch {
      throw CheckpointError(.inputChanged, "header changed while it was being read")
    }
    let members = root.members ?? []
    let plan = Self.arrange(header.tensors, dropping: dropped, renaming: renamed, adding: added)
    var edit = JSONEdit()
    edit.removeMembers(of: members) { dropped.contains($0) }
    for (member, place) in members.compactMap({ member in
      plan.places[member.key].map { (member, $0) }
    }) {
      if let name = renamed[member.key] {
        edit.replace(member.keyRange, with: JSONText.quoted(name))
      }
      if let offsets = member.node["data_offsets"]?.elements, offsets.count == 2 {
        if offsets[0].integer != place.lowerBound {
          edit.replace(offsets[0].range, with: String(place.lowerBound))
        }
        if offsets[1].integer != place.upperBound {
          edit.replace(offsets[1].range, with: String(place.upperBound))
        }
      }
    }
    Self.addMembers(plan.additions, to: members, in: root, text, &edit)
    if let metadata {
      let hasOthers = !added.isEmpty || members.contains { !dropped.contains($0.key) }
      Self.setMetadata(metadata.key, metadata.value, root, hasOthers: hasOthers, &edit)
    }
    slots = plan.slots
    start = Self.framed(edit.applied(to: text))
  }

  /// `json` behind its length, padded with spaces so that the data starts at a multiple of 8, as
  /// the reference writes it.
  static func framed(_ json: [UInt8]) -> [UInt8] {
    var text = json
    while text.last == UInt8(ascii: " ") { text.removeLast() }
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }
}

extension SafetensorsHeaderEdit {
  /// Where everything goes: data order, new offsets of what stays, and of what is added.
  private struct Arrangement {
    var slots: [Slot] = []
    var places: [String: Range<Int>] = [:]
    var additions: [(entry: ShardEdit.Addition, place: Range<Int>, follower: String?)] = []
  }

  /// A tensor of the new file: its order is judged by what it will be called.
  private struct Item {
    let name: String
    let old: String?
    let info: TensorInfo
  }

  private static func arrange(
    _ tensors: [TensorInfo], dropping dropped: Set<String>, renaming renamed: [String: String],
    adding added: [ShardEdit.Addition]
  ) -> Arrangement {
    var items = tensors.filter { !dropped.contains($0.name) }
      .map { Item(name: renamed[$0.name] ?? $0.name, old: $0.name, info: $0) }
    let isReferenceOrder = zip(items, items.dropFirst()).allSatisfy { referencePrecedes($0, $1) }
    for addition in added {
      let item = Item(name: addition.name, old: nil, info: addition.source)
      let place =
        isReferenceOrder
        ? items.firstIndex { referencePrecedes(item, $0) } ?? items.count : items.count
      items.insert(item, at: place)
    }
    var result = Arrangement()
    var offset = 0
    for (number, item) in items.enumerated() {
      let range = offset..<offset + item.info.byteCount
      offset = range.upperBound
      result.slots.append(Slot(source: item.info.name, byteCount: range.count))
      if let old = item.old {
        result.places[old] = range
      } else {
        let follower = items[number...].first { $0.old != nil }?.old
        result.additions.append(
          (ShardEdit.Addition(name: item.name, source: item.info), range, follower))
      }
    }
    return result
  }

  /// The reference writer's order: widest alignment first, then by name.
  private static func referencePrecedes(_ one: Item, _ other: Item) -> Bool {
    let all = DType.allCases
    let left = all.firstIndex(of: one.info.dtype) ?? 0
    let right = all.firstIndex(of: other.info.dtype) ?? 0
    return left != right ? left > right : one.name.utf8Precedes(other.name)
  }

  private static func addMembers(
    _ additions: [(entry: ShardEdit.Addition, place: Range<Int>, follower: String?)],
    to members: [JSONMember], in root: JSONNode, _ text: [UInt8], _ edit: inout JSONEdit
  ) {
    for (entry, place, follower) in additions {
      let shape = entry.source.shape.dimensions.map(String.init).joined(separator: ",")
      let spelled =
        JSONText.quoted(entry.name)
        + ":{\"dtype\":\"\(entry.source.dtype.rawValue)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(place.lowerBound),\(place.upperBound)]}"
      if let follower, let next = members.first(where: { $0.key == follower }) {
        let at = next.keyRange.lowerBound
        edit.replace(at..<at, with: spelled + ",")
      } else if let last = members.last {
        let at = last.node.range.upperBound
        edit.replace(at..<at, with: "," + spelled)
      } else {
        edit.replace(root.range, with: "{" + spelled + "}")
      }
    }
  }

  /// States `key` under `__metadata__` as `value`, or takes it away where `value` is nil.
  private static func setMetadata(
    _ key: String, _ value: String?, _ root: JSONNode, hasOthers: Bool, _ edit: inout JSONEdit
  ) {
    let pairs = root["__metadata__"]?.members
    if let pairs, let pair = pairs.first(where: { $0.key == key }) {
      if let value {
        edit.replace(pair.node.range, with: JSONText.quoted(value))
      } else {
        edit.removeMembers(of: pairs) { $0 == key }
      }
    } else if let value {
      let pair = "\(JSONText.quoted(key)):\(JSONText.quoted(value))"
      if let node = root["__metadata__"], node.members != nil {
        let at = node.range.upperBound - 1
        edit.replace(at..<at, with: (pairs?.isEmpty == false ? "," : "") + pair)
      } else if let node = root["__metadata__"] {
        edit.replace(node.range, with: "{\(pair)}")
      } else {
        let at = root.range.lowerBound + 1
        let comma = hasOthers ? "," : ""
        edit.replace(at..<at, with: "\"__metadata__\":{\(pair)}" + comma)
      }
    }
  }
}
