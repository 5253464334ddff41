#!/bin/sh
# Build the guests of fixtures/guests/bench/ into .cache/guests/bench/ (git-ignored): freestanding static i386 programs,
# kernels/ and hostile/ of integer instructions only, float/ twice: x87/ with x87 code and sse2/ with SSE2 code. Quick when
# nothing changed. Prints the folder. Needs gcc that can make 32-bit code (apt-get install gcc-multilib).
# Use: scripts/build-guests.sh
set -eu
cd "$(dirname "$0")/.."
source=fixtures/guests/bench
target=.cache/guests/bench

fail() {
  echo "build-guests: $1" >&2
  exit 1
}

# compile OUTPUT SOURCE OPTION...
compile() {
  output=$1 file=$2
  shift 2
  gcc -m32 -march=i686 -O2 -std=gnu11 -ffreestanding -nostdlib -static -fno-pie -no-pie \
    -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-ident -fno-tree-loop-distribute-patterns \
    -Wall -Wextra -Wno-implicit-fallthrough -Wl,--build-id=none "$@" -o "$output" "$file" "$source/runtime.c" -lgcc
}

# build PROGRAM SOURCE FORBIDDEN OPTION...: FORBIDDEN is a pattern of registers that the program must not name.
build() {
  program=$1 file=$2 forbidden=$3
  shift 3
  # Anything newer than the program makes it again, this script and its options too.
  if [ -x "$program" ]; then
    newer=$(find "$file" "$source"/runtime.[ch] "$source"/float/*.h scripts/build-guests.sh -newer "$program")
    [ -n "$newer" ] || return 0
  fi
  command -v gcc >/dev/null || fail 'gcc is not installed (apt-get install gcc-multilib)'
  # The rename makes it appear whole or not at all, should two runs overlap.
  compile "$program.$$" "$file" "$@" || fail "$file does not compile (32-bit code needs gcc-multilib)"
  # libgcc's code counts too.
  if objdump -d --no-show-raw-insn "$program.$$" | grep -qE "%($forbidden)"; then
    rm -f "$program.$$"
    fail "$file has instructions on one of $forbidden"
  fi
  mv "$program.$$" "$program"
}

mkdir -p "$target/x87" "$target/sse2"
for file in "$source"/kernels/*.c "$source"/hostile/*.c; do
  # The CPU under test may have neither x87 nor SSE.
  build "$target/$(basename "$file" .c)" "$file" 'st|mm|xmm|ymm' -mgeneral-regs-only
done
for file in "$source"/float/*.c; do
  name=$(basename "$file" .c)
  build "$target/x87/$name" "$file" 'mm|xmm|ymm' -mfpmath=387 -fno-math-errno
  build "$target/sse2/$name" "$file" 'st|mm[0-7]|ymm' -msse2 -mfpmath=sse -fno-math-errno
done
echo "$target"
