// Laws of the streams into files: the same bytes whichever way they go, and no failure is lost.

import Foundation
import Synchronization
import Testing

@testable import TieConvIO

@Suite(.timeLimit(.minutes(1))) struct StreamSinkTests {
  /// Two pages.
  private static let block = 8192
  private let folder: String

  init() throws {
    folder = (RealDisk.home ?? NSTemporaryDirectory()) + "tieconv-stream-" + UUID().uuidString
    try FileSystem.makeDirectory(folder)
  }

  private func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
  }

  private func contents(_ name: String) throws -> [UInt8] {
    let file = try InputFile(folder + "/" + name)
    return try file.bytes(in: 0..<file.size)
  }

  private func directSink(_ name: String) throws -> (OutputFile, DirectSink) {
    let file = try OutputFile(creating: folder + "/" + name)
    return (file, try #require(DirectSink(file, blockCount: Self.block)))
  }

  /// Every write to `file` fails from now on: there is no space.
  private func fill(_ file: OutputFile) throws {
    let full = unsafe open("/dev/full", O_WRONLY)
    try #require(full >= 0 && dup2(full, file.descriptor) >= 0)
    close(full)
  }

  // MARK: Bytes

  @Test(
    .enabled(if: RealDisk.home != nil, "no file system that writes directly"),
    arguments: [1, 511, 4096, 5000, 8192, 100_000])
  func `every sink takes the same bytes, however they are cut`(piece: Int) throws {
    defer { try? FileSystem.removeTree(folder) }
    for blocks in [0, 1, 2, 7] where piece > 1 || blocks < 2 {
      for rest in [0, 1, 4095, 4096, 4097, 8191] {
        let expected = bytes(blocks * Self.block + rest)
        let buffered = BufferedSink(
          try OutputFile(creating: folder + "/buffered-\(blocks)-\(rest)"))
        let (file, direct) = try directSink("direct-\(blocks)-\(rest)")
        let sinks: [any StreamSink] = [buffered, direct, CountingSink()]
        for sink in sinks {
          for start in stride(from: 0, to: expected.count, by: piece) {
            try sink.append(Array(expected[start..<min(start + piece, expected.count)]))
          }
          try sink.finish()
          #expect(sink.count == expected.count)
        }
        for name in ["buffered", "direct"] {
          let isSame = try contents("\(name)-\(blocks)-\(rest)") == expected
          #expect(isSame, "\(name), \(blocks) blocks and \(rest)")
        }
        // Only a part of a page makes the file go back to the cache; less than a block never left.
        #expect(file.stopDirect() == (blocks > 0 && rest % 4096 == 0))
      }
    }
  }

  @Test(.enabled(if: RealDisk.home != nil, "no file system that writes directly"))
  func `a direct write that is refused is repeated through the cache`() throws {
    defer { try? FileSystem.removeTree(folder) }
    let file = try OutputFile(creating: folder + "/out")
    let buffer = AlignedBuffer(count: 4096)
    let room = unsafe buffer.bytes(4096)
    for place in 0..<4096 { unsafe room[place] = 7 }
    file.startDirect()
    unsafe try file.write(UnsafeRawBufferPointer(room), at: 0)
    try file.write([1, 2, 3], at: 4096)
    #expect(!file.stopDirect())
    #expect(try contents("out") == Array(repeating: 7, count: 4096) + [1, 2, 3])
  }

  @Test func `a file system in memory is written through its cache`() throws {
    defer { try? FileSystem.removeTree(folder) }
    let path = "/dev/shm/tieconv-stream-" + UUID().uuidString
    guard let file = try? OutputFile(creating: path) else { return }
    defer { unsafe unlink(path) }
    #expect(file.stream() is BufferedSink)
  }

  // MARK: Failures

  @Test(
    .enabled(if: RealDisk.home != nil, "no file system that writes directly"), arguments: [1, 3])
  func `a full disk reaches every worker`(workers: Int) throws {
    defer { try? FileSystem.removeTree(folder) }
    let (file, sink) = try directSink("out")
    try fill(file)
    let queue = WriteQueue(spare: 2, capacity: 5000)
    let next = Atomic(0)
    let works = (0..<workers).map { _ in
      BackgroundWork { () throws(IOFailure) in
        var buffer = AlignedBuffer(count: 5000)
        for _ in 0..<1000 {
          let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
          buffer = try queue.submit(number, to: sink, buffer, count: 5000)
        }
      }
    }
    for work in works {
      #expect { try work.value() } throws: { ($0 as? IOFailure)?.reason == .diskFull }
    }
    sink.stop()
  }

  @Test(.enabled(if: RealDisk.home != nil, "no file system that writes directly"))
  func `the last bytes fail like the others`() throws {
    defer { try? FileSystem.removeTree(folder) }
    let (file, sink) = try directSink("out")
    try sink.append([1, 2, 3])
    try fill(file)
    #expect { try sink.finish() } throws: { ($0 as? IOFailure)?.reason == .diskFull }
    sink.stop()
  }

  @Test(.enabled(if: RealDisk.home != nil, "no file system that writes directly"))
  func `a stop leaves whole blocks and no thread that writes`() throws {
    defer { try? FileSystem.removeTree(folder) }
    for count in [0, 1, Self.block, 9 * Self.block + 1] {
      let (_, sink) = try directSink("out-\(count)")
      let expected = bytes(count)
      try sink.append(expected)
      sink.stop()
      let found = try contents("out-\(count)")
      #expect(found.count % Self.block == 0)
      let isPrefix = expected.starts(with: found)
      #expect(isPrefix)
    }
  }
}
