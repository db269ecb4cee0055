// The fuzzer's command line.

import Glibc

/// What was typed.
struct FuzzOptions {
  static let usage = """
    usage: tieconv-fuzz [--seconds N] [--cases N] [--seed N] [--first N] [--save DIR]
                        [--testdata DIR] [--scratch DIR] [--limit SECONDS] [--sweep 0|1]
                        [--worker COUNT]
    Runs mutated inputs through every operation; exits 1 where one traps, hangs, takes too much
    memory or breaks a law. --sweep 1 cuts and flips every place of the seeds instead.
    --worker COUNT runs the cases here, without a process to watch over it.

    """

  /// How long to run where no number of cases is given.
  var seconds = 60.0
  /// How many cases to run.
  var cases: UInt64?
  /// Decides every case, with its number.
  var seed: UInt64 = 1
  /// The number of the first case.
  var firstCase: UInt64 = 0
  /// Where inputs are kept that something was wrong with.
  var save: String?
  var testdata = "testdata"
  /// Where inputs are written; a folder in memory where there is one.
  var scratch = ""
  /// Processor seconds that a case may take.
  var timeLimit = 2
  /// Address space of a worker in bytes.
  var memoryLimit: UInt = 512 << 20
  /// The number of cases that a worker runs here and now.
  var worker: UInt64?
  /// Whether every place of every small seed is cut and flipped in turn, instead of mutations.
  var sweeps = false
  let batch: UInt64 = 4000
  let maximumFindings = 50

  /// Reads `arguments`; nil where they are wrong.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch (name, UInt64(value)) {
      case ("--seconds", let number?): seconds = Double(number)
      case ("--cases", let number?): cases = number
      case ("--seed", let number?): seed = number
      case ("--first", let number?): firstCase = number
      case ("--limit", let number?) where number < 3600: timeLimit = Int(number)
      case ("--worker", let number?): worker = number
      case ("--sweep", let number?): sweeps = number > 0
      case ("--save", _): save = value
      case ("--testdata", _): testdata = value
      case ("--scratch", _): scratch = value
      default: return nil
      }
    }
    if scratch.isEmpty {
      let base = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
      scratch = "\(base)/tieconv-fuzz-\(getpid())"
    }
  }

  /// The arguments of a worker that runs `count` cases from `first` on.
  func workerArguments(first: UInt64, count: UInt64) -> [String] {
    [
      "--worker", "\(count)", "--first", "\(first)", "--seed", "\(seed)", "--testdata", testdata,
      "--scratch", scratch, "--limit", "\(timeLimit)", "--sweep", sweeps ? "1" : "0",
    ]
  }
}
