// One pass over all names for modules that look like vocabulary tables; linear, a few
// nanoseconds a name, and everything later works on the handful that it finds.

/// Modules whose last path component is a known vocabulary name.
struct VocabularyScan {
  struct Candidate: Hashable {
    let stem: String
    let role: TensorRole
    /// Under a numbered layer or an `mtp` module: part of an extra prediction layer at best.
    let isNested: Bool
  }

  private(set) var candidates: [Candidate] = []

  init(names: some Sequence<String>) {
    var seen: Set<String> = []
    for name in names {
      guard let (role, end) = VocabularyScan.role(of: name) else { continue }
      let stem = String(name[..<end])
      guard seen.insert(stem).inserted, VocabularyScan.isPlausible(stem) else { continue }
      candidates.append(
        Candidate(stem: stem, role: role, isNested: VocabularyScan.isNested(stem)))
    }
  }

  func stems(_ role: TensorRole) -> [String] {
    candidates.filter { $0.role == role && !$0.isNested }.map(\.stem)
  }

  /// The role that a name's module has by its last component, and where the module's path ends.
  private static func role(of name: String) -> (TensorRole, String.Index)? {
    let bytes = name.utf8Span.span
    var dot = bytes.count - 1
    while dot >= 0, bytes[dot] != 0x2E { dot -= 1 }
    guard dot > 0 else { return nil }
    var start = dot - 1
    while start >= 0, bytes[start] != 0x2E { start -= 1 }
    start += 1
    let length = dot - start
    guard length < VocabularyComponents.byLength.count else { return nil }
    for entry in VocabularyComponents.byLength[length] {
      guard entry.bytes[0] == bytes[start] else { continue }
      var index = 1
      while index < length, entry.bytes[index] == bytes[start + index] { index += 1 }
      if index == length {
        return (entry.role, name.utf8.index(name.utf8.startIndex, offsetBy: dot))
      }
    }
    return nil
  }

  /// `decoder` is a head only under `predictions` or `lm_head`; `head` only at the top, under
  /// `model` or `shared_head`; `output` never below an attention block.
  private static func isPlausible(_ stem: String) -> Bool {
    let parts = stem.split(separator: ".")
    let parent = parts.dropLast().last ?? ""
    switch parts.last {
    case "decoder": return parent == "predictions" || parent == "lm_head" || parent == "head"
    case "head", "output": return parent.isEmpty || parent == "model" || parent == "shared_head"
    default: return true
    }
  }

  private static func isNested(_ stem: String) -> Bool {
    stem.split(separator: ".").contains { part in
      part == "mtp" || part == "nextn" || part.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
  }
}
