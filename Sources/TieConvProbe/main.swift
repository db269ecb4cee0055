// For the interop tests: writes a decoder's logits, losses and gradients as raw floats.
// usage: tieconv-probe MODEL PRECISION OUTPUT SEQUENCE... where a sequence is tokens with commas.

import Foundation
import TieConv
import TieConvModel

let arguments = CommandLine.arguments
guard arguments.count > 4, let precision = ComputePrecision(rawValue: arguments[2]) else {
  FileHandle.standardError.write(
    Data("usage: tieconv-probe MODEL f32|bf16 OUTPUT TOKENS...\n".utf8))
  exit(64)
}
do {
  let batch = TokenBatch(
    arguments[4...].map { $0.split(separator: ",").compactMap { Int($0) } })
  let decoder = try Decoder(of: try Checkpoint(opening: arguments[1]), precision: precision)
  let folder = URL(fileURLWithPath: arguments[3])
  func write(_ values: [Float], _ name: String) throws {
    let data = values.withUnsafeBufferPointer { Data(buffer: $0) }
    try data.write(to: folder.appendingPathComponent(name))
  }
  try write(try decoder.logits(batch), "logits")
  for (name, values) in try decoder.namedGradients(batch) { try write(values, name) }
} catch let error as CheckpointError {
  FileHandle.standardError.write(Data("tieconv-probe: \(error.line)\n".utf8))
  exit(2)
}
