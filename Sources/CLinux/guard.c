// See tc_guard.h.
#define _GNU_SOURCE
#include "tc_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static _Thread_local sigjmp_buf *active;
static struct sigaction previous;

// Mappings that are to survive. A slot is free while its start is 0, and taken but not yet to be
// looked at while it is 1.
enum { slot_count = 512 };
static struct {
  _Atomic(uintptr_t) start;
  _Atomic(uintptr_t) end;
  atomic_int was_cut;
} slots[slot_count];

static uintptr_t page_size;

// Puts zeros in the place of all that follows a missing page in its mapping; 0 where the address is
// in none. A mapping over a mapping is one system call, which a signal handler may make.
static int fill_with_zeros(uintptr_t address) {
  for (int slot = 0; slot < slot_count; slot++) {
    uintptr_t start = atomic_load(&slots[slot].start), end = atomic_load(&slots[slot].end);
    if (start <= 1 || address < start || address >= end) continue;
    uintptr_t page = address & ~(page_size - 1);
    atomic_store(&slots[slot].was_cut, 1);
    int error = errno;
    void *made = mmap((void *)page, end - page, PROT_READ,
                      MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = error;
    return made != MAP_FAILED;
  }
  return 0;
}

static void on_fault(int number, siginfo_t *info, void *context) {
  if (active) siglongjmp(*active, 1);
  if (fill_with_zeros((uintptr_t)info->si_addr)) return;
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(number, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(number);
  } else {
    // Not ours: with the default action back, the access faults again and ends the process.
    signal(number, SIG_DFL);
  }
}

void tc_guard_install(void) {
  // A second handler of ours would take the first for the one that was there before.
  static atomic_flag installed = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&installed)) return;
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  // SA_NODEFER: the handler is left by a jump that does not restore the signal mask.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

int tc_guarded_compare(
    tc_compare_function compare, const void *a, const void *b, size_t count, size_t *result) {
  sigjmp_buf here;
  sigjmp_buf *outer = active;
  if (sigsetjmp(here, 0)) {
    active = outer;
    return -1;
  }
  active = &here;
  *result = compare(a, b, count);
  active = outer;
  return 0;
}

int tc_guard_keep(const void *start, size_t count) {
  for (int slot = 0; slot < slot_count; slot++) {
    uintptr_t expected = 0;
    if (!atomic_compare_exchange_strong(&slots[slot].start, &expected, 1)) continue;
    atomic_store(&slots[slot].was_cut, 0);
    atomic_store(&slots[slot].end, (uintptr_t)start + count);
    atomic_store(&slots[slot].start, (uintptr_t)start);
    return slot;
  }
  return -1;
}

int tc_guard_was_cut(int slot) { return atomic_load(&slots[slot].was_cut); }

void tc_guard_release(int slot) { atomic_store(&slots[slot].start, 0); }
