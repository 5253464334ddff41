#!/bin/sh
# Fetch the guests that tests and demos run but the repository does not hold: files of Debian packages, by package name,
# into .cache/guests/ (git-ignored). Quick when they are there. Needs dpkg, apt-get and root for
# `dpkg --add-architecture`. One line on stderr and a non-zero status if one of them cannot be had.
#   busybox                        static, for i386
#   bios.bin vgabios.bin           SeaBIOS and its VGA BIOS
#   linux-686 linux-686-pae        Debian's kernels for i386
#   modules/                       the drivers of linux-686 for disk and CD, in the order in which they are loaded
#   installer/{linux,initrd.gz}    Debian's installer for i386, text version
#   memtest.bin memtest.iso        memtest86+
#   isolinux/                      boot loader for CDs and its module
#   grub/                          GRUB's parts for a PC BIOS
set -eu
cd "$(dirname "$0")/.."
target=$PWD/.cache/guests

fail() {
  echo "fetch-guests: $1" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt-get downloads as its own user
mkdir -p "$target"

with_i386() {
  dpkg --print-foreign-architectures | grep -qx i386 || dpkg --add-architecture i386 2>/dev/null ||
    fail 'cannot add the architecture i386 (dpkg --add-architecture needs root)'
}

updated=
update() {
  [ -z "$updated" ] || return 1
  updated=yes
  apt-get -qq update >"$work/update" 2>&1 || true
}

# unpack PACKAGE PATTERN…: the files of a package that match, into $work/tree.
unpack() {
  rm -rf "$work/tree" "$work/deb"
  mkdir -p "$work/tree" "$work/deb"
  chmod 777 "$work/deb"
  get() {
    (cd "$work/deb" && apt-get -qq -o Acquire::Retries=3 download "$1") >"$work/log" 2>&1
  }
  # The package lists may be there already; updating them is the slow part.
  get "$1" || { update && get "$1"; } ||
    fail "cannot download $1: $(grep -m1 '^E:' "$work/log" || tail -n1 "$work/log")"
  package=$1
  shift
  dpkg-deb --fsys-tarfile "$work"/deb/*.deb | tar -x -C "$work/tree" --wildcards "$@" ||
    fail "the package $package has no $*"
}

# keep SOURCE NAME: one of the unpacked files. The rename makes it appear whole or not at all, should two runs overlap.
keep() {
  [ -e "$1" ] || fail "there is no ${1##*/tree/} in the package"
  mkdir -p "$(dirname "$target/$2")"
  rm -rf "$target/$2.$$"
  cp -r "$1" "$target/$2.$$"
  chmod -R u+rwX,go+rX "$target/$2.$$"
  mv -T "$target/$2.$$" "$target/$2"
}

# The kernel's package that a meta-package of this name depends on.
kernel_of() {
  apt-cache depends "$1:i386" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^:]*\).*/\1/p' | head -n1
}

if [ ! -e "$target/busybox" ]; then
  with_i386
  unpack busybox-static:i386 ./bin/busybox
  keep "$work/tree/bin/busybox" busybox
fi
if [ ! -e "$target/bios.bin" ] || [ ! -e "$target/vgabios.bin" ]; then
  unpack seabios './usr/share/seabios/*'
  keep "$work/tree/usr/share/seabios/vgabios-stdvga.bin" vgabios.bin
  keep "$work/tree/usr/share/seabios/bios-256k.bin" bios.bin
fi
drivers='crct10dif_common crct10dif_generic crc-t10dif crc64 crc64-rocksoft crc64_rocksoft_generic t10-pi
  scsi_common scsi_mod libata sd_mod cdrom sr_mod ata_piix'
for kind in 686 686-pae; do
  if [ -e "$target/linux-$kind" ] && { [ $kind != 686 ] || [ -e "$target/modules" ]; }; then continue; fi
  with_i386
  package=$(kernel_of linux-image-$kind)
  [ -n "$package" ] || { update && package=$(kernel_of linux-image-$kind); }
  [ -n "$package" ] || fail "no kernel is found for linux-image-$kind:i386"
  unpack "$package:i386" './boot/vmlinuz-*' $(printf './lib/modules/*/%s.ko ' $drivers)
  keep "$(echo "$work"/tree/boot/vmlinuz-*)" linux-$kind
  [ $kind = 686 ] || continue
  mkdir "$work/modules"
  order=10
  for driver in $drivers; do
    mv "$(find "$work/tree" -name "$driver.ko")" "$work/modules/$order-$driver.ko"
    order=$((order + 1))
  done
  keep "$work/modules" modules
done
if [ ! -e "$target/installer" ]; then
  unpack debian-installer-12-netboot-i386 './usr/lib/debian-installer/images/12/i386/text/debian-installer/i386/*'
  from=$work/tree/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
  mkdir "$work/installer"
  mv "$from/linux" "$from/initrd.gz" "$work/installer/"
  keep "$work/installer" installer
fi
if [ ! -e "$target/memtest.bin" ] || [ ! -e "$target/memtest.iso" ]; then
  unpack memtest86+ '*memtest86+ia32*'
  keep "$work/tree/usr/lib/memtest86+/memtest86+ia32.iso" memtest.iso
  keep "$work/tree/boot/memtest86+ia32.bin" memtest.bin
fi
if [ ! -e "$target/isolinux" ]; then
  mkdir "$work/isolinux"
  unpack isolinux ./usr/lib/ISOLINUX/isolinux.bin
  mv "$work/tree/usr/lib/ISOLINUX/isolinux.bin" "$work/isolinux/"
  unpack syslinux-common ./usr/lib/syslinux/modules/bios/ldlinux.c32
  mv "$work/tree/usr/lib/syslinux/modules/bios/ldlinux.c32" "$work/isolinux/"
  keep "$work/isolinux" isolinux
fi
if [ ! -e "$target/grub" ]; then
  unpack grub-pc-bin './usr/lib/grub/i386-pc/*'
  keep "$work/tree/usr/lib/grub/i386-pc" grub
fi
