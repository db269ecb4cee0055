#!/bin/sh
# Builds the C kernels as a release build does and prints their speed beside a plain read.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/CTieConvKernels"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
clang -O2 -std=gnu11 -Wall -Wextra -Werror -I"$kernels/include" "$here/kernel_bench.c" \
  "$kernels"/*.c -pthread -o "$built/kernel_bench"
"$built/kernel_bench" "$@"
