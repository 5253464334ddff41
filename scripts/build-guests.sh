#!/bin/sh
# Build the guests of fixtures/guests/bench/ into .cache/guests/bench/ (git-ignored): freestanding static i386 programs
# of integer instructions only. Quick when nothing changed. Prints the folder. Needs gcc that can make 32-bit code
# (apt-get install gcc-multilib). Use: scripts/build-guests.sh
set -eu
cd "$(dirname "$0")/.."
source=fixtures/guests/bench
target=.cache/guests/bench

fail() {
  echo "build-guests: $1" >&2
  exit 1
}

compile() {
  gcc -m32 -march=i686 -O2 -std=gnu11 -ffreestanding -mgeneral-regs-only -nostdlib -static -fno-pie -no-pie \
    -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-ident -fno-tree-loop-distribute-patterns \
    -Wall -Wextra -Wno-implicit-fallthrough -Wl,--build-id=none -o "$1" "$2" "$source/runtime.c" -lgcc
}

mkdir -p "$target"
for file in "$source"/kernels/*.c "$source"/hostile/*.c; do
  program="$target/$(basename "$file" .c)"
  # Anything newer than the program makes it again, this script and its options too.
  if [ -x "$program" ]; then
    newer=$(find "$file" "$source/runtime.c" "$source/runtime.h" scripts/build-guests.sh -newer "$program")
    [ -n "$newer" ] || continue
  fi
  command -v gcc >/dev/null || fail 'gcc is not installed (apt-get install gcc-multilib)'
  # The rename makes it appear whole or not at all, should two runs overlap.
  compile "$program.$$" "$file" || fail "$file does not compile (32-bit code needs gcc-multilib)"
  # The CPU under test may have no x87 and no SSE yet; libgcc's code counts too.
  if objdump -d --no-show-raw-insn "$program.$$" | grep -qE '%(st|mm|xmm|ymm)'; then
    rm -f "$program.$$"
    fail "$file has floating-point or vector instructions"
  fi
  mv "$program.$$" "$program"
done
echo "$target"
