// Seeded random checkpoints: what a tie must survive, in all layouts that writers produce.

import Foundation

@testable import TieConv

/// A small checkpoint written to disk from a seed.
struct RandomCheckpoint {
  var random: SeededRandom
  let isTied: Bool

  init(seed: Int, isTied: Bool) {
    random = SeededRandom(seed: UInt64(seed))
    self.isTied = isTied
  }

  private struct Tensor {
    let name: String
    let dtype: String
    let shape: [Int]
    let bytes: [UInt8]
  }

  /// Writes a folder with config, other files, and one or several shards.
  mutating func write(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var tensors = makeTensors()
    tensors.shuffle(using: &random)
    let shardCount = Int(random.next() % 5) + 1
    var shards: [[Tensor]] = Array(repeating: [], count: shardCount)
    for tensor in tensors { shards[Int(random.next() % UInt64(shardCount))].append(tensor) }
    shards.removeAll(where: \.isEmpty)
    let count = shards.count
    var map: [(String, String)] = []
    for (number, shard) in shards.enumerated() {
      let name = count == 1 ? "model.safetensors" : Self.shardName(number + 1, count)
      try write(shard, to: "\(folder)/\(name)")
      map += shard.map { ($0.name, name) }
    }
    if count > 1 { try writeIndex(map, tensors, to: folder) }
    try writeConfig(to: folder)
    try Data("{\"eos_token_id\": 2}".utf8).write(
      to: URL(fileURLWithPath: "\(folder)/generation_config.json"))
    try FileManager.default.createDirectory(
      atPath: "\(folder)/extra/deep", withIntermediateDirectories: true)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(folder)/extra/deep/notes.bin"))
  }

  private static func shardName(_ number: Int, _ count: Int) -> String {
    String(format: "model-%05d-of-%05d.safetensors", number, count)
  }

  private mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private mutating func makeTensors() -> [Tensor] {
    let widths = ["BF16": 2, "F32": 4, "F16": 2]
    let dtype = widths.keys.sorted()[Int(random.next() % 3)]
    let width = widths[dtype] ?? 2
    let (rows, columns) = (Int(random.next() % 7) + 1, Int(random.next() % 9) + 1)
    let table = bytes(rows * columns * width)
    var tensors = [
      Tensor(
        name: "model.embed_tokens.weight", dtype: dtype, shape: [rows, columns], bytes: table),
      Tensor(name: "model.norm.weight", dtype: "F32", shape: [columns], bytes: bytes(columns * 4)),
      Tensor(name: "model.empty", dtype: "U8", shape: [0, 3], bytes: []),
      Tensor(name: "model.layers.0.codes", dtype: "U8", shape: [3], bytes: bytes(3)),
    ]
    for layer in 0..<Int(random.next() % 4) {
      tensors.append(
        Tensor(
          name: "model.layers.\(layer).mlp.up_proj.weight", dtype: "F16", shape: [2, columns],
          bytes: bytes(4 * columns)))
    }
    if !isTied {
      tensors.append(
        Tensor(name: "lm_head.weight", dtype: dtype, shape: [rows, columns], bytes: table))
    }
    return tensors
  }

  /// Writes one file: header order, spacing, padding and metadata as the seed has it.
  private mutating func write(_ tensors: [Tensor], to path: String) throws {
    var offset = 0
    var entries: [String] = []
    let colon = random.next() % 2 == 0 ? ":" : " : "
    for tensor in tensors {
      entries.append(
        "\"\(tensor.name)\"\(colon){\"shape\":\(tensor.shape),\"dtype\":\"\(tensor.dtype)\","
          + "\"data_offsets\":[\(offset), \(offset + tensor.bytes.count)]}")
      offset += tensor.bytes.count
    }
    if random.next() % 2 == 0 { entries.shuffle(using: &random) }
    if random.next() % 3 > 0 { entries.insert("\"__metadata__\":{\"format\":\"pt\"}", at: 0) }
    var text = Array("{\(entries.joined(separator: random.next() % 2 == 0 ? "," : ",\n "))}".utf8)
    if random.next() % 3 > 0 { while text.count % 8 != 0 { text.append(0x20) } }
    var file = Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) })
    file.append(contentsOf: text)
    for tensor in tensors { file.append(contentsOf: tensor.bytes) }
    try file.write(to: URL(fileURLWithPath: path))
  }

  private mutating func writeIndex(
    _ map: [(String, String)], _ tensors: [Tensor], to folder: String
  ) throws {
    let size = tensors.reduce(0) { $0 + $1.bytes.count }
    let count = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let sorted = random.next() % 2 == 0 ? map.sorted { $0.0 < $1.0 } : map
    let entries = sorted.map { "    \"\($0.0)\": \"\($0.1)\"" }.joined(separator: ",\n")
    let parameters = random.next() % 2 == 0 ? "    \"total_parameters\": \(count),\n" : ""
    let text =
      "{\n  \"metadata\": {\n\(parameters)    \"total_size\": \(size)\n  },\n"
      + "  \"weight_map\": {\n\(entries)\n  }\n}\n"
    try Data(text.utf8).write(
      to: URL(fileURLWithPath: "\(folder)/model.safetensors.index.json"))
  }

  private mutating func writeConfig(to folder: String) throws {
    let flag = "\"tie_word_embeddings\": \(isTied)"
    let nested =
      random.next() % 3 == 0 ? ",\n  \"text_config\": {\"rope_theta\": 1e6, \(flag)}" : ""
    let text =
      "{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"model_type\": \"llama\",\n"
      + "  \"rope_theta\": 1000000.0,\n  \(flag)\(nested)\n}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
  }
}
