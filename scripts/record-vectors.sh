#!/bin/sh
# Record fixtures/vectors/ again on this machine's CPU (fixtures/README.md says with which one the committed files were
# made). Needs gcc with 32-bit libraries: apt-get install gcc-multilib. Use: scripts/record-vectors.sh [FAMILY…]
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache
# The text segment lies above the guest's regions (test/support/recorder/memory-map.ts) and their aliases.
gcc -m32 -O2 -static -fno-stack-protector -Wall -Wextra -Wl,-Ttext-segment=0x60000000 \
  -o .cache/recorder test/support/recorder/recorder.c
exec npx tsx test/support/recorder/record.ts .cache/recorder "$@"
