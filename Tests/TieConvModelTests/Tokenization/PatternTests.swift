// The pattern engine against cuts worked out by hand, and what it refuses.

import Testing

import TieConv
@testable import TieConvModel

@Suite struct PatternTests {
  private static func cuts(_ pattern: String, _ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    var matcher = PatternMatcher(forBytes: bytes.count)
    var pieces: [Piece] = []
    Splitter(finder: .pattern(try PatternProgram(pattern)), behavior: .isolated)
      .split(bytes.span, 0..<bytes.count, &matcher, into: &pieces)
    #expect(!matcher.isExhausted)
    return pieces.map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }

  @Test func knownPatternsCutLikeTheirModels() throws {
    #expect(
      try Self.cuts(SplitPattern.gpt2, "I'll  pay\n\n $12.5!")
        == ["I", "'ll", " ", " pay", "\n\n", " $", "12", ".", "5", "!"])
    #expect(
      try Self.cuts(SplitPattern.llama3, "I'LL\n\n 12345 (x)\r\n  y")
        == ["I", "'LL", "\n\n", " ", "123", "45", " (", "x", ")\r\n", " ", " y"])
    #expect(try Self.cuts(SplitPattern.qwen2, "a12é") == ["a", "1", "2", "é"])
    #expect(try Self.cuts(SplitPattern.gpt4o, "HTTPServer's x") == ["HTTPServer's", " x"])
    #expect(try Self.cuts(SplitPattern.deepSeek3, "#include _a") == ["#include", " _", "a"])
  }

  @Test func backtrackingGoesFirstAlternativeFirst() throws {
    #expect(try Self.cuts("a+ab|a", "aaab") == ["aaab"])
    #expect(try Self.cuts("a*+ab|a", "aab") == ["a", "a", "b"])
    #expect(try Self.cuts("(?:ab|a)(?:c|bcd)", "abcd") == ["abc", "d"])
    #expect(try Self.cuts("x{2,3}", "xxxxx") == ["xxx", "xx"])
    #expect(try Self.cuts("(?:ab){2}", "ababab") == ["abab", "ab"])
    #expect(try Self.cuts("a+?b?", "aab") == ["a", "ab"])
    #expect(try Self.cuts(#"\s+$"#, "a  \nb ") == ["a", "  ", "\nb", " "])
    #expect(try Self.cuts(#"a(?=b)|b\b"#, "abab c") == ["a", "b", "a", "b", " c"])
    #expect(try Self.cuts(#"(?=(?:\d{3})+(?!\d))"#, "1234567") == ["1", "234", "567"])
  }

  @Test func caseFoldsAsUnicodeHasIt() throws {
    #expect(try Self.cuts("(?i:'s|k)", "'ſ\u{212A}K's") == ["'ſ", "\u{212A}", "K", "'s"])
    #expect(try Self.cuts("[^a-z]", "aÉz") == ["a", "É", "z"])
    #expect(try Self.cuts(#"[\w--]+"#, "a-²") == ["a-²"])
  }

  @Test(arguments: [
    "(?<=a)b", "(?P<n>a)", "(?>a)", #"\h"#, #"\1"#, #"\p{Han}"#, #"\p{Greek}"#, "[a&&b]",
    "[[:alpha:]]",
    "(?i:ss)", "(?i:é)", "(?:a*)*", "(", ")", "[", "a{2", "*", "a{1001}", "[b-a]", "\\",
    "(?:(?:a{9}b){99}){99}",
  ])
  func whatIsNotSupportedIsRefused(_ pattern: String) {
    #expect(throws: PatternError.self) { _ = try PatternProgram(pattern) }
  }

  @Test func aPatternWithoutEndIsStopped() throws {
    let program = try PatternProgram("(?:a|a)+(?:a|a)+(?:a|a)+b|c")
    let text = [UInt8](repeating: 0x61, count: 2000)
    var matcher = PatternMatcher(forBytes: text.count)
    PieceFinder.pattern(program).parts(of: text.span, 0..<text.count, &matcher) { _, _, _ in }
    #expect(matcher.isExhausted)
  }

  @Test func splitsKeepDropAndJoinWhatTheySay() {
    let text = Array("--a-b--".utf8)
    func cut(_ behavior: SplitBehavior, inverted: Bool = false) -> [String] {
      var matcher = PatternMatcher(forBytes: text.count)
      var pieces: [Piece] = []
      Splitter(finder: .literal([0x2D]), behavior: behavior, isInverted: inverted)
        .split(text.span, 0..<text.count, &matcher, into: &pieces)
      return pieces.map { String(decoding: text[$0.range], as: UTF8.self) }
    }
    #expect(cut(.isolated) == ["-", "-", "a", "-", "b", "-", "-"])
    #expect(cut(.removed) == ["a", "b"])
    #expect(cut(.removed, inverted: true) == ["-", "-", "-", "-", "-"])
    #expect(cut(.contiguous) == ["--", "a", "-", "b", "--"])
    #expect(cut(.mergedWithPrevious) == ["-", "-", "a-", "b-", "-"])
    #expect(cut(.mergedWithNext) == ["-", "-a", "-b", "-", "-"])
  }
}
