// Reading mapped files whose pages may vanish: another process that truncates a mapped file turns
// the next access into SIGBUS. Here that becomes a return value, or zeros and a mark.
#ifndef TC_GUARD_H
#define TC_GUARD_H

#include <stddef.h>

typedef size_t (*tc_compare_function)(const void *a, const void *b, size_t count);

// Installs the SIGBUS handler, once a process. Faults outside tc_guarded_compare and outside kept
// mappings go to the handler that was there before.
void tc_guard_install(void);

// Stores compare(a, b, count) in *result and returns 0, or returns -1 where a page of a or b was
// no longer there. compare must hold no lock and own no memory: it may be left in its middle.
int tc_guarded_compare(
    tc_compare_function compare, const void *a, const void *b, size_t count, size_t *result);

// Keeps the mapping of count bytes, which starts at a page, readable: where a page is no longer
// there, it and all after it become zeros. Returns a number for the calls below, or -1 where too
// many are kept.
int tc_guard_keep(const void *start, size_t count);

// Whether pages of a kept mapping became zeros.
int tc_guard_was_cut(int slot);

// Ends the keeping, before the mapping ends.
void tc_guard_release(int slot);

#endif
