// Names as whole components, and what a hostile one may do to a terminal.

import Testing

@testable import TieConv

@Suite struct TensorNameTests {
  @Test func componentsAreWhole() {
    let name = TensorName("model.my_lm_head.weight")
    #expect(!name.contains(component: "lm_head"))
    #expect(!name.hasSuffix(components: "lm_head.weight"))
    #expect(name.hasSuffix(components: "my_lm_head.weight"))
    #expect(TensorName("lm_head.weight").hasSuffix(components: "lm_head.weight"))
    #expect(TensorName("a.lm_head.weight").hasSuffix(components: "lm_head.weight"))
    #expect(TensorName("a..b").components == ["a", "", "b"])
    #expect(TensorName("lm_head.weight").last == "weight")
    #expect(TensorName("lm_head.weight").module == "lm_head")
    #expect(TensorName("weight").module == nil && TensorName("weight").last == "weight")
    #expect(TensorName("").module == nil && TensorName("").last == "")
  }

  @Test func nothingThatMovesTheCursorOrReordersTextIsShownRaw() {
    #expect(TensorName("a\u{1B}[31m.b\n").description == "a\\u{1b}[31m.b\\u{a}")
    #expect(TensorName("a\u{202E}b\u{2066}\u{200F}").description == "a\\u{202e}b\\u{2066}\\u{200f}")
    #expect(TensorName("\u{FEFF}\u{2028}\u{85}").description == "\\u{feff}\\u{2028}\\u{85}")
    #expect(TensorName("a\\b").description == "a\\\\b")
    #expect(TensorName("modèle.重み").description == "modèle.重み")
  }
}
