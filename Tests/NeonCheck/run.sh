#!/bin/sh
# Compiles the kernels for aarch64 and runs their self-check under an emulator. Needs clang, the
# aarch64 C library (Debian: gcc-aarch64-linux-gnu) and qemu-aarch64 (qemu-user).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/CTieConvKernels"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
for level in -O0 -O2; do
  clang --target=aarch64-linux-gnu "$level" -std=gnu11 -Wall -Wextra -Werror -static \
    -I"$kernels" -I"$kernels/include" "$here"/*_check.c \
    "$kernels"/*.c "$kernels"/*/*.c -lm -fuse-ld=lld -o "$built/neon_check"
  qemu-aarch64 "$built/neon_check"
done
