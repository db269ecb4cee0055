// tieconv verify

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that a checkpoint is whole, that two are the same, or that gradients flow.",
    discussion: """
      Of one checkpoint: headers, index, flag, receipt and its digests. Of two: every tensor, through \
      ties, renames, sharding and exact dtype casts. Exits 1 where anything is not as it should be.

      --logits runs two models and compares their full distributions, never the text that they would \
      write: a soft cap or a scale that only the config has is found, and named. --gradients runs \
      one, forward and backward: both roles of a shared table must get their gradient once, and six \
      faults that are put in must be caught. With --against it says which path the gradients of \
      another framework have lost.

      Examples:
        tieconv verify OUT
        tieconv verify OUT --finite
        tieconv verify MODEL OUT
        tieconv verify MODEL OUT --logits --text wiki.txt
        tieconv verify MODEL --gradients
        tieconv verify MODEL --gradients --tokens ids.npy --against grads.safetensors
        tieconv verify STEP-1000 STEP-2000 --drift
      """)

  @Argument(
    help: InputHelp.checkpoint,
    completion: .file())
  var input: String

  @Argument(help: "A second one, to compare the first with.", completion: .file())
  var other: String?

  @Flag(help: "Also look for NaN and infinity in every tensor of one checkpoint.")
  var finite = false

  @OptionGroup(title: "Running the model") var model: ModelVerifyOptions

  @OptionGroup var output: OutputOptions

  func validate() throws {
    try model.check(inputs: other == nil ? 1 : 2)
    if finite, model.isAny { throw ValidationError("--finite runs no model.") }
    if finite, other != nil {
      throw ValidationError("--finite is about one checkpoint; two were given.")
    }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      if model.isAny { return try runModel() }
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
