#!/bin/sh
# Make the boot media of the tests from what scripts/fetch-guests.sh and scripts/make-initramfs.ts left in
# .cache/guests/: disk.img (GRUB in a menu that starts Linux from a FAT partition), syslinux.img (a floppy) and
# isolinux.iso (a CD). Quick when nothing changed. Needs grub-common, mtools, dosfstools, syslinux and xorriso.
set -eu
cd "$(dirname "$0")/.."
guests=$PWD/.cache/guests

fail() {
  echo "make-boot-images: $1" >&2
  exit 1
}

for tool in grub-mkimage mcopy mkfs.fat syslinux xorriso; do
  PATH=$PATH:/sbin:/usr/sbin command -v $tool >/dev/null ||
    fail "$tool is not installed (apt-get install grub-common mtools dosfstools syslinux xorriso)"
done
PATH=$PATH:/sbin:/usr/sbin
for file in linux-686 initramfs.cpio memtest.bin grub/boot.img isolinux/isolinux.bin; do
  [ -e "$guests/$file" ] || fail "$guests/$file is not there (scripts/fetch-guests.sh, scripts/make-initramfs.ts)"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The image is there and newer than this script and the guests in it.
is_current() {
  [ -e "$guests/$1" ] || return 1
  for source in "$guests/linux-686" "$guests/initramfs.cpio" scripts/make-boot-images.sh; do
    [ ! "$source" -nt "$guests/$1" ] || return 1
  done
}

disk() {
  # The menu lies in GRUB's own image, so that it comes up even when the partition cannot be read.
  cat >"$work/grub.cfg" <<-'CFG'
	serial --unit=0 --speed=115200
	terminal_input console serial
	terminal_output console serial
	set timeout=-1
	set default=0
	menuentry "Linux from the first partition" {
	  set root=(hd0,msdos1)
	  linux /linux console=ttyS0 quiet script=$script
	  initrd /initramfs
	}
	menuentry "A second entry" {
	  echo "The second entry was chosen."
	  sleep 1
	}
	menuentry "Switch off" {
	  halt
	}
	CFG
  modules='biosdisk part_msdos fat normal configfile serial terminal echo sleep linux halt reboot test memdisk tar minicmd'
  mkdir -p "$work/boot/grub"
  mv "$work/grub.cfg" "$work/boot/grub/grub.cfg"
  tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/memdisk.tar" boot
  # shellcheck disable=SC2086
  grub-mkimage -O i386-pc -d "$guests/grub" -p '(memdisk)/boot/grub' -m "$work/memdisk.tar" -o "$work/core.img" $modules
  # 32 MiB: GRUB in the first sectors, one FAT16 partition from 1 MiB on.
  truncate -s 32M "$work/disk.img"
  mkfs.fat -F 16 -i 78383600 -n XLAT86 --offset 2048 "$work/disk.img" $((31 * 1024)) >/dev/null
  dd if="$guests/grub/boot.img" of="$work/disk.img" conv=notrunc bs=440 count=1 status=none
  dd if="$work/core.img" of="$work/disk.img" conv=notrunc bs=512 seek=1 status=none
  # An active partition of type 0Eh, sectors 2048 to 65535, and the signature.
  printf '\200\376\377\377\016\376\377\377\000\010\000\000\000\370\000\000' |
    dd of="$work/disk.img" conv=notrunc bs=1 seek=446 status=none
  printf '\125\252' | dd of="$work/disk.img" conv=notrunc bs=1 seek=510 status=none
  mcopy -i "$work/disk.img@@1M" "$guests/linux-686" ::linux
  mcopy -i "$work/disk.img@@1M" "$guests/initramfs.cpio" ::initramfs
}

floppy() {
  truncate -s 1440K "$work/syslinux.img"
  mkfs.fat -F 12 -i 78383600 "$work/syslinux.img" >/dev/null
  cat >"$work/syslinux.cfg" <<-'CFG'
	SERIAL 0 115200
	PROMPT 1
	TIMEOUT 0
	SAY Welcome to syslinux.
	DEFAULT memtest
	LABEL memtest
	  LINUX memtest.bin
	CFG
  mcopy -i "$work/syslinux.img" "$work/syslinux.cfg" ::
  mcopy -i "$work/syslinux.img" "$guests/memtest.bin" ::
  syslinux --install "$work/syslinux.img"
}

cd_image() {
  mkdir -p "$work/cd/isolinux"
  cp "$guests"/isolinux/* "$work/cd/isolinux/"
  cp "$guests/linux-686" "$work/cd/linux"
  cp "$guests/initramfs.cpio" "$work/cd/initramfs"
  cat >"$work/cd/isolinux/isolinux.cfg" <<-'CFG'
	SERIAL 0 115200
	PROMPT 1
	TIMEOUT 0
	SAY Welcome to isolinux.
	DEFAULT linux
	LABEL linux
	  KERNEL /linux
	  INITRD /initramfs
	  APPEND console=ttyS0 quiet
	CFG
  xorriso -as mkisofs -quiet -o "$work/isolinux.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table "$work/cd" 2>"$work/log" || fail "$(tail -n1 "$work/log")"
}

# make NAME FUNCTION: the rename makes it appear whole or not at all, should two runs overlap.
make() {
  is_current "$1" && return
  "$2"
  mv "$work/$1" "$guests/$1.$$"
  mv "$guests/$1.$$" "$guests/$1"
}

make disk.img disk
make syslinux.img floppy
make isolinux.iso cd_image
