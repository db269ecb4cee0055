// Running a function over mapped files whose pages may vanish: another process that truncates a
// mapped file turns the next access into SIGBUS. Here that becomes a return value.
#ifndef TC_GUARD_H
#define TC_GUARD_H

#include <stddef.h>

typedef size_t (*tc_compare_function)(const void *a, const void *b, size_t count);

// Installs the SIGBUS handler, once a process. Faults outside tc_guarded_compare go to the handler
// that was there before.
void tc_guard_install(void);

// Stores compare(a, b, count) in *result and returns 0, or returns -1 where a page of a or b was
// no longer there. compare must hold no lock and own no memory: it may be left in its middle.
int tc_guarded_compare(
    tc_compare_function compare, const void *a, const void *b, size_t count, size_t *result);

#endif
