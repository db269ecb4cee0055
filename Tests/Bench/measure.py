"""Timing and memory of child processes, and what the machine itself can do.

This module and its importer load nothing large: a child's peak resident size starts from the parent
that spawned it, so the parent stays small.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# memcmp of equal buffers reads both at the speed of memory, and ctypes lets two threads do so.
BANDWIDTH = """
import ctypes, mmap, sys, threading, time
size = 512 << 20
memcmp = ctypes.CDLL(None).memcmp
memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
buffers = [ctypes.create_string_buffer(size) for _ in range(2)]
for buffer in buffers: ctypes.memset(buffer, 1, size)
first, second = map(ctypes.addressof, buffers)
def half(k): memcmp(first + k * size // 2, second + k * size // 2, size // 2)
best = 0
for _ in range(9):
    threads = [threading.Thread(target=half, args=(k,)) for k in range(2)]
    start = time.perf_counter()
    for t in threads: t.start()
    for t in threads: t.join()
    best = max(best, 2 * size / (time.perf_counter() - start))
print(best)
"""


@dataclass(frozen=True)
class Run:
    """One finished child."""

    seconds: float
    rss_mib: float
    status: int


def run(command, expected=(0,)):
    """Runs a command to its end; its output goes nowhere unless it fails."""
    with open(os.devnull, "r+b") as null:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command], stdin=null, stdout=null, stderr=subprocess.PIPE)
        talk = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in expected:
        sys.exit(f"{' '.join(map(str, command))}: exit {child.returncode}\n{talk.decode()}")
    return Run(seconds, usage.ru_maxrss / 1024, child.returncode)


def discard(path):
    """Removes an output and lets the disk settle, outside any timing."""
    shutil.rmtree(path, ignore_errors=True)
    os.sync()


def warm(directory):
    """Reads a checkpoint once, so that neither side pays for the first read."""
    for path in sorted(Path(directory).iterdir()):
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def paired(first, second, repeats):
    """Runs A B A B …; the medians of each side and of the ratio within a pair.

    One pair more runs first and is not counted: it finds cold caches and a full write queue.
    """
    first(), second()
    pairs = [(first(), second()) for _ in range(repeats)]
    return (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
            statistics.median(a / b for a, b in pairs))


def copied_and_synced(source, output):
    """`cp -r` and fsync of what was written, in seconds."""
    discard(output)
    start = time.perf_counter()
    run(["cp", "-r", source, output])
    run(["sync", *sorted(Path(output).iterdir()), output])
    return time.perf_counter() - start


def bandwidth():
    """Bytes per second that two threads read from memory: the best of nine."""
    return float(subprocess.check_output([sys.executable, "-c", BANDWIDTH]))
