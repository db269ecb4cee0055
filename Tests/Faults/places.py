"""Places for output: a small disk, and a disk that can be written past the page cache."""

import ctypes
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

STATX_DIOALIGN = 0x2000
AT_FDCWD = -100


def writes_directly(folder: Path) -> bool:
    """Whether the file system says how files in `folder` are written past the page cache."""
    probe = folder / "direct-probe"
    probe.write_bytes(b"")
    status = (ctypes.c_uint32 * 64)()
    found = ctypes.CDLL(None).statx(AT_FDCWD, os.fsencode(probe), 0, STATX_DIOALIGN, status)
    probe.unlink()
    # stx_mask is the first field, stx_dio_mem_align and stx_dio_offset_align are at byte 152.
    return found == 0 and bool(status[0] & STATX_DIOALIGN and status[38] and status[39])


@contextmanager
def mounted(kind: str, folder: Path, size: str):
    """A new file system of `size` at `folder` / disk; None where that is not permitted here."""
    place, image = folder / "disk", folder / "image"
    place.mkdir()
    commands = {
        "tmpfs": [["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]],
        "ext4": [["truncate", "-s", size, image],
                 ["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image],
                 ["mount", "-o", "loop", image, place]],
    }[kind]
    try:
        permitted = os.geteuid() == 0 and not any(
            subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode
            for command in commands)
    except FileNotFoundError:
        permitted = False
    if not permitted:
        yield None
        return
    try:
        work = place / "work"
        work.mkdir()
        yield work
    finally:
        subprocess.run(["umount", str(place)], check=True)
