// For the interop tests and the bench: writes a decoder's logits and gradients as raw floats, or
// measures how fast it is.
// usage: tieconv-probe MODEL f32|bf16|ggml OUTPUT SEQUENCE...   a sequence is tokens with commas
//        tieconv-probe MODEL f32|bf16 time SEQUENCES LENGTH

import Foundation
import TieConv
import TieConvModel

let arguments = CommandLine.arguments
guard arguments.count > 4, let precision = ComputePrecision(rawValue: arguments[2]) else {
  FileHandle.standardError.write(
    Data("usage: tieconv-probe MODEL f32|bf16 OUTPUT TOKENS... | time SEQUENCES LENGTH\n".utf8))
  exit(64)
}

/// Tokens a second of the best of several runs.
func rate(_ batch: TokenBatch, runs: Int, _ body: () throws -> Void) rethrows -> Double {
  try body()
  var best = Duration.seconds(1_000_000)
  for _ in 0..<runs { best = min(best, try ContinuousClock().measure(body)) }
  return Double(batch.count) / (best / .seconds(1))
}

func measure(_ decoder: Decoder, _ batch: TokenBatch) throws {
  let forward = try rate(batch, runs: 5) { _ = try decoder.negativeLogLikelihoods(batch) }
  let backward = try rate(batch, runs: 3) { _ = try decoder.lossWithGradients(batch) }
  print("{\"forward\": \(forward), \"forward_backward\": \(backward)}")
}

func write(_ values: [Float], to path: String) throws {
  let data = values.withUnsafeBufferPointer { Data(buffer: $0) }
  try data.write(to: URL(fileURLWithPath: path))
}

do {
  let decoder = try Decoder(of: try Checkpoint(opening: arguments[1]), precision: precision)
  if arguments[3] == "time" {
    let length = Int(arguments[arguments.count - 1]) ?? 512
    let size = decoder.configuration.vocabularySize
    let sequences = (0..<(Int(arguments[4]) ?? 1)).map { number in
      (0..<length).map { (number * length + $0) * 7919 % size }
    }
    try measure(decoder, TokenBatch(sequences))
  } else {
    let batch = TokenBatch(
      arguments[4...].map { $0.split(separator: ",").compactMap { Int($0) } })
    try write(try decoder.logits(batch), to: arguments[3] + "/logits")
    for (name, values) in try decoder.namedGradients(batch) {
      try write(values, to: arguments[3] + "/" + name)
    }
  }
} catch let error as CheckpointError {
  FileHandle.standardError.write(Data("tieconv-probe: \(error.line)\n".utf8))
  exit(2)
}
