// A folder on a file system that writes past the page cache, where this machine has one.

import Foundation

@testable import TieConvIO

enum RealDisk {
  /// The temporary folder, or the build's where that lies in memory.
  static let home: String? = [
    NSTemporaryDirectory(),
    URL(filePath: #filePath).deletingLastPathComponent().path() + "../../.build/",
  ].first { home in
    let probe = home + "tieconv-probe-" + UUID().uuidString
    defer { unsafe unlink(probe) }
    return (try? OutputFile(creating: probe))?.canWriteDirect(alignment: AlignedBuffer.alignment)
      ?? false
  }
}
