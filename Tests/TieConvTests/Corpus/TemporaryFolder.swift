// A fresh folder for one test, gone afterwards; and random numbers that come again.

import Foundation

/// A folder that is removed with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "tieconv-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every file below `folder` of this one, by relative path.
  func snapshot(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    let base = "\(path)/\(folder)"
    for name in FileManager.default.enumerator(atPath: base) ?? .init() {
      guard let name = name as? String else { continue }
      let url = URL(fileURLWithPath: "\(base)/\(name)")
      if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
        files[name] = try Data(contentsOf: url)
      }
    }
    return files
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
