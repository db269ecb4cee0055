// See tc_linux.h.
#define _GNU_SOURCE
#include "tc_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

long tc_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t count) {
  off64_t source = from_offset, target = to_offset;
  return copy_file_range(from, &source, to, &target, count, 0);
}

int tc_start_writeback(int descriptor, int64_t offset, int64_t count) {
  return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

uint32_t tc_direct_alignment(int descriptor) {
#ifdef STATX_DIOALIGN
  struct statx status;
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0) return 0;
  if (!(status.stx_mask & STATX_DIOALIGN)) return 0;
  // Both are powers of two, or zero where there is no direct access.
  uint32_t memory = status.stx_dio_mem_align, offset = status.stx_dio_offset_align;
  if (memory == 0 || offset == 0) return 0;
  return memory > offset ? memory : offset;
#else  // Linux before 6.1 does not say.
  (void)descriptor;
  return 0;
#endif
}

int tc_start_direct(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_DIRECT);
}

int tc_stop_direct(int descriptor) {
  int error = errno;
  int flags = fcntl(descriptor, F_GETFL);
  int was_set =
      flags >= 0 && flags & O_DIRECT && fcntl(descriptor, F_SETFL, flags & ~O_DIRECT) == 0;
  errno = error;
  return was_set;
}

int tc_rename_new(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int tc_rename_exchange(const char *one, const char *other) {
  return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}
