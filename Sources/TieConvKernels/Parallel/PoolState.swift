// What the threads of a pool share: one job at a time, whose parts are claimed one by one.

internal import CTieConvKernels
internal import Dispatch
internal import Synchronization

@safe final class PoolState: Sendable {
  typealias Body = @Sendable (_ part: Int) -> Void

  /// The job's number in the upper half, its unclaimed parts in the lower: a claim is one exchange,
  /// and a thread that comes late finds no part of the job that it came for.
  private let ticket = Atomic<UInt64>(0)
  private let parts = Atomic<Int>(0)
  private let body = Atomic<UInt>(0)
  private let finished = Atomic<Int>(0)
  /// Whether the caller still spins, sleeps, or need not wait any more.
  private let waiting = Atomic<Int>(PoolState.spinning)
  private let done = DispatchSemaphore(value: 0)
  private let busy = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  private let workers: [PoolWorker]

  private static let spinning = 0
  private static let sleeping = 1
  private static let over = 2
  /// Turns before a thread sleeps: some tens of microseconds, as long as waking one takes.
  static let patience = 2000
  /// A job's number of parts must fit the lower half of the ticket.
  private static let mostParts = Int(UInt32.max)

  init(workers count: Int) {
    workers = (0..<count).map { _ in PoolWorker() }
    for worker in workers {
      DispatchQueue(label: "tieconv.pool").async { self.work(worker) }
    }
  }

  func acquire() -> Bool {
    busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  func release() { busy.store(false, ordering: .releasing) }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    for worker in workers { worker.wake() }
  }

  /// Runs a job. The caller holds the pool, and takes parts itself.
  func run(parts count: Int, _ job: UnsafePointer<Body>) {
    guard count <= Self.mostParts else {
      for part in 0..<count { unsafe job.pointee(part) }
      return
    }
    parts.store(count, ordering: .relaxed)
    body.store(UInt(bitPattern: job), ordering: .relaxed)
    finished.store(0, ordering: .relaxed)
    waiting.store(Self.spinning, ordering: .relaxed)
    let number = (ticket.load(ordering: .relaxed) >> 32 &+ 1) & 0xFFFF_FFFF
    ticket.store(number << 32 | UInt64(count), ordering: .sequentiallyConsistent)
    for worker in workers.prefix(count - 1) { worker.wake() }
    while takePart() {}
    var turns = 0
    while turns < Self.patience, waiting.load(ordering: .acquiring) != Self.over {
      turns += 1
      tc_relax()
    }
    let sleeps = waiting.compareExchange(
      expected: Self.spinning, desired: Self.sleeping, ordering: .acquiringAndReleasing)
    if sleeps.exchanged { done.wait() }
  }

  /// Claims and runs one part; false if there is none.
  private func takePart() -> Bool {
    var seen = ticket.load(ordering: .acquiring)
    while seen & 0xFFFF_FFFF > 0 {
      let claim = ticket.weakCompareExchange(
        expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
      guard claim.exchanged else {
        seen = claim.original
        continue
      }
      // The job cannot end before this part has, so what it consists of may be read now.
      let count = parts.load(ordering: .relaxed)
      callBody(part: count - Int(seen & 0xFFFF_FFFF))
      if finished.add(1, ordering: .acquiringAndReleasing).newValue == count,
        waiting.exchange(Self.over, ordering: .acquiringAndReleasing) == Self.sleeping
      {
        done.signal()
      }
      return true
    }
    return false
  }

  // A call of its own, so that the closure's references are given back before the part counts as
  // finished.
  @inline(never) private func callBody(part: Int) {
    guard let job = unsafe UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed)) else {
      return
    }
    unsafe job.pointee(part)
  }

  private func work(_ worker: PoolWorker) {
    while !stopped.load(ordering: .sequentiallyConsistent) {
      var turns = 0
      while turns < Self.patience {
        if takePart() { turns = 0 } else { turns += 1 }
        tc_relax()
      }
      worker.sleep {
        ticket.load(ordering: .sequentiallyConsistent) & 0xFFFF_FFFF == 0
          && !stopped.load(ordering: .sequentiallyConsistent)
      }
    }
  }
}
