#!/bin/sh
# Fetch the guests that tests and demos run but the repository does not hold: Debian's busybox-static for i386, by
# package name, into .cache/guests/busybox (git-ignored). Quick when it is there. Needs dpkg, apt-get and root for
# `dpkg --add-architecture`. One line on stderr and a non-zero status if it cannot be had.
set -eu
cd "$(dirname "$0")/.."
target=.cache/guests/busybox

fail() {
  echo "fetch-guests: $1" >&2
  exit 1
}

[ ! -x "$target" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt-get downloads as its own user

if ! dpkg --print-foreign-architectures | grep -qx i386; then
  dpkg --add-architecture i386 2>/dev/null || fail 'cannot add the architecture i386 (dpkg --add-architecture needs root)'
fi
download() {
  (cd "$work" && apt-get -qq -o Acquire::Retries=3 download busybox-static:i386) >"$work/log" 2>&1
}
# The package lists may be there already; updating them is the slow part.
download || { apt-get -qq update >"$work/update" 2>&1 || true; download; } ||
  fail "cannot download busybox-static:i386: $(grep -m1 '^E:' "$work/log" || tail -n1 "$work/log")"
dpkg-deb -x "$work"/busybox-static_*_i386.deb "$work/tree" || fail 'the package does not unpack'
mkdir -p "$(dirname "$target")"
# The rename makes it appear whole or not at all, should two runs overlap.
cp "$work/tree/bin/busybox" "$target.$$"
chmod 755 "$target.$$"
mv "$target.$$" "$target"
