// Numbers of things in words.

/// "1 tensor", "2 tensors".
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
