// A conversion as the tests run it.

@testable import TieConv

/// Converts the checkpoint at `input` with two threads.
@discardableResult func convert(
  _ input: String, _ output: String, _ target: ConversionTarget,
  _ change: (inout ConvertOptions) -> Void = { _ in }
) throws -> ConvertReport {
  var options = ConvertOptions(execution: ExecutionOptions(threads: 2))
  change(&options)
  return try Converter(try Checkpoint(opening: input), options: options)
    .convert(to: output, as: target)
}
