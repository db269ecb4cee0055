// Laws of the queue: bytes come in the order of their numbers, nobody waits for ever.

import Foundation
import Synchronization
import Testing

@testable import TieConvIO

@Suite struct WriteQueueTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "tieconv-queue-" + UUID().uuidString
    try FileSystem.makeDirectory(folder)
  }

  private func fill(_ buffer: AlignedBuffer, _ count: Int, _ value: UInt8) {
    let bytes = unsafe buffer.bytes(count)
    for place in 0..<count { unsafe bytes[place] = value }
  }

  @Test(arguments: [1, 2, 5])
  func `numbered buffers come out in order, whoever is first`(workers: Int) throws {
    defer { try? FileSystem.removeTree(folder) }
    let file = try OutputFile(creating: folder + "/out")
    let sink = BufferedSink(file)
    try sink.append([0, 0, 0])
    let queue = WriteQueue(spare: 2, capacity: 1000)
    let next = Atomic(0)
    let failed = Atomic(false)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      var buffer = AlignedBuffer(count: 1000)
      while true {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < 200 else { return }
        // The lower half of each five takes longer, so that later ones overtake.
        if number % 5 < 2 { usleep(200) }
        fill(buffer, number * 5, UInt8(number))
        do {
          buffer = try queue.submit(number, to: sink, buffer, count: number * 5)
        } catch { failed.store(true, ordering: .relaxed) }
      }
    }
    let hasFailed = failed.load(ordering: .relaxed)
    #expect(!hasFailed)
    var expected: [UInt8] = [0, 0, 0]
    for number in 0..<200 { expected += repeatElement(UInt8(number), count: number * 5) }
    #expect(sink.count == expected.count)
    let found = try InputFile(folder + "/out").bytes(in: 0..<expected.count)
    let isSame = found == expected
    #expect(isSame)
  }

  @Test func `placed buffers go where they belong`() throws {
    defer { try? FileSystem.removeTree(folder) }
    let files = try ["a", "b"].map { try OutputFile(creating: folder + "/" + $0) }
    let queue = WriteQueue(spare: 1, capacity: 100)
    var buffer = AlignedBuffer(count: 100)
    for number in (0..<50).reversed() {
      fill(buffer, 100, UInt8(number))
      buffer = try queue.submit(at: number / 2 * 100, of: files[number % 2], buffer, count: 100)
    }
    for (number, name) in ["a", "b"].enumerated() {
      let found = try InputFile(folder + "/" + name).bytes(in: 0..<2500)
      #expect(found == (0..<2500).map { UInt8(2 * ($0 / 100) + number) })
    }
  }

  @Test(arguments: [2, 5])
  func `files that are written at once do not mix`(workers: Int) throws {
    defer { try? FileSystem.removeTree(folder) }
    let files = try ["a", "b", "c"].map { try OutputFile(creating: folder + "/" + $0) }
    let queue = WriteQueue(spare: 2, capacity: 100)
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      var buffer = AlignedBuffer(count: 100)
      while true {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < 240 else { return }
        fill(buffer, 100, UInt8(number))
        guard
          let empty = try? queue.submit(
            at: number / 3 * 100, of: files[number % 3], buffer, count: 100)
        else { return }
        buffer = empty
      }
    }
    for (number, name) in ["a", "b", "c"].enumerated() {
      let found = try InputFile(folder + "/" + name).bytes(in: 0..<8000)
      #expect(found == (0..<8000).map { UInt8(3 * ($0 / 100) + number) })
    }
  }

  @Test func `a stop reaches those who wait, with its reason`() throws {
    defer { try? FileSystem.removeTree(folder) }
    let sink = BufferedSink(try OutputFile(creating: folder + "/out"))
    let queue = WriteQueue(spare: 1, capacity: 10)
    // Numbers 1 and 2 are early; number 0 never comes, so the second waits for a buffer.
    let buffer = try queue.submit(1, to: sink, AlignedBuffer(count: 10), count: 10)
    let waiting = BackgroundWork { () throws(IOFailure) in
      _ = try queue.submit(2, to: sink, buffer, count: 10)
    }
    usleep(20_000)
    queue.stop(IOFailure("write", "x", reason: .diskFull, message: "full"))
    #expect { try waiting.value() } throws: { ($0 as? IOFailure)?.reason == .diskFull }
    #expect { try queue.submit(0, to: sink, buffer, count: 10) } throws: {
      ($0 as? IOFailure)?.reason == .diskFull
    }
  }
}
