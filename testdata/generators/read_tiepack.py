"""Reads a .tiepack with nothing but zstandard, numpy and the standard library.

Written from Sources/TieConv/Container/FORMAT.md, and from nothing else: it is the independent reader
that the tests hold the Swift one against. usage: read_tiepack.py FILE [OUT] [--base SAFETENSORS]...
Without OUT it prints the tensors and whether every chunk is what the table says.
"""

import argparse
import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import zstandard

from xxh3 import xxh3

MAGIC = bytes.fromhex("8954504b0d0a1a0a")
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64}


class Malformed(Exception):
    """The file breaks a rule of the format."""


def require(condition, message):
    if not condition:
        raise Malformed(message)


class Table:
    """A cursor over the table's bytes."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, count):
        require(count <= len(self.data) - self.place, "the table ends too soon")
        self.place += count
        return self.data[self.place - count:self.place]

    def u32(self):
        return int.from_bytes(self.take(4), "little")

    def u64(self):
        return int.from_bytes(self.take(8), "little")

    def text(self):
        return self.take(self.u32()).decode("utf-8")

    def extent(self, blobs):
        blob, offset, count = self.u32(), self.u64(), self.u64()
        require(blob < len(blobs) and count > 0, "an extent of no blob")
        require(offset + count <= blobs[blob]["size"], "an extent outside its blob")
        return blob, offset, count

    def extents(self, blobs):
        return [self.extent(blobs) for _ in range(self.u32())]


class Container:
    """An open container."""

    def __init__(self, path, bases=None):
        self.data = Path(path).read_bytes()
        self.base_tensors = bases or {}
        self.cache = {}
        require(len(self.data) >= 80, "too short")
        header, footer = self.data[:16], self.data[-64:]
        require(header[:8] == MAGIC and footer[56:] == MAGIC, "no magic")
        require(header[8:] == bytes([1, 0, 0, 0, 0, 0, 0, 0]), "unknown version or feature")
        start, stored, size = struct.unpack("<3Q", footer[:24])
        require(start >= 16 and start + stored == len(self.data) - 64, "footer out of bounds")
        frame = self.data[start:-64]
        require(hashlib.sha256(header + frame + footer[:24]).digest() == footer[24:56],
                "the table is damaged")
        table = unframed(frame, size)
        self.parse(Table(table))
        place = 16
        for chunk in self.chunks:
            chunk["start"] = place
            place += chunk["stored"]
        require(place == start, "chunks do not end where the table starts")

    def parse(self, table):
        self.span, self.layout = table.u32(), table.u32()
        require(4096 <= self.span <= 4 << 20 and self.span % 8 == 0, "span out of bounds")
        require(self.layout in (0, 1), "unknown layout")
        counts = [table.u32() for _ in range(5)]
        self.bases = [(table.text(), table.u64(), table.u64()) for _ in range(counts[0])]
        self.blobs = []
        first = 0
        for _ in range(counts[1]):
            size, digest, base = table.u64(), table.u64(), table.u32()
            chunks = -(-size // self.span)
            self.blobs.append({"size": size, "digest": digest, "first": first, "chunks": chunks,
                               "base": None if base == 0xFFFFFFFF else self.bases[base]})
            first += chunks
        require(first == counts[2], "chunks do not match blobs")
        self.chunks = [{"stored_digest": table.u64(), "raw_digest": table.u64(),
                        "stored": table.u32()} for _ in range(counts[2])]
        self.tensors = []
        for _ in range(counts[3]):
            name, dtype = table.text(), table.text()
            shape = [table.u64() for _ in range(table.u32())]
            self.tensors.append((name, dtype, shape, table.extents(self.blobs)))
        self.files = []
        for _ in range(counts[4]):
            path, mode = table.text(), table.u32()
            require(mode <= 0o777 and safe(path), "unsafe file")
            segments = []
            for _ in range(table.u32()):
                kind = table.u32()
                require(kind in (0, 1), "unknown segment")
                segments += [table.extent(self.blobs)] if kind == 0 else self.tensors[table.u32()][3]
            self.files.append((path, mode, segments))
        require(table.place == len(table.data), "bytes left over in the table")

    def chunk(self, blob, number):
        """The raw bytes of a blob's chunk."""
        key = (blob, number)
        if key not in self.cache:
            if len(self.cache) > 64:
                self.cache.clear()
            self.cache[key] = self.decoded(self.blobs[blob], number)
        return self.cache[key]

    def decoded(self, blob, number):
        entry = self.chunks[blob["first"] + number]
        stored = self.data[entry["start"]:entry["start"] + entry["stored"]]
        where = f"chunk {blob['first'] + number} at byte {entry['start']}"
        require(xxh3(stored) == entry["stored_digest"], f"{where}: damaged")
        offset = number * self.span
        raw = min(self.span, blob["size"] - offset)
        data = decode_chunk(stored, raw, lambda: self.base_bytes(blob, offset, raw))
        require(xxh3(data) == entry["raw_digest"], f"{where}: decodes to something else")
        return data

    def base_bytes(self, blob, offset, count):
        require(blob["base"] is not None, "a difference to no base")
        name, size, digest = blob["base"]
        require(name in self.base_tensors, f"needs the base tensor {name}")
        data = self.base_tensors[name]
        require(len(data) == size and self.digest(data) == digest, f"{name}: wrong base")
        return data[offset:offset + count]

    def digest(self, data):
        return xxh3(b"".join(xxh3(data[i:i + self.span]).to_bytes(8, "little")
                             for i in range(0, len(data), self.span)))

    def read(self, extents):
        """The bytes of a list of extents."""
        parts = []
        for blob, offset, count in extents:
            while count:
                number, within = divmod(offset, self.span)
                part = self.chunk(blob, number)[within:within + count]
                parts.append(part)
                offset, count = offset + len(part), count - len(part)
        return b"".join(parts)

    def check(self):
        """Every blob's digest."""
        for number, blob in enumerate(self.blobs):
            digests = b"".join(self.chunks[i]["raw_digest"].to_bytes(8, "little")
                               for i in range(blob["first"], blob["first"] + blob["chunks"]))
            require(xxh3(digests) == blob["digest"], f"blob {number}: digest")
            for chunk in range(blob["chunks"]):
                self.chunk(number, chunk)


