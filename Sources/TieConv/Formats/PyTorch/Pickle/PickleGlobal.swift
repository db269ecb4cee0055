// The names that a pickle may ask for: a list of what is allowed, never of what is not.

/// Something that a pickle names with GLOBAL. None of it is looked up, imported or called: each
/// stands for what this reader does itself.
enum PickleGlobal: Sendable, Hashable {
  case orderedDict, counter, set, bytearray, complex, encode, size, device, layout
  case tensorClass, parameterClass
  case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter
  case rebuildParameterWithState, rebuildFromType
  case dtype(TorchDType)
  case storage(TorchDType)
  /// What torch allows and this reader does not hold: refused once it is called.
  case unsupported(String)

  /// What `module` and `name` mean; nil where they are not on the list.
  init?(module: String, name: String) {
    if let known = Self.known["\(module) \(name)"] {
      self = known
    } else if module == "torch", let dtype = TorchDType(name: name) {
      self = .dtype(dtype)
    } else if module == "torch", let dtype = TorchDType(storageClass: name) {
      self = .storage(dtype)
    } else if module == "torch.storage", name == "UntypedStorage" || name == "_UntypedStorage" {
      self = .storage(.untyped)
    } else {
      return nil
    }
  }

  // As one text with a blank between: a dot would let "a.b c" pass for "a b.c".
  private static let known: [String: PickleGlobal] = [
    "collections OrderedDict": .orderedDict,
    "collections Counter": .counter,
    "builtins set": .set,
    "__builtin__ set": .set,
    "builtins bytearray": .bytearray,
    "__builtin__ bytearray": .bytearray,
    "builtins complex": .complex,
    "__builtin__ complex": .complex,
    "_codecs encode": .encode,
    "torch Size": .size,
    "torch device": .device,
    "torch Tensor": .tensorClass,
    "torch UntypedStorage": .storage(.untyped),
    "torch.nn.parameter Parameter": .parameterClass,
    "torch.serialization _get_layout": .layout,
    "torch._utils _rebuild_tensor": .rebuildTensor,
    "torch._utils _rebuild_tensor_v2": .rebuildTensorV2,
    "torch._utils _rebuild_tensor_v3": .rebuildTensorV3,
    "torch._utils _rebuild_parameter": .rebuildParameter,
    "torch._utils _rebuild_parameter_with_state": .rebuildParameterWithState,
    "torch._tensor _rebuild_from_type_v2": .rebuildFromType,
    "torch._utils _rebuild_qtensor": .unsupported("a quantized tensor"),
    "torch._utils _rebuild_sparse_tensor": .unsupported("a sparse tensor"),
    "torch._utils _rebuild_meta_tensor_no_storage": .unsupported("a meta tensor, without data"),
    "torch._utils _rebuild_wrapper_subclass": .unsupported("a tensor of a class of its own"),
    "torch._utils _rebuild_device_tensor_from_numpy": .unsupported("a tensor kept as numpy array"),
    "torch._utils _rebuild_device_tensor_from_cpu_tensor":
      .unsupported("a tensor of a device that is not known"),
    "torch per_tensor_affine": .unsupported("a quantized tensor"),
    "torch per_tensor_symmetric": .unsupported("a quantized tensor"),
    "torch per_channel_affine": .unsupported("a quantized tensor"),
    "torch per_channel_symmetric": .unsupported("a quantized tensor"),
    "torch per_channel_affine_float_qparams": .unsupported("a quantized tensor"),
  ]
}
