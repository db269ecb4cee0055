// Laws of the thread pool.

import Synchronization
import Testing
import TieConvKernels

@Suite struct ThreadPoolTests {
  @Test(arguments: [0, 1, 2, 3, 8])
  func `every part runs once, job after job`(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for parts in [0, 1, 2, 7, 100] + Array(repeating: 5, count: 300) {
      let runs = Mutex([Int](repeating: 0, count: parts))
      pool.run(parts: parts) { part in runs.withLock { $0[part] += 1 } }
      #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    }
  }

  @Test func `a part may use the pool`() {
    let pool = ThreadPool(threads: 3)
    let runs = Atomic(0)
    pool.run(parts: 10) { _ in
      pool.run(parts: 10) { _ in runs.add(1, ordering: .relaxed) }
    }
    #expect(runs.load(ordering: .relaxed) == 100)
  }

  @Test func `several threads may use one pool`() {
    let pool = ThreadPool(threads: 2)
    let runs = Atomic(0)
    ParallelLoop.run(blocks: 200, threads: 4) { _, _ in
      pool.run(parts: 9) { _ in runs.add(1, ordering: .relaxed) }
    }
    #expect(runs.load(ordering: .relaxed) == 1800)
  }

  @Test func `what parts wrote is seen after the run`() {
    let pool = ThreadPool(threads: 4)
    var total = 0
    for turn in 0..<2000 {
      let results = (0..<4).map { _ in Atomic0() }
      pool.run(parts: 4) { part in results[part].value.store(turn, ordering: .relaxed) }
      total += results.reduce(0) { $0 + $1.value.load(ordering: .relaxed) }
    }
    #expect(total == 4 * 1999 * 1000)
  }

  final class Atomic0: Sendable {
    let value = Atomic(-1)
  }

  @Test func `pools come and go`() {
    for threads in 1...4 {
      for _ in 0..<20 {
        let runs = Atomic(0)
        ThreadPool(threads: threads).run(parts: 3) { _ in runs.add(1, ordering: .relaxed) }
        #expect(runs.load(ordering: .relaxed) == 3)
      }
    }
  }
}
