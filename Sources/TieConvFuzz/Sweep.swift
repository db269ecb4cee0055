// Every truncation and a flip of every byte of small seeds: no chance involved.

import TieConv

/// All cases that cut or flip one place of one seed.
struct Sweep {
  /// One file that is damaged, among the files that stay as they are.
  private struct Seed {
    let folder: FolderContents
    let name: String
    let isAlone: Bool
    var places: Int { 2 * min(folder[name]?.count ?? 0, Sweep.longest) }
  }

  private static let longest = 4096
  private let seeds: [Seed]

  init(_ source: Seeds) {
    var seeds = (source.files + source.editedFiles).filter { $0.count <= Self.longest }.map {
      Seed(folder: ["model.safetensors": $0], name: "model.safetensors", isAlone: true)
    }
    seeds += source.pytorchFiles.map {
      Seed(folder: ["model.bin": $0], name: "model.bin", isAlone: true)
    }
    seeds += source.ggufFiles.map {
      Seed(folder: ["model.gguf": $0], name: "model.gguf", isAlone: true)
    }
    for folder in source.folders + source.edited {
      for name in folder.keys.sorted() where name.hasSuffix(".json") {
        seeds.append(Seed(folder: folder, name: name, isAlone: false))
      }
    }
    self.seeds = seeds
  }

  /// The number of cases.
  var count: UInt64 { UInt64(seeds.reduce(0) { $0 + $1.places }) }

  /// Case `number`, counted around where there are fewer.
  func fuzzCase(_ number: UInt64) -> FuzzCase? {
    var place = Int(number % max(1, count))
    for seed in seeds {
      if place < seed.places { return damaged(seed, place) }
      place -= seed.places
    }
    return nil
  }

  private func damaged(_ seed: Seed, _ place: Int) -> FuzzCase {
    var folder = seed.folder
    var bytes = folder[seed.name] ?? []
    let offset = place / 2
    if place % 2 == 0 {
      bytes.removeSubrange(offset...)
    } else {
      bytes[offset] ^= 1 << UInt8(offset * 5 % 8)
    }
    folder[seed.name] = bytes
    return FuzzCase(
      kind: .folder, contents: folder, file: seed.isAlone ? seed.name : nil, adapter: nil)
  }
}
