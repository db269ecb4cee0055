// A tensor's name as whole path components: `lm_head` matches a component, never a substring.
// Comes from files, so it is shown only escaped.

/// A tensor name, split at dots.
public struct TensorName: Hashable, Sendable, Comparable {
  /// The name exactly as stored.
  public let text: String

  /// A name, as stored.
  public init(_ text: String) { self.text = text }

  /// The parts between dots; empty parts stay, so that joining restores the name.
  public var components: [Substring] {
    text.split(separator: ".", omittingEmptySubsequences: false)
  }

  /// The last component: `weight`, `bias`, `scales`…
  public var last: Substring {
    guard let dot = text.utf8.lastIndex(of: 0x2E) else { return text[...] }
    return text[text.utf8.index(after: dot)...]
  }

  /// The name without its last component, or nil where there is only one.
  public var module: Substring? {
    text.utf8.lastIndex(of: 0x2E).map { text[..<$0] }
  }

  /// Whether some component is exactly `component`.
  public func contains(component: String) -> Bool {
    components.contains { $0 == component }
  }

  /// Whether the name ends with these whole components.
  public func hasSuffix(components suffix: String) -> Bool {
    TensorName.hasSuffix(text.utf8, suffix.utf8)
  }

  /// Whether `name` is `suffix`, or ends with it right after a dot.
  static func hasSuffix(_ name: String.UTF8View, _ suffix: String.UTF8View) -> Bool {
    var left = name.endIndex
    var right = suffix.endIndex
    while right != suffix.startIndex {
      guard left != name.startIndex else { return false }
      left = name.index(before: left)
      right = suffix.index(before: right)
      guard name[left] == suffix[right] else { return false }
    }
    return left == name.startIndex || name[name.index(before: left)] == 0x2E
  }

  /// Order by the components' bytes.
  public static func < (left: TensorName, right: TensorName) -> Bool { left.text < right.text }
}

extension TensorName: CustomStringConvertible {
  /// The name with everything escaped that could forge or reorder a line of a terminal.
  public var description: String { TensorName.escaped(text) }

  /// `text` with control characters, line separators, byte order marks and bidirectional
  /// formatting characters written as `\u{…}`, and the backslash doubled.
  public static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F || $0 == 0x5C }) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if scalar == "\\" {
        shown += "\\\\"
      } else if mustEscape(scalar) {
        shown += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  private static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      true
    default:
      false
    }
  }
}
