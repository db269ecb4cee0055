// The process that runs cases: it may die, and what it was doing is on the disk by then.

import Glibc
import TieConv
import TieConvIO

/// Runs a batch of cases under limits.
struct Worker {
  /// The exit status of a law broken without a trap.
  static let violationStatus: Int32 = 70

  let options: FuzzOptions

  /// Runs cases from `first` on, until the batch is done or the process dies.
  func run(first: UInt64, count: UInt64) throws {
    let seeds = try Seeds(testdata: options.testdata, scratch: options.scratch)
    Self.limitMemory(options.memoryLimit)
    let state = try OutputFile(replacing: FilePath.join(options.scratch, "state"))
    var runner = CaseRunner(scratch: options.scratch)
    let sweep = options.sweeps ? Sweep(seeds) : nil
    var peak = Self.peakMemory()
    for number in first..<first + count {
      try state.write(Array("\(number)\n".utf8), at: 0)
      let fuzzCase =
        sweep?.fuzzCase(number) ?? FuzzCase(seed: options.seed, number: number, seeds: seeds)
      try runner.write(fuzzCase)
      Self.setTimer(options.timeLimit)
      do {
        try runner.run(fuzzCase)
      } catch let violation as Violation {
        StandardStream.error.write("violation: \(violation) [\(fuzzCase.kind)]\n")
        endProcess(Self.violationStatus)
      }
      let now = Self.peakMemory()
      if now - peak > 48 << 20 + 64 * fuzzCase.size {
        StandardStream.error.write(
          "violation: \((now - peak) >> 20) MiB for \(fuzzCase.size) bytes [\(fuzzCase.kind)]\n")
        endProcess(Self.violationStatus)
      }
      peak = max(peak, now)
    }
    Self.setTimer(0)
    let counts = runner.codes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    StandardStream.output.write(counts.joined(separator: "\n") + "\n")
  }

  private static func limitMemory(_ bytes: UInt) {
    guard bytes > 0 else { return }
    var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    var core = rlimit(rlim_cur: 0, rlim_max: 0)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
  }

  /// Ends the process after `seconds` of processor time, or thirty times as much of the clock's: a
  /// busy machine is no fault of the input.
  private static func setTimer(_ seconds: Int) {
    var timer = itimerval()
    timer.it_value.tv_sec = seconds
    unsafe setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    alarm(UInt32(seconds * 30))
  }

  /// The greatest resident size so far in bytes.
  private static func peakMemory() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }
}

extension OutputFile {
  /// Creates `path` anew.
  convenience init(replacing path: String) throws(IOFailure) {
    try FileSystem.removeTree(path)
    try self.init(creating: path)
  }
}
