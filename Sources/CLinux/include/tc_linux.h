// Linux system calls that the C library declares only under _GNU_SOURCE, which the Swift importer
// does not set. Each function is the call of the same name; -1 and errno say that it failed.
#ifndef TC_LINUX_H
#define TC_LINUX_H

#include <stddef.h>
#include <stdint.h>

// copy_file_range(2) without flags.
long tc_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t count);
// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts the writing, does not wait.
int tc_start_writeback(int descriptor, int64_t offset, int64_t count);
// statx(2) with STATX_DIOALIGN: what addresses, offsets and counts must be multiples of in direct
// reading and writing of this file; 0 where the file system does not do or does not say it.
uint32_t tc_direct_alignment(int descriptor);
// fcntl(2): sets O_DIRECT.
int tc_start_direct(int descriptor);
// fcntl(2): clears O_DIRECT; 1 where it was set, 0 where it was not. Leaves errno as it was.
int tc_stop_direct(int descriptor);
// renameat2(2) on whole paths, with RENAME_NOREPLACE or RENAME_EXCHANGE.
int tc_rename_new(const char *from, const char *to);
int tc_rename_exchange(const char *one, const char *other);

#endif
