// Laws of the parallel loop.

import Synchronization
import Testing
import TieConvKernels

@Suite struct ParallelLoopTests {
  struct Failure: Error, Equatable { let block: Int }

  @Test(arguments: [0, 1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func `every block runs once, on a worker below the bound`(threads: Int, blocks: Int) {
    let runs = Mutex([Int](repeating: 0, count: blocks))
    let worst = Atomic(0)
    ParallelLoop.run(blocks: blocks, threads: threads) { block, worker in
      runs.withLock { $0[block] += 1 }
      worst.max(worker, ordering: .relaxed)
    }
    #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    #expect(worst.load(ordering: .relaxed) < max(1, threads))
  }

  @Test func `one worker runs one block at a time`() {
    let busy = Mutex(Set<Int>())
    let clashes = Atomic(0)
    ParallelLoop.run(blocks: 500, threads: 4) { _, worker in
      if !busy.withLock({ $0.insert(worker).inserted }) { clashes.add(1, ordering: .relaxed) }
      busy.withLock { _ = $0.remove(worker) }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test(arguments: 1...8)
  func `the error of the lowest failing block is thrown`(threads: Int) {
    for _ in 0..<50 {
      #expect(throws: Failure(block: 17)) {
        try ParallelLoop.run(blocks: 400, threads: threads) { block, _ throws(Failure) in
          if block == 17 {
            // Let later blocks fail first.
            for _ in 0..<2000 { _ = Atomic(0).load(ordering: .acquiring) }
          }
          if block >= 17 { throw Failure(block: block) }
        }
      }
    }
  }

  @Test func `blocks far above a failure never start`() {
    let started = Atomic(0)
    #expect(throws: Failure(block: 0)) {
      try ParallelLoop.run(blocks: 1_000_000, threads: 2) { block, _ throws(Failure) in
        started.add(1, ordering: .relaxed)
        if block == 0 { throw Failure(block: 0) }
      }
    }
    #expect(started.load(ordering: .relaxed) < 1_000_000)
  }

  @Test func `there is at least one default thread`() {
    #expect(ParallelLoop.defaultThreads >= 1)
  }
}
