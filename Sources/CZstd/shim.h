// ZSTD_compressSequences, which takes matches (or, here, none) from the caller, is exported by the
// library but declared for static linking alone.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

// The names of these two are macros, which Swift does not see.
static const ZSTD_cParameter tc_zstd_block_delimiters = ZSTD_c_blockDelimiters;
static const ZSTD_cParameter tc_zstd_literal_mode = ZSTD_c_literalCompressionMode;
