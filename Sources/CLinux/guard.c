// See tc_guard.h.
#define _GNU_SOURCE
#include "tc_guard.h"

#include <setjmp.h>
#include <signal.h>

static _Thread_local sigjmp_buf *active;
static struct sigaction previous;

static void on_fault(int number, siginfo_t *info, void *context) {
  if (active) siglongjmp(*active, 1);
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
