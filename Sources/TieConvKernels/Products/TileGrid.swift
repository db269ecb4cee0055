// The tiles of a target that are multiplied independently: a cut that depends on sizes alone.

struct TileGrid: Sendable {
  struct Tile: Sendable {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  // A tile's rows of A and columns of B, 320 deep, share a second-level cache with the tile.
  private static let mostRows = 256
  private static let mostColumns = 256
  /// Parts that there should be, so that several threads find work of equal size.
  private static let enough = 16

  private let rows: Int
  private let columns: Int
  private let tileRows: Int
  private let tileColumns: Int

  /// Tiles that start at multiples of `rowStep` and `columnStep`.
  init(rows: Int, columns: Int, rowStep: Int, columnStep: Int) {
    func tiles(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
    func even(_ count: Int, _ parts: Int, _ step: Int) -> Int {
      max(step, (tiles(count, parts) + step - 1) / step * step)
    }
    var down = tiles(rows, Self.mostRows)
    var across = tiles(columns, Self.mostColumns)
    var changed = true
    while down * across < Self.enough, changed {
      let high = even(rows, down, rowStep)
      let wide = even(columns, across, columnStep)
      changed = false
      if wide >= high, wide > columnStep {
        across += 1
        changed = true
      } else if high > rowStep {
        down += 1
        changed = true
      } else if wide > columnStep {
        across += 1
        changed = true
      }
    }
    self.rows = rows
    self.columns = columns
    tileRows = even(rows, down, rowStep)
    tileColumns = even(columns, across, columnStep)
  }

  private var across: Int { (columns + tileColumns - 1) / tileColumns }

  var count: Int { (rows + tileRows - 1) / tileRows * across }

  subscript(index: Int) -> Tile {
    let row = index / across * tileRows
    let column = index % across * tileColumns
    return Tile(
      rows: row..<min(rows, row + tileRows), columns: column..<min(columns, column + tileColumns))
  }
}
