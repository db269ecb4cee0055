// Each tiny model of testdata/verdicts gets the verdict, and the evidence, that is expected of it.

import Foundation
import Testing

@testable import TieConv

@Suite struct VerdictFixtureTests {
  struct Expectation: Decodable {
    struct Rows: Decodable {
      let count: Int
      let first: [[Int]]
    }
    let verdict: String
    let flag: Bool?
    let embedding: String?
    let head: String?
    let equal: Bool?
    let reclaimable_bytes: Int?
    let differing_rows: Rows?
    let scale: Double?
    let max_abs_diff: Double?
  }

  static let expected: [String: Expectation] = {
    let path = "\(Testdata.root)/verdicts/expected.json"
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    return (try? JSONDecoder().decode([String: Expectation].self, from: data)) ?? [:]
  }()

  @Test("every model has an expectation") func isComplete() {
    let folders = Testdata.names(in: "verdicts").filter { $0 != "expected.json" }
    #expect(Set(folders) == Set(Self.expected.keys))
    #expect(Set(Self.expected.values.map(\.verdict)).count == TieVerdict.allCases.count)
  }

  @Test("the verdict is the expected one", arguments: expected.keys.sorted())
  func verdict(_ name: String) throws {
    let expected = try #require(Self.expected[name])
    let checkpoint = try Checkpoint(opening: "\(Testdata.root)/verdicts/\(name)")
    let report = try Inspector(checkpoint).report()
    #expect(report.verdict.rawValue == expected.verdict)
    #expect(report.flag.effective == expected.flag)
    guard let main = report.main else { return }
    if let embedding = expected.embedding { #expect(main.embedding == embedding) }
    if let head = expected.head { #expect(main.head == head) }
    if let equal = expected.equal { #expect(main.isEqual == equal) }
    if let bytes = expected.reclaimable_bytes { #expect(main.reclaimableBytes == bytes) }
    if let rows = expected.differing_rows {
      let found = main.comparison?.differingRows ?? RowRanges()
      #expect(found.count == rows.count)
      #expect(found.ranges.prefix(8).map { [$0.lowerBound, $0.upperBound] } == rows.first)
    }
    if let scale = expected.scale {
      // The factor is known as well as sums over rounded numbers give it.
      #expect(abs((main.comparison?.scale ?? 0) - scale) <= 1e-3 * abs(scale))
    }
    if let most = expected.max_abs_diff, main.isEqual == false {
      #expect(abs((main.comparison?.maxAbsDiff ?? -1) - most) <= 1e-6 * max(1, most))
    }
  }

  @Test("nothing depends on the thread count", arguments: expected.keys.sorted())
  func threads(_ name: String) throws {
    let checkpoint = try Checkpoint(opening: "\(Testdata.root)/verdicts/\(name)")
    let reports = try [1, 2, 7].map { count in
      let options = Inspector.Options(execution: ExecutionOptions(threads: count))
      return try Inspector(checkpoint, options: options).report().json.pretty
    }
    #expect(Set(reports).count == 1)
  }
}
