// One tensor of a state dict, held against its storage.

/// A tensor as torch lays it out: where in a storage each of its elements stands.
struct TensorLayout: Sendable {
  let name: String
  let type: TorchDType
  let dtype: DType
  /// Extents and strides in torch's elements.
  let shape: [Int]
  let strides: [Int]
  let storage: StoredBytes
  /// The first element's place in the storage, in bytes.
  let offset: Int
  /// The number of torch's elements.
  let count: Int
  /// Bytes of the storage from the first element to the end of the last, as they lie in memory.
  let extent: Int

  /// Checks `tensor`, called `name`, against `storage`, whose elements are of `storageType`.
  init(
    _ name: String, _ tensor: PickledTensor, in storage: StoredBytes, of storageType: TorchDType
  ) throws(PyTorchFault) {
    func fault(_ message: String, found: String, expected: String? = nil) -> PyTorchFault {
      PyTorchFault(
        .invalidStorage, tensor: name, message, found: found, expected: expected)
    }
    let type = tensor.type ?? storageType
    guard let dtype = type.dtype, dtype != .f4 || !tensor.shape.isEmpty else {
      throw PyTorchFault(
        .unsupportedFormat, tensor: name, "tensors of torch.\(type.name) are not read",
        hint: "save plain tensors, or the state dict of the model before it was changed")
    }
    let (shape, strides) = (tensor.shape, tensor.strides)
    guard shape.count == strides.count, shape.count <= 64, shape.allSatisfy({ $0 >= 0 }),
      strides.allSatisfy({ $0 >= 0 }), tensor.offset >= 0
    else {
      throw fault(
        "impossible size, stride or offset", found: "\(shape), \(strides), \(tensor.offset)")
    }
    guard let count = Shape(shape.map { UInt64($0) }).elementCount.flatMap({ Int(exactly: $0) }),
      count.multipliedSaturated(2 * type.byteWidth) < Int.max
    else {
      throw PyTorchFault(
        .shapeOverflow, tensor: name, "size beyond 64 bits", found: "\(type.name) \(shape)")
    }
    var last = tensor.offset
    for (extent, stride) in zip(shape, strides) where count > 0 {
      last = last.addingSaturated((extent - 1).multipliedSaturated(stride))
    }
    let end = count == 0 ? 0 : last.addingSaturated(1).multipliedSaturated(type.byteWidth)
    guard end <= storage.count else {
      throw fault(
        "reaches past the end of its storage", found: "\(storage.count) bytes",
        expected: "at least \(end)")
    }
    self.name = name
    self.type = type
    self.dtype = dtype
    self.shape = shape
    self.strides = strides
    self.storage = storage
    self.count = count
    offset = count == 0 ? 0 : tensor.offset * type.byteWidth
    extent = end - offset
  }

  /// The size in bytes of the elements one after another.
  var byteCount: Int { count * type.byteWidth }

  /// Whether the elements stand one after another, the last dimension fastest.
  var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected && count > 0 { return false }
      expected = expected.multipliedSaturated(extent)
    }
    return true
  }

  /// Whether the file holds the elements as they are wanted: in order, least significant byte first.
  var isPlain: Bool {
    let isSwapped = storage.isBigEndian && type.swapWidth > 1
    return count == 0 || (isContiguous && storage.isPlain && !isSwapped)
  }

  /// The shape by the dtype's elements: torch counts pairs of four-bit numbers.
  var stored: Shape {
    var extents = shape.map { UInt64($0) }
    if dtype == .f4, let last = extents.popLast() { extents.append(last * 2) }
    return Shape(extents)
  }

  /// The bytes of the root storage that elements stand in, first to last.
  var rootRange: Range<Int> {
    let start = storage.rootOffset + offset
    return start..<start + extent
  }
}
