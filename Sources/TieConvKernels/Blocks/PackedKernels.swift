// The kernels that decode packed weights, of one instruction set.

internal import CTieConvKernels

/// Bit widths, nibble orders and scales of packed weights. Every method checks that its blocks
/// hold what it is asked for; arithmetic is single f32 operations, none fused.
@safe package struct PackedKernels: @unchecked Sendable {
  // A table is constant and lives as long as the program.
  private let table: tc_packed_table

  /// The kernels of the best instruction set of this machine.
  package static let best = unsafe PackedKernels(table: tc_packed().pointee)

  private init(table: tc_packed_table) { self.table = table }

  /// The kernels of one instruction set, or nil where this machine cannot run it.
  package init?(_ set: InstructionSet) {
    guard let table = unsafe tc_packed_at(set.level) else { return nil }
    unsafe self.table = table.pointee
  }

  /// How codes lie in the bytes of a row.
  package enum Order: Sendable, Hashable {
    /// Code i at bit i × bits of a little-endian stream, 1 to 8 bits.
    case stream(bits: Int)
    /// As many whole codes as a 32-bit word holds, the first lowest.
    case words(bits: Int)
    /// Two a byte, the first in the high nibble.
    case highNibbleFirst
    /// Eight a word; code j in nibble 0 4 1 5 2 6 3 7 [j].
    case interleaved

    /// The bytes that `count` codes take; nil where it is beyond `Int`, or no such order exists.
    package func byteCount(_ count: Int) -> Int? {
      guard count >= 0, count <= Int.max / 16 else { return nil }
      switch self {
      case .stream(let bits): return (1...8).contains(bits) ? (count * bits + 7) / 8 : nil
      case .words(let bits):
        guard (1...8).contains(bits) else { return nil }
        let each = 32 / bits
        return (count + each - 1) / each * 4
      case .highNibbleFirst: return (count + 1) / 2
      case .interleaved: return count % 8 == 0 ? count / 2 : nil
      }
    }
  }

  /// Writes the codes that `source` holds, as many as `codes` has room for.
  package func unpack(
    _ source: RawSpan, _ order: Order, into codes: inout MutableSpan<UInt8>
  ) throws(KernelError) {
    let count = codes.count
    guard let needed = order.byteCount(count), needed <= source.byteCount else {
      throw .outsideBlock(bytes: source.byteCount)
    }
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { p in
      unsafe codes.withUnsafeMutableBufferPointer { q in
        switch order {
        case .stream(let bits):
          unsafe table.unpack_stream(p.baseAddress, count, UInt32(bits), q.baseAddress)
        case .words(let bits):
          unsafe table.unpack_words(p.baseAddress, count, UInt32(bits), q.baseAddress)
        case .highNibbleFirst: unsafe table.unpack_high_first(p.baseAddress, count, q.baseAddress)
        case .interleaved: unsafe table.unpack_interleaved(p.baseAddress, count, q.baseAddress)
        }
      }
    }
  }
}

extension PackedKernels {
  /// What number a code stands for.
  package enum Meaning: Sendable {
    case unsigned, signed
    /// 256 entries.
    case table([Float])
  }

  /// Writes the number that each code stands for.
  package func decode(
    _ codes: Span<UInt8>, as meaning: Meaning, into values: inout MutableSpan<Float>
  ) throws(KernelError) {
    let count = codes.count
    guard count == values.count else { throw .unequalCounts(count, values.count) }
    if case .table(let table) = meaning, table.count != 256 {
      throw .unequalCounts(table.count, 256)
    }
    guard count > 0 else { return }
    unsafe codes.withUnsafeBufferPointer { p in
      unsafe values.withUnsafeMutableBufferPointer { q in
        switch meaning {
        case .unsigned: unsafe table.from_unsigned(p.baseAddress, count, q.baseAddress)
        case .signed: unsafe table.from_signed(p.baseAddress, count, q.baseAddress)
        case .table(let numbers):
          unsafe numbers.withUnsafeBufferPointer { entries in
            unsafe table.look_up(p.baseAddress, count, entries.baseAddress, q.baseAddress)
          }
        }
      }
    }
  }

  /// values[i] = (values[i] − zeros[i / group]) × factors[i / group]. Without zeros nothing is
  /// subtracted.
  package func scale(
    _ values: inout MutableSpan<Float>, group: Int, zeros: Span<Float>?, factors: Span<Float>
  ) throws(KernelError) {
    let count = values.count
    try Self.check(count, group, factors.count)
    if let zeros { try Self.check(count, group, zeros.count) }
    guard count > 0 else { return }
    unsafe values.withUnsafeMutableBufferPointer { p in
      unsafe factors.withUnsafeBufferPointer { f in
        if let zeros {
          unsafe zeros.withUnsafeBufferPointer { z in
            unsafe table.scale_groups(p.baseAddress, count, group, z.baseAddress, f.baseAddress)
          }
        } else {
          unsafe table.scale_groups(p.baseAddress, count, group, nil, f.baseAddress)
        }
      }
    }
  }

  /// values[i] += terms[i / group].
  package func add(
    _ values: inout MutableSpan<Float>, group: Int, terms: Span<Float>
  ) throws(KernelError) {
    let count = values.count
    try Self.check(count, group, terms.count)
    guard count > 0 else { return }
    unsafe values.withUnsafeMutableBufferPointer { p in
      unsafe terms.withUnsafeBufferPointer { t in
        unsafe table.add_groups(p.baseAddress, count, group, t.baseAddress)
      }
    }
  }

  /// target[i] += factor × source[i].
  package func add(
    _ source: Span<Float>, times factor: Float, to target: inout MutableSpan<Float>
  ) throws(KernelError) {
    let count = target.count
    guard source.count == count else { throw .unequalCounts(source.count, count) }
    guard count > 0 else { return }
    unsafe target.withUnsafeMutableBufferPointer { p in
      unsafe source.withUnsafeBufferPointer { q in
        unsafe table.add_scaled(p.baseAddress, count, factor, q.baseAddress)
      }
    }
  }

  /// As `scale`, element i in group `groups[i]`; `maximum` is the greatest of those, which the
  /// caller has looked at once for many rows.
  package func scale(
    _ values: inout MutableSpan<Float>, groups: Span<UInt32>, maximum: Int, zeros: Span<Float>?,
    factors: Span<Float>
  ) throws(KernelError) {
    let count = values.count
    guard groups.count == count else { throw .unequalCounts(count, groups.count) }
    guard maximum < factors.count else { throw .outsideBlock(bytes: factors.count) }
    if let zeros, maximum >= zeros.count { throw .outsideBlock(bytes: zeros.count) }
    guard count > 0 else { return }
    unsafe values.withUnsafeMutableBufferPointer { p in
      unsafe groups.withUnsafeBufferPointer { g in
        unsafe factors.withUnsafeBufferPointer { f in
          if let zeros {
            unsafe zeros.withUnsafeBufferPointer { z in
              unsafe table.scale_by_index(
                p.baseAddress, count, g.baseAddress, z.baseAddress, f.baseAddress)
            }
          } else {
            unsafe table.scale_by_index(
              p.baseAddress, count, g.baseAddress, nil, f.baseAddress)
          }
        }
      }
    }
  }

  private static func check(_ count: Int, _ group: Int, _ groups: Int) throws(KernelError) {
    guard group > 0, (count + group - 1) / group <= groups else {
      throw .outsideBlock(bytes: groups)
    }
  }
}
