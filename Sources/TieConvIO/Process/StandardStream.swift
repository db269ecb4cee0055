// stdout and stderr: whole writes, and what kind of thing they lead to.

internal import Glibc

/// One of the process's two output streams.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Writes all of `text`. That nobody reads any more is no failure.
  package func deliver(_ text: String) throws(IOFailure) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { raw in
        unsafe Glibc.write(rawValue, raw.baseAddress, raw.count)
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EPIPE { return }
      guard count > 0 else {
        throw IOFailure("write", self == .output ? "standard output" : "standard error")
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Writes all of `text`, where that can be done.
  package func write(_ text: String) { try? deliver(text) }

  /// Whether a person sees what is written here as it comes.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Whether a line can be drawn over: a terminal that is not a dumb one.
  package var takesCursorMoves: Bool {
    isTerminal && Environment.value("TERM", default: "") != "dumb"
  }

  /// Whether colour is wanted: a terminal, and `NO_COLOR` unset or empty.
  package var wantsColor: Bool {
    takesCursorMoves && Environment.value("NO_COLOR", default: "").isEmpty
  }

  /// The width in columns, 80 where it is not a terminal.
  package var columns: Int {
    var size = winsize()
    guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// The process's environment.
package enum Environment {
  /// The variable `name`, or `fallback` where it is not set.
  package static func value(_ name: String, default fallback: String) -> String {
    guard let text = unsafe getenv(name) else { return fallback }
    return unsafe String(cString: text)
  }
}

/// Ends the process now with `status`.
package func endProcess(_ status: Int32) -> Never { exit(status) }
