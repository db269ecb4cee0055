// Colour, where a person looks and has not switched it off.

internal import TieConvIO

/// Marks text for a terminal.
struct TextStyle {
  private let isColored: Bool

  init(_ stream: StandardStream) { isColored = stream.wantsColor }

  func bold(_ text: String) -> String { marked(text, "1") }
  func good(_ text: String) -> String { marked(text, "1;32") }
  func bad(_ text: String) -> String { marked(text, "1;31") }
  func warning(_ text: String) -> String { marked(text, "33") }
  func dim(_ text: String) -> String { marked(text, "2") }

  private func marked(_ text: String, _ code: String) -> String {
    isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
