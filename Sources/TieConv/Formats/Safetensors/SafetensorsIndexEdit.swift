// Editing an index as text: entries, shard names and totals move together.

/// The new text of an index.
enum SafetensorsIndexEdit {
  /// Edits `index` for a checkpoint whose tensors and shards change.
  ///
  /// - Parameters:
  ///   - index: the index before the edit.
  ///   - change: what happens to tensors.
  ///   - shards: the new name of each old shard; nil for one that disappears.
  ///   - additions: new tensors and the new name of the shard that holds each.
  ///   - totals: size and parameter count before and after.
  /// - Returns: the new text.
  static func edited(
    _ index: SafetensorsIndex, edit change: CheckpointEdit, shards: [String: String?],
    additions: [(tensor: String, shard: String)], totals: Totals
  ) -> [UInt8] {
    var edit = JSONEdit()
    guard let map = index.root["weight_map"], let members = map.members else { return index.text }
    edit.removeMembers(of: members) { change.dropped.contains($0) }
    for member in members where !change.dropped.contains(member.key) {
      if let name = change.renamed[member.key] {
        edit.replace(member.keyRange, with: JSONText.quoted(name))
      }
      if let old = member.node.string, let new = shards[old] ?? nil, new != old {
        edit.replace(member.node.range, with: JSONText.quoted(new))
      }
    }
    for (tensor, shard) in additions {
      edit.insert(tensor, JSONText.quoted(shard), into: map, of: index.text)
    }
    if let node = index.root[path: ["metadata", "total_size"]], index.totalSize != totals.size {
      edit.replace(node.range, with: String(totals.size))
    }
    if let node = index.root[path: ["metadata", "total_parameters"]],
      let count = totals.parameters(from: index.totalParameters), count != index.totalParameters
    {
      edit.replace(node.range, with: String(count))
    }
    return edit.applied(to: index.text)
  }

  /// Sums over the stored tensors, before and after an edit.
  struct Totals: Sendable {
    let size: Int
    let parametersBefore: Int
    let parametersAfter: Int

    /// `total_parameters` after the edit. Writers count a tied matrix once, so a count that did
    /// not include what was stored twice is right already, and one that matched nothing stays.
    func parameters(from declared: Int?) -> Int? {
      declared == parametersBefore ? parametersAfter : declared
    }
  }

  /// An index written anew from what the shards hold, laid out as transformers writes it.
  static func rebuilt(
    tensors: [(tensor: String, shard: String)], size: Int, parameters: Int?
  ) -> [UInt8] {
    var totals: [(String, JSONText)] = []
    if let parameters { totals.append(("total_parameters", .integer(parameters))) }
    totals.append(("total_size", .integer(size)))
    let map = tensors.sorted { $0.tensor.utf8Precedes($1.tensor) }
      .map { ($0.tensor, JSONText.string($0.shard)) }
    let text: JSONText = ["metadata": .object(totals), "weight_map": .object(map)]
    return Array(text.pretty.utf8)
  }
}