def safe(path):
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and min(path.encode()) >= 0x20


def unframed(frame, size):
    """The content of exactly one zstd frame."""
    parameters = zstandard.get_frame_parameters(frame)
    require(parameters.content_size == size and parameters.dict_id == 0, "not the frame expected")
    decoder = zstandard.ZstdDecompressor().decompressobj()
    data = decoder.decompress(frame)
    require(len(data) == size and decoder.unused_data == b"" and decoder.eof, "not one frame")
    return data


def plane(mode, value, stored, count):
    if mode == 0:
        require(not stored, "a constant plane stores bytes")
        return np.full(count, value, np.uint8)
    require(value == 0, "a reserved byte is set")
    if mode == 1:
        data = stored
    elif mode == 2:
        data = unframed(stored, count)
    elif mode == 3:
        data = zlib.decompress(stored, -15)
    else:
        raise Malformed(f"unknown plane mode {mode}")
    require(len(data) == count, "a plane has the wrong size")
    return np.frombuffer(data, np.uint8)


def decode_chunk(stored, raw, base):
    """The raw bytes of one stored chunk."""
    transform, flags, window = struct.unpack_from("<BBH", stored)
    require(transform <= 9 and flags <= 1, "unknown transform or flags")
    if transform == 9:
        require(len(stored) == 4 and flags == 1, "a reference with planes")
        return base()
    width = {0: 1, 1: 2, 4: 2, 7: 2, 2: 4, 5: 4, 8: 4, 3: 8, 6: 8}[transform]
    require(raw % width == 0, "elements cut")
    count = {7: 3, 8: 5}.get(transform, width)
    entries = [struct.unpack_from("<BBHI", stored, 4 + 8 * i) for i in range(count)]
    place = 4 + 8 * count
    parts = []
    for mode, value, reserved, size in entries:
        require(reserved == 0, "reserved bytes")
        parts.append((mode, value, stored[place:place + size]))
        place += size
    require(place == len(stored), "planes do not fill the chunk")
    n = raw // width
    if transform in (7, 8):
        data = decode_window(parts, n, width, window)
    else:
        require(window == 0, "a window base without a window")
        data = decode_planes(parts, n, width, transform in (4, 5, 6))
    if flags:
        data = (np.frombuffer(data, np.uint8) ^ np.frombuffer(base(), np.uint8)).tobytes()
    return data


def decode_planes(parts, n, width, rotate):
    kind = np.dtype(f"<u{width}")
    elements = np.zeros(n, kind)
    for mode, value, stored in parts:
        if width > 1:
            elements <<= np.array(8, kind)
        elements |= plane(mode, value, stored, n).astype(kind)
    if rotate:
        top = np.array(8 * width - 1, kind)
        elements = (elements >> np.array(1, kind)) | (elements << top)
    return elements.tobytes()


def decode_window(parts, n, width, base):
    symbols = plane(*parts[0], n)
    q = (n + 3) // 4
    a, b, c = plane(*parts[1], 3 * q).reshape(3, q)
    d = a >> 6 | (b >> 6) << 2 | (c >> 6) << 4
    rests = np.concatenate([a & 63, b & 63, c & 63, d])[:n].astype(np.uint16)
    high = (symbols.astype(np.int32) - 1 + base).astype(np.uint16) & 1023
    upper = (rests & 32) << 10 | high << 5 | rests & 31
    zeros = symbols == 0
    upper[zeros] = plane(*parts[-1], 2 * int(zeros.sum())).view("<u2")
    if width == 2:
        return upper.astype("<u2").tobytes()
    elements = upper.astype(np.uint32) << 16
    elements |= plane(*parts[2], n).astype(np.uint32) << 8 | plane(*parts[3], n)
    return elements.astype("<u4").tobytes()


def safetensors(path):
    """Name → bytes of a safetensors file."""
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    return {name: data[8 + length + info["data_offsets"][0]:8 + length + info["data_offsets"][1]]
            for name, info in header.items() if name != "__metadata__"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--base", action="append", default=[])
    options = parser.parse_args()
    bases = {}
    for path in options.base:
        bases |= safetensors(path)
    try:
        container = Container(options.file, bases)
        if options.out is None:
            container.check()
            for name, dtype, shape, extents in container.tensors:
                print(name, dtype, shape, extents)
            return
        for path, mode, extents in container.files:
            target = Path(options.out) if container.layout == 1 else Path(options.out) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(container.read(extents))
            target.chmod(mode)
    except (Malformed, zstandard.ZstdError, zlib.error, IndexError, struct.error) as error:
        sys.exit(f"{options.file}: {error}")


if __name__ == "__main__":
    main()
