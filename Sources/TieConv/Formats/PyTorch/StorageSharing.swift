// Which tensors of a file stand on the same bytes: ties, and views that overlap.

/// Tensors that share bytes of a storage.
public struct StorageSharing: Sendable {
  /// Tensors that are the same elements of one storage.
  public struct Tie: Sendable, Equatable {
    /// Their names, in the order of the state dict.
    public let names: [String]
    /// The bytes of the file that they are; nil where the storage is deflated.
    public let range: Range<Int>?
  }

  /// Two tensors of which each has bytes of the other, without being the same.
  public struct Overlap: Sendable, Equatable {
    /// The one that starts first.
    public let first: String
    /// The one that starts within it.
    public let second: String
    /// The bytes that the first spans, counted from the start of the storage.
    public let firstRange: Range<Int>
    /// The bytes that the second spans.
    public let secondRange: Range<Int>
  }

  /// Names that are one tensor.
  public let ties: [Tie]
  /// Views that overlap; not every pair where many do.
  public let overlaps: [Overlap]
  /// The number of bytes that tensors have in all, those that are shared counted once.
  let storedBytes: Int
  /// The number of elements, those of ties counted once.
  let storedElements: Int

  private struct Place: Hashable {
    let root: Int
    let range: Range<Int>
    let type: TorchDType
    let shape: [Int]
    let strides: [Int]
  }

  init(_ layouts: [TensorLayout]) {
    var groups: [Place: [Int]] = [:]
    var order: [Place] = []
    for (number, layout) in layouts.enumerated() where layout.count > 0 {
      let place = Place(
        root: layout.storage.root, range: layout.rootRange, type: layout.type,
        shape: layout.shape, strides: layout.strides)
      if groups[place] == nil { order.append(place) }
      groups[place, default: []].append(number)
    }
    ties = order.compactMap { place in
      guard let numbers = groups[place], numbers.count > 1 else { return nil }
      let first = layouts[numbers[0]]
      let start = first.storage.start + first.offset
      return Tie(
        names: numbers.map { layouts[$0].name },
        range: first.storage.isPlain ? start..<start + first.extent : nil)
    }
    let sorted = order.sorted {
      ($0.root, $0.range.lowerBound, $0.range.upperBound)
        < ($1.root, $1.range.lowerBound, $1.range.upperBound)
    }
    var overlaps: [Overlap] = []
    var bytes = 0
    var elements = 0
    var widest: Place?
    for place in sorted {
      guard let number = groups[place]?.first else { continue }
      elements = elements.addingSaturated(layouts[number].count)
      let reach = widest.flatMap { $0.root == place.root ? $0.range.upperBound : nil } ?? 0
      if let widest, widest.root == place.root, place.range.lowerBound < reach,
        let other = groups[widest]?.first
      {
        overlaps.append(
          Overlap(
            first: layouts[other].name, second: layouts[number].name, firstRange: widest.range,
            secondRange: place.range))
      }
      let fresh = max(place.range.lowerBound, reach)
      bytes += max(0, place.range.upperBound - fresh)
      if place.range.upperBound > reach { widest = place }
    }
    self.overlaps = overlaps
    storedBytes = bytes
    storedElements = elements
  }
}
