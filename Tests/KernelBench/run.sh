#!/bin/sh
# Builds the C kernels as a release build does and prints their speed beside a plain read, that of the
# row kernels beside a copy, and of the matrix products beside numpy and torch, if PYTHON (python3)
# has them. KERNEL_BENCH_ONLY=products leaves the first two out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/CTieConvKernels"
wrappers="$here/../../Sources/TieConvKernels"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
mkdir "$built/objects"
(cd "$built/objects" &&
  clang -O2 -std=gnu11 -Wall -Wextra -Werror -I"$kernels" -I"$kernels/include" \
    -c "$kernels"/*.c "$kernels"/*/*.c)
clang -O2 -std=gnu11 -Wall -Wextra -Werror -I"$kernels/include" "$here/kernel_bench.c" \
  "$built"/objects/*.o -lm -pthread -o "$built/kernel_bench"
clang -O2 -std=gnu11 -Wall -Wextra -Werror -I"$kernels/include" "$here/row_bench.c" \
  "$built"/objects/*.o -lm -pthread -o "$built/row_bench"
if [ "${KERNEL_BENCH_ONLY:-}" != products ]; then
  "$built/kernel_bench" "$@"
  "$built/row_bench" ${1:+"$1"}
fi

python=${PYTHON:-python3}
if ! "$python" -c 'import numpy, torch' 2>/dev/null; then
  echo "matrix products skipped: $python lacks numpy or torch"
  exit 0
fi
printf 'module CTieConvKernels { umbrella "%s/include" export * }\n' "$kernels" \
  >"$built/module.modulemap"
swiftc -O -wmo -swift-version 6 -package-name bench -I "$built" \
  -Xcc -fmodule-map-file="$built/module.modulemap" "$here"/Products/main.swift \
  "$wrappers"/*.swift "$wrappers"/*/*.swift "$built"/objects/*.o -o "$built/products"
"$python" "$here/products.py" "$built/products" ${1:+"$1"}
