// Laws of the order in which files are written.

import Testing

@testable import TieConv

@Suite struct OutputWriterTests {
  @Test func `as many files as there are lanes take turns, each in its own order`() {
    let lists = [["a1", "a2", "a3"], [], ["b1"], ["c1", "c2"], ["d1"]]
    #expect(
      OutputWriter.sideBySide(lists, lanes: 2) == ["a1", "b1", "a2", "c1", "a3", "c2", "d1"])
    #expect(OutputWriter.sideBySide(lists, lanes: 1) == lists.flatMap(\.self))
    #expect(OutputWriter.sideBySide(lists, lanes: 9) == ["a1", "b1", "c1", "d1", "a2", "c2", "a3"])
    #expect(OutputWriter.sideBySide([[Int]](), lanes: 2).isEmpty)
  }
}
