// torch's element types under the names that pickles use, and what they are here.

/// An element type of torch.
struct TorchDType: Sendable, Hashable {
  /// torch's name: `float32`.
  let name: String
  /// The same type here; nil where there is none, or it stands for numbers that are stored
  /// elsewhere, as with quantized types.
  let dtype: DType?
  /// The bytes that torch takes for one element.
  let byteWidth: Int
  /// The bytes that are swapped together between byte orders: half of a complex number.
  let swapWidth: Int

  private init(_ name: String, _ dtype: DType?, _ byteWidth: Int, swapping swapWidth: Int? = nil) {
    self.name = name
    self.dtype = dtype
    self.byteWidth = byteWidth
    self.swapWidth = swapWidth ?? byteWidth
  }

  /// The bytes of a storage that has no type of its own.
  static let untyped = TorchDType("untyped", .u8, 1)

  /// The type called `torch.NAME`; nil where torch has none such.
  init?(name: String) {
    guard let known = Self.named[name] else { return nil }
    self = known
  }

  /// The type of a `torch.NAME` storage class; nil where there is no such class.
  init?(storageClass name: String) {
    guard let type = Self.storages[name] else { return nil }
    self = type
  }

  private static let all = [
    TorchDType("float64", .f64, 8), TorchDType("float32", .f32, 4), TorchDType("float16", .f16, 2),
    TorchDType("bfloat16", .bf16, 2), TorchDType("int64", .i64, 8), TorchDType("int32", .i32, 4),
    TorchDType("int16", .i16, 2), TorchDType("int8", .i8, 1), TorchDType("uint8", .u8, 1),
    TorchDType("uint16", .u16, 2), TorchDType("uint32", .u32, 4), TorchDType("uint64", .u64, 8),
    TorchDType("bool", .bool, 1), TorchDType("complex64", .c64, 8, swapping: 4),
    TorchDType("complex128", .c128, 16, swapping: 8), TorchDType("complex32", nil, 4, swapping: 2),
    TorchDType("bcomplex32", nil, 4, swapping: 2), TorchDType("float8_e5m2", .f8E5M2, 1),
    TorchDType("float8_e4m3fn", .f8E4M3, 1), TorchDType("float8_e5m2fnuz", .f8E5M2FNUZ, 1),
    TorchDType("float8_e4m3fnuz", .f8E4M3FNUZ, 1), TorchDType("float8_e8m0fnu", .f8E8M0, 1),
    TorchDType("float4_e2m1fn_x2", .f4, 1), TorchDType("qint8", nil, 1),
    TorchDType("quint8", nil, 1), TorchDType("qint32", nil, 4), TorchDType("quint4x2", nil, 1),
    TorchDType("quint2x4", nil, 1), TorchDType("bits8", nil, 1), TorchDType("bits16", nil, 2),
    TorchDType("bits1x8", nil, 1), TorchDType("bits2x4", nil, 1), TorchDType("bits4x2", nil, 1),
  ]

  private static let named: [String: TorchDType] = {
    var named = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (alias, name) in [
      ("double", "float64"), ("float", "float32"), ("half", "float16"), ("long", "int64"),
      ("int", "int32"), ("short", "int16"), ("cfloat", "complex64"), ("cdouble", "complex128"),
    ] { named[alias] = named[name] }
    return named
  }()

  private static let storages: [String: TorchDType] = {
    var storages: [String: TorchDType] = [:]
    for (storage, name) in [
      ("Double", "float64"), ("Float", "float32"), ("Half", "float16"), ("BFloat16", "bfloat16"),
      ("Long", "int64"), ("Int", "int32"), ("Short", "int16"), ("Char", "int8"), ("Byte", "uint8"),
      ("Bool", "bool"), ("ComplexFloat", "complex64"), ("ComplexDouble", "complex128"),
      ("QInt8", "qint8"), ("QUInt8", "quint8"), ("QInt32", "qint32"), ("QUInt4x2", "quint4x2"),
      ("QUInt2x4", "quint2x4"),
    ] { storages[storage + "Storage"] = named[name] }
    return storages
  }()
}
