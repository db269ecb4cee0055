// tieconv verify

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that a checkpoint is whole, or that two are the same.",
    discussion: """
      Of one checkpoint: headers, index, flag, receipt and its digests. Of two: every tensor, through \
      ties, renames, sharding and exact dtype casts. Exits 1 where anything is not as it should be.

      Examples:
        tieconv verify OUT
        tieconv verify OUT --finite
        tieconv verify MODEL OUT
      """)

  @Argument(
    help: "A model folder, a .safetensors or .gguf file, an index, or a .tiepack.",
    completion: .file())
  var input: String

  @Argument(help: "A second one, to compare the first with.", completion: .file())
  var other: String?

  @Flag(help: "Also look for NaN and infinity in every tensor of one checkpoint.")
  var finite = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if finite, other != nil {
      throw ValidationError("--finite is about one checkpoint; two were given.")
    }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      let checkpoint = try Checkpoint(opening: input)
      let report: VerifyReport
      if let other {
        report = try EqualityVerifier(
          checkpoint, try Checkpoint(opening: other), options: output.execution
        ).report()
      } else {
        report = try IntegrityVerifier(
          checkpoint, checksFinite: finite, options: output.execution
        ).report()
      }
      output.write(report.json, text: VerifyText(report: report, style: TextStyle(.output)).text)
      return report.passed ? .yes : .no
    }
  }
}
