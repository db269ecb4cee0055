// All row kernels of one instruction set, TC_LEVEL, compiled with TC_ATTRIBUTE. Included by rows.c.
#include "tc_rows_norm.h"
#include "tc_rows_softmax.h"
#include "tc_rows_activation.h"
#include "tc_rows_update.h"
#include "tc_rows_rounding.h"
#include "tc_rows_table.h"
#undef TC_LEVEL
#undef TC_ATTRIBUTE
