"""Opening a PyTorch file of 5 GB: only its directory and its pickle may be read.

The file is sparse and made by hand, as torch.save lays it out, so that neither torch nor 5 GB of
disk are needed. `python pytorch.py PATH GIGABYTES` writes one alone.
"""

import statistics
import struct
import sys
import zlib
from pathlib import Path

VOCABULARY, WIDTH = 65536, 4096
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    return b"J" + struct.pack("<i", value)


def tensor(key, shape):
    """One tensor of bfloat16 as torch._utils._rebuild_tensor_v2 is asked for it."""
    count, strides = 1, []
    for extent in reversed(shape):
        strides.insert(0, count)
        count *= extent
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage")
            + b"ctorch\nBFloat16Storage\n" + text(str(key)) + text("cpu") + integer(count)
            + b"tQ" + integer(0) + b"(" + b"".join(map(integer, shape)) + b"t("
            + b"".join(map(integer, strides)) + b"t\x89ccollections\nOrderedDict\n)RtR")


def pickled(tensors):
    """A state dict: name → (storage key, shape)."""
    items = b"".join(text(name) + tensor(key, shape) for name, (key, shape) in tensors.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u."


def write_archive(path, records):
    """A zip archive of records (name, bytes or size of zeros), aligned and stored as torch does it."""
    directory = b""
    with open(path, "wb") as file:
        for name, data in records:
            size = data if isinstance(data, int) else len(data)
            crc = 0 if isinstance(data, int) else zlib.crc32(data)
            offset = file.tell()
            extra = (-(offset + 30 + len(name) + 4)) % 64
            name = name.encode()
            fields = struct.pack("<HHHHH", 0, 0x0808, 0, 0, 0)
            file.write(b"PK\x03\x04" + fields + struct.pack("<IIIHH", 0, 0, 0, len(name), extra + 4)
                       + name + b"FB" + struct.pack("<H", extra) + b"Z" * extra)
            if isinstance(data, int):
                file.seek(size, 1)
            else:
                file.write(data)
            large = [value for value in (size, size, offset) if value >= 0xFFFFFFFF]
            width = "<4sIQQ" if size >= 0xFFFFFFFF else "<4sIII"
            if size:
                file.write(struct.pack(width, b"PK\x07\x08", crc, size, size))
            more = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
            small = [min(value, 0xFFFFFFFF) for value in (size, size, offset)]
            directory += (b"PK\x01\x02\x00\x00" + fields + struct.pack(
                "<IIIHHHHHII", crc, small[0], small[1], len(name), len(more), 0, 0, 0, 0,
                small[2]) + name + more)
        start, count = file.tell(), len(records)
        file.write(directory)
        end = file.tell()
        file.write(b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count,
                                               len(directory), start))
        file.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count,
                                               len(directory), min(start, 0xFFFFFFFF), 0))


def write_model(path, gigabytes, shares=True):
    """A sparse model of about so many gigabytes; embedding and head in one storage or in two."""
    tensors = {EMBEDDING: (0, (VOCABULARY, WIDTH)), HEAD: (0 if shares else 1, (VOCABULARY, WIDTH))}
    sizes = {key: 2 * VOCABULARY * WIDTH for key, _ in tensors.values()}
    layer, shape = 0, (4 * WIDTH, WIDTH)
    while sum(sizes.values()) < gigabytes * 1e9:
        key = len(sizes)
        tensors[f"model.layers.{layer}.mlp.up_proj.weight"] = (key, shape)
        sizes[key] = 2 * shape[0] * shape[1]
        layer += 1
    top = "archive/"
    write_archive(path, [
        (top + "data.pkl", pickled(tensors)), (top + "byteorder", b"little"),
        *((f"{top}data/{key}", size) for key, size in sizes.items()), (top + "version", b"3\n")])


def section(bench):
    """Adds the rows of PyTorch files."""
    for label, shares in (("", True), (", a head of its own", False)):
        path = Path(bench.models) / f"sparse-5gb{'' if shares else '-untied'}.bin"
        write_model(path, 5, shares)
        bench.command("inspect", path)
        runs = [bench.command("inspect", path) for _ in range(5)]
        path.unlink()
        seconds = statistics.median(done.seconds for done in runs)
        rss = max(done.rss_mib for done in runs)
        goal = 0.3 if shares else None
        bench.add(f"inspect a 5 GB .bin{label}", "≤ 0.3 s" if goal else "",
                  f"{seconds:.3f} s", seconds <= goal if goal else None)
        bench.add("  its peak memory", "≤ 100 MiB", f"{rss:.0f} MiB", rss <= 100)


if __name__ == "__main__":
    write_model(sys.argv[1], float(sys.argv[2]))
