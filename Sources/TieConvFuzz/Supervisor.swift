// Starts workers, notes how each ended, and keeps the inputs that ended one.

import Foundation
import TieConvIO

/// Runs batches of cases in processes of their own.
struct Supervisor {
  let options: FuzzOptions
  private var executed: UInt64 = 0
  private var findings: [String] = []
  private var counts: [String: Int] = [:]

  init(options: FuzzOptions) { self.options = options }

  /// Runs until the time, or the number of cases, is over; the number of findings.
  mutating func run() throws -> Int {
    let start = Date()
    var next = options.firstCase
    let last = options.cases.map { options.firstCase + $0 }
    while next < last ?? .max,
      options.cases != nil || Date().timeIntervalSince(start) < options.seconds
    {
      let count = min(options.batch, (last ?? .max) - next)
      next = try runBatch(first: next, count: count)
      if findings.count >= options.maximumFindings { break }
      report(start, isLast: false)
    }
    report(start, isLast: true)
    return findings.count
  }

  /// Runs one batch; the number of the case after the last one that ran.
  private mutating func runBatch(first: UInt64, count: UInt64) throws -> UInt64 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = options.workerArguments(first: first, count: count)
    // One arena: the address-space limit is for the parsers, not for the allocator's reserves.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["MALLOC_ARENA_MAX": "1", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    let words = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationReason == .exit, process.terminationStatus == 0 {
      add(String(decoding: answer, as: UTF8.self))
      executed += count
      return first + count
    }
    let state = try? Seeds.bytes(FilePath.join(options.scratch, "state"))
    guard
      let number = state.flatMap({ UInt64(String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self)) }
      ),
      number >= first
    else { throw Violation("the worker did not start: \(words)") }
    executed += number - first + 1
    let cause =
      process.terminationReason == .uncaughtSignal
      ? "signal \(process.terminationStatus)" : "status \(process.terminationStatus)"
    try keep(number, "\(cause): \(words.suffix(600))")
    return number + 1
  }

  private mutating func keep(_ number: UInt64, _ words: String) throws {
    let name = "seed-\(options.seed)-case-\(number)"
    findings.append(name)
    StandardStream.error.write("FOUND \(name): \(words)\n")
    guard let save = options.save else { return }
    let target = FilePath.join(save, name)
    let files = FileManager.default
    try files.createDirectory(atPath: save, withIntermediateDirectories: true)
    try FileSystem.removeTree(target)
    try files.copyItem(atPath: CaseRunner.inputPath(options.scratch), toPath: target)
    let adapter = CaseRunner.adapterPath(options.scratch)
    if files.fileExists(atPath: adapter) {
      try files.copyItem(atPath: adapter, toPath: FilePath.join(target, "adapter"))
    }
    try words.write(toFile: target + ".txt", atomically: false, encoding: .utf8)
  }

  private mutating func add(_ text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count == 2, let number = Int(parts[1]) {
        counts[String(parts[0]), default: 0] += number
      }
    }
  }

  private func report(_ start: Date, isLast: Bool) {
    let seconds = Int(Date().timeIntervalSince(start))
    StandardStream.output.write(
      "seed \(options.seed): \(executed) executions in \(seconds) s, \(findings.count) findings\n")
    guard isLast else { return }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      StandardStream.output.write("  \(name) \(count)\n")
    }
  }
}
