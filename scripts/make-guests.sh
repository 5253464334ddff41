#!/bin/sh
# Everything that whole-machine tests boot, into .cache/guests/ (git-ignored): what scripts/fetch-guests.sh fetches, the
# initramfs, and the boot media. Needs what those need: root, gcc-multilib, grub-common, mtools, dosfstools, syslinux,
# xorriso. Use: scripts/make-guests.sh
set -eu
cd "$(dirname "$0")/.."
sh scripts/fetch-guests.sh
npx tsx scripts/make-initramfs.ts >/dev/null
sh scripts/make-boot-images.sh
