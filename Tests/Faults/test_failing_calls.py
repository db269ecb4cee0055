"""Every system call fails once: the destination is the old or the new state, never in between."""

import errno
import shutil
import subprocess
from pathlib import Path

import pytest

import models
from commands import assert_one_error_line
from operations import BY_NAME, LARGE, copied, old_state, prepare, remove

# What each call may fail with. EINTR must be no failure where the call is one to be repeated.
FAILURES = {
    "open": [errno.EIO, errno.EACCES], "create": [errno.ENOSPC, errno.EACCES],
    "pread": [errno.EIO, errno.EINTR], "pwrite": [errno.EIO, errno.ENOSPC, errno.EINTR],
    "copy_file_range": [errno.EIO, errno.ENOSPC, errno.EINTR, errno.EXDEV],
    "fdatasync": [errno.EIO, errno.ENOSPC, errno.EINTR], "fsync": [errno.EIO],
    "renameat2": [errno.EIO, errno.EACCES, errno.ENOSYS], "rename": [errno.EIO],
    "mkdir": [errno.ENOSPC, errno.EACCES], "flock": [errno.ENOLCK], "fstat": [errno.EIO],
    "stat": [errno.EIO], "lstat": [errno.EACCES], "opendir": [errno.EACCES],
    "readdir": [errno.EIO], "realpath": [errno.EACCES], "unlink": [errno.EIO],
    "rmdir": [errno.EIO], "sync_file_range": [errno.EIO], "mmap": [errno.ENOMEM],
}
# And what those may fail with that only a file on a disk sees; refused calls have another way.
DIRECT_FAILURES = {
    "pwrite-direct": [errno.EIO, errno.ENOSPC, errno.EINTR, errno.EINVAL, errno.EOPNOTSUPP],
    "fcntl": [errno.EINVAL], "statx": [errno.ENOSYS],
    "pwrite": [errno.EIO, errno.ENOSPC, errno.EINTR], "fdatasync": [errno.EIO, errno.ENOSPC],
}
# Calls that are repeated, or have another way, and so must not be noticed.
HARMLESS = {
    ("pread", errno.EINTR), ("pwrite", errno.EINTR), ("copy_file_range", errno.EINTR),
    ("copy_file_range", errno.EXDEV), ("fdatasync", errno.EINTR), ("sync_file_range", errno.EIO),
    ("pwrite-direct", errno.EINTR), ("pwrite-direct", errno.EINVAL),
    ("pwrite-direct", errno.EOPNOTSUPP), ("fcntl", errno.EINVAL), ("statx", errno.ENOSYS),
}
# Calls that every run makes; the others depend on the C library and the file system.
COMMON = {"open", "create", "pread", "pwrite", "fdatasync", "fsync", "renameat2", "flock", "lstat",
          "realpath"}
CERTAIN = {
    "tie": COMMON | {"copy_file_range", "mkdir", "opendir", "readdir", "rmdir", "mmap"},
    "untie": COMMON | {"copy_file_range", "mkdir", "opendir", "readdir", "rmdir", "mmap"},
}
LIMIT = 400


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    compiler = next(filter(shutil.which, ["cc", "gcc", "clang"]), None)
    if compiler is None:
        pytest.skip("no C compiler for the shim")
    target = tmp_path_factory.mktemp("shim") / "fault_shim.so"
    source = Path(__file__).with_name("fault_shim.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", source, "-o", target, "-ldl"],
        check=True)
    return target


@pytest.fixture(scope="module")
def folders(tieconv, tmp_path_factory):
    return prepare(tieconv, tmp_path_factory.mktemp("calls"), 64, 8, 8)


@pytest.mark.parametrize("call", FAILURES)
@pytest.mark.parametrize("name, force", [
    ("tie", False), ("untie", True), ("to-gguf", True), ("from-gguf", False), ("compress", False),
    ("decompress", True)])
def test_nth_call_fails(tieconv, shim, folders, tmp_path, name, force, call):
    operation = BY_NAME[name]
    certain = call in CERTAIN.get(name, COMMON)
    every_call_fails(
        tieconv, shim, operation, force, folders, tmp_path, call, FAILURES[call], certain)


@pytest.mark.parametrize("call", DIRECT_FAILURES)
def test_nth_call_on_a_disk_fails(tieconv, shim, tmp_path, real_disk, call):
    home = tmp_path / "home"
    models.single(home / LARGE.source, 4608, 1024)
    tieconv.succeeds(*LARGE.arguments(home / LARGE.source, home / LARGE.result))
    assert (home / LARGE.result).stat().st_size > 2 * (4 << 20)
    every_call_fails(
        tieconv, shim, LARGE, call == "fdatasync", home, real_disk, call, DIRECT_FAILURES[call],
        True)


def every_call_fails(tieconv, shim, operation, force, home, folder, call, codes, certain):
    """Lets each `call` fail with each of `codes`, and looks at what is left; `certain` ones are
    made at least once."""
    source, result = home / operation.source, home / operation.result
    before, after = models.digest(source), models.digest(result)
    work = folder / "watched-work"
    source_copy = copied(source, work / operation.source)
    out, mark = work / "beside" / operation.result, folder / "mark"
    out.parent.mkdir()
    arguments = operation.arguments(source_copy, out)
    for code in codes:
        for number in range(1, LIMIT):
            remove(out)
            old = old_state(operation, out) if force else None
            mark.unlink(missing_ok=True)
            done = tieconv.run(*arguments, *(["--force"] if force else []), env={
                "LD_PRELOAD": str(shim), "FAULT_CALL": call, "FAULT_N": str(number),
                "FAULT_ERRNO": str(code), "FAULT_PATH": "watched-work", "FAULT_MARK": str(mark),
                "SWIFT_BACKTRACE": "enable=no"})
            where = f"{call} {number} {errno.errorcode[code]}: {done.returncode} {done.stderr}"
            found = models.digest(out)
            if done.returncode == 0:
                assert found == after, where
            else:
                assert done.returncode == 2, where
                assert (call, code) not in HARMLESS, where
                assert_one_error_line(done.stderr)
                assert found in (old, after), where
            if not mark.exists():
                assert number > 1 or not certain, "the shim is not in the way of this call"
                break
            left = models.strays(out.parent)
            if left or number % 8 == 1:
                tieconv.succeeds(*arguments, "--force")
                assert models.strays(out.parent) == [], where
                assert models.digest(out) == after
        else:
            pytest.fail(f"{call} is called more than {LIMIT} times")
    assert models.digest(source_copy) == before
