// Which patterns see lines apart.

internal import TieConv

/// What is known of patterns beside their spelling.
enum KnownPattern {
  /// `\w+|[^\w\s]+` as the reference runs it here, with another engine than for patterns in files: in
  /// that one the joiners are word characters, and superscripts and fractions are not.
  static let wordsAndMarks =
    #"(?:[^\W²³¹¼½¾]|[\x{200C}\x{200D}])+|(?:[^\w\s\x{200C}\x{200D}]|[²³¹¼½¾])+"#

  /// Patterns to which a line feed between two letters is a word of its own, however the text goes on
  /// on both sides.
  static let ofWords: [PatternProgram] = [
    SplitPattern.gpt2, SplitPattern.llama3, SplitPattern.qwen2, SplitPattern.qwen35,
    SplitPattern.seedCoder, SplitPattern.withoutContractions, SplitPattern.gpt4o,
    SplitPattern.tekken, SplitPattern.deepSeek3,
  ].compactMap { try? PatternProgram($0) }
}
