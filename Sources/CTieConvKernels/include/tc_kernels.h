// Kernels of tieconv. Every symbol starts with tc_; none allocates, none does I/O.
#ifndef TC_KERNELS_H
#define TC_KERNELS_H

#include <stddef.h>

// The name of the instruction set that the dispatched kernels use on this machine.
const char *tc_instruction_set(void);

#endif
