// Preloaded into tieconv: makes the n-th call of one function on one folder's files fail.
//
// FAULT_CALL names the function, FAULT_N counts from 1, FAULT_ERRNO is what it fails with,
// FAULT_PATH is what a path must contain to count (descriptors are asked for their path), and
// FAULT_MARK is a file that is made when the fault has struck.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int calls;

static int strikes(const char *name, const char *path) {
  const char *wanted = getenv("FAULT_CALL"), *below = getenv("FAULT_PATH");
  if (!wanted || !below || strcmp(wanted, name) || !path || !strstr(path, below)) return 0;
  if (atomic_fetch_add(&calls, 1) + 1 != atoi(getenv("FAULT_N"))) return 0;
  long mark = syscall(SYS_openat, AT_FDCWD, getenv("FAULT_MARK"), O_CREAT | O_WRONLY, 0666);
  if (mark >= 0) syscall(SYS_close, mark);
  errno = atoi(getenv("FAULT_ERRNO"));
  return 1;
}

static int strikes_descriptor(const char *name, int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count < 0) return 0;
  path[count] = 0;
  return strikes(name, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static mode_t mode_of(int flags, va_list list) {
  return flags & O_CREAT ? va_arg(list, mode_t) : 0;
}

#define OPEN(name)                                                \
  int name(const char *path, int flags, ...) {                    \
    va_list list;                                                 \
    va_start(list, flags);                                        \
    mode_t mode = mode_of(flags, list);                           \
    va_end(list);                                                 \
    const char *kind = flags & O_CREAT ? "create" : "open";       \
    if (strikes(kind, path)) return -1;                           \
    return REAL(name)(path, flags, mode);                         \
  }
OPEN(open)
OPEN(open64)

#define ON_DESCRIPTOR(type, name, call, parameters, ...)          \
  type name parameters {                                          \
    if (strikes_descriptor(call, descriptor)) return (type)-1;    \
    return REAL(name)(descriptor, ##__VA_ARGS__);                 \
  }
#define ON_PATH(type, name, parameters, ...)                      \
  type name parameters {                                          \
    if (strikes(#name, path)) return (type)-1;                    \
    return REAL(name)(path, ##__VA_ARGS__);                       \
  }

ON_DESCRIPTOR(ssize_t, pread, "pread",
              (int descriptor, void *to, size_t count, off_t at), to, count, at)
ON_DESCRIPTOR(ssize_t, pread64, "pread",
              (int descriptor, void *to, size_t count, off64_t at), to, count, at)
// Past the page cache, or through it.
static const char *write_kind(int descriptor) {
  return syscall(SYS_fcntl, descriptor, F_GETFL) & O_DIRECT ? "pwrite-direct" : "pwrite";
}

ON_DESCRIPTOR(ssize_t, pwrite, write_kind(descriptor),
              (int descriptor, const void *from, size_t count, off_t at), from, count, at)
ON_DESCRIPTOR(ssize_t, pwrite64, write_kind(descriptor),
              (int descriptor, const void *from, size_t count, off64_t at), from, count, at)
ON_DESCRIPTOR(int, fdatasync, "fdatasync", (int descriptor))
ON_DESCRIPTOR(int, fsync, "fsync", (int descriptor))
ON_DESCRIPTOR(int, flock, "flock", (int descriptor, int operation), operation)
ON_DESCRIPTOR(int, fstat, "fstat", (int descriptor, struct stat *status), status)
ON_DESCRIPTOR(int, sync_file_range, "sync_file_range",
              (int descriptor, off64_t at, off64_t count, unsigned flags), at, count, flags)
ON_PATH(int, mkdir, (const char *path, mode_t mode), mode)
ON_PATH(int, unlink, (const char *path))
ON_PATH(int, rmdir, (const char *path))
ON_PATH(int, stat, (const char *path, struct stat *status), status)
ON_PATH(int, lstat, (const char *path, struct stat *status), status)
ON_PATH(int, rename, (const char *path, const char *target), target)

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t count,
                        unsigned flags) {
  if (strikes_descriptor("copy_file_range", to)) return -1;
  return REAL(copy_file_range)(from, from_at, to, to_at, count, flags);
}

int renameat2(int folder, const char *path, int other, const char *target, unsigned flags) {
  if (strikes("renameat2", path)) return -1;
  return REAL(renameat2)(folder, path, other, target, flags);
}

#define FCNTL(name)                                                                   \
  int name(int descriptor, int command, ...) {                                        \
    va_list list;                                                                     \
    va_start(list, command);                                                          \
    long argument = va_arg(list, long);                                               \
    va_end(list);                                                                     \
    if (command == F_SETFL && strikes_descriptor("fcntl", descriptor)) return -1;     \
    return (int)syscall(SYS_fcntl, descriptor, command, argument);                    \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *status) {
  if (!*path && strikes_descriptor("statx", folder)) return -1;
  return REAL(statx)(folder, path, flags, mask, status);
}

DIR *opendir(const char *path) {
  if (strikes("opendir", path)) return NULL;
  return REAL(opendir)(path);
}

struct dirent *readdir(DIR *stream) {
  if (strikes_descriptor("readdir", dirfd(stream))) return NULL;
  return REAL(readdir)(stream);
}

char *realpath(const char *path, char *resolved) {
  if (strikes("realpath", path)) return NULL;
  return REAL(realpath)(path, resolved);
}

void *mmap(void *at, size_t count, int protection, int flags, int descriptor, off_t offset) {
  if (descriptor >= 0 && strikes_descriptor("mmap", descriptor)) return MAP_FAILED;
  return REAL(mmap)(at, count, protection, flags, descriptor, offset);
}
