// The layouts of what system calls fill in, field by field as the kernel's own structures have them. Raw calls: the C
// library would convert. Run in a directory prepared by the test; argv names the files.
#define _GNU_SOURCE
#define stat kernel_stat
#define stat64 kernel_stat64
#define statfs kernel_statfs
#define statfs64 kernel_statfs64
#include <asm/stat.h>
#include <asm/statfs.h>
#undef stat
#undef stat64
#undef statfs
#undef statfs64
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <linux/utsname.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#undef st_mtime
#undef st_ctime

static unsigned char buffer[4096];

static void fields(const char *what, long result, const char *path) {
  if (result < 0) printf("%s %s: %s\n", what, path, strerrorname_np(errno));
  else printf("%s %s:", what, path);
}

// Access times change as files are read: they are left out.
static void stat64s(const char *what, long r, const char *path, struct kernel_stat64 *s) {
  fields(what, r, path);
  if (r < 0) return;
  printf(" %llx %lx %llx %o %u %u %u %llx %lld %lu %llu %ld %lu %ld %lu\n", s->st_dev, s->__st_ino, s->st_ino,
         s->st_mode, s->st_nlink, (unsigned)s->st_uid, (unsigned)s->st_gid, s->st_rdev, s->st_size, s->st_blksize,
         s->st_blocks, (long)s->st_mtime, (long)s->st_mtime_nsec, (long)s->st_ctime, (long)s->st_ctime_nsec);
}

static void stats(const char *what, long r, const char *path, struct kernel_stat *s) {
  fields(what, r, path);
  if (r < 0) return;
  printf(" %lx %lx %o %u %u %u %lx %lu %lu %lu %lu %lu %lu %lu\n", s->st_dev, s->st_ino, s->st_mode, s->st_nlink,
         s->st_uid, s->st_gid, s->st_rdev, s->st_size, s->st_blksize, s->st_blocks, s->st_mtime, s->st_mtime_nsec,
         s->st_ctime, s->st_ctime_nsec);
}

static void statxs(long r, const char *path, struct statx *s) {
  fields("statx", r, path);
  if (r < 0) return;
  printf(" %x %u %u %u %u %o %llx %llu %llu %lld %u %lld %u %u:%u %u:%u\n", s->stx_mask & 0x7ff, s->stx_blksize,
         s->stx_nlink, s->stx_uid, s->stx_gid, s->stx_mode, s->stx_ino, s->stx_size, s->stx_blocks,
         s->stx_mtime.tv_sec, s->stx_mtime.tv_nsec, s->stx_ctime.tv_sec, s->stx_ctime.tv_nsec, s->stx_dev_major,
         s->stx_dev_minor, s->stx_rdev_major, s->stx_rdev_minor);
}

struct dirent32 { unsigned long ino, off; unsigned short reclen; char name[]; };
struct dirent64 { unsigned long long ino; long long off; unsigned short reclen; unsigned char type; char name[]; } __attribute__((packed));

// Offsets are the file system's own numbers; all that matters is that they lead on, which the listing shows.
static void entries32(int fd, int room) {
  int n;
  while ((n = syscall(SYS_getdents, fd, buffer, room)) > 0)
    for (int at = 0; at < n;) {
      struct dirent32 *e = (void *)(buffer + at);
      if (e->name[0] != '.') printf("entry32 %lx %u %s %d\n", e->ino, e->reclen, e->name, buffer[at + e->reclen - 1]);
      at += e->reclen;
    }
  printf("end32 %d %s\n", n, n < 0 ? strerrorname_np(errno) : "");
}

static void entries64(int fd, int room) {
  int n;
  while ((n = syscall(SYS_getdents64, fd, buffer, room)) > 0)
    for (int at = 0; at < n;) {
      struct dirent64 *e = (void *)(buffer + at);
      if (e->name[0] != '.') printf("entry64 %llx %u %s %d\n", e->ino, e->reclen, e->name, e->type);
      at += e->reclen;
    }
  printf("end64 %d %s\n", n, n < 0 ? strerrorname_np(errno) : "");
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *p = argv[i];
    memset(buffer, 0xee, sizeof buffer);
    stats("stat", syscall(SYS_stat, p, buffer), p, (void *)buffer);
    stats("lstat", syscall(SYS_lstat, p, buffer), p, (void *)buffer);
    stat64s("stat64", syscall(SYS_stat64, p, buffer), p, (void *)buffer);
    stat64s("lstat64", syscall(SYS_lstat64, p, buffer), p, (void *)buffer);
    stat64s("fstatat64", syscall(SYS_fstatat64, AT_FDCWD, p, buffer, 0), p, (void *)buffer);
    stat64s("fstatat64n", syscall(SYS_fstatat64, AT_FDCWD, p, buffer, AT_SYMLINK_NOFOLLOW), p, (void *)buffer);
    statxs(syscall(SYS_statx, AT_FDCWD, p, 0, 0x7ff, buffer), p, (void *)buffer);
    int fd = open(p, O_RDONLY | O_NONBLOCK);
    if (fd < 0) continue;
    stats("fstat", syscall(SYS_fstat, fd, buffer), p, (void *)buffer);
    stat64s("fstat64", syscall(SYS_fstat64, fd, buffer), p, (void *)buffer);
    statxs(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ff, buffer), p, (void *)buffer);
    entries32(fd, 10);
    entries32(fd, 80);
    lseek(fd, 0, SEEK_SET);
    entries64(fd, 10);
    entries64(fd, 80);
    close(fd);
  }
  printf("statfs64 sizes %ld %ld\n", syscall(SYS_statfs64, ".", 84, buffer), syscall(SYS_statfs64, ".", 80, buffer));
  struct kernel_statfs64 *f = (void *)buffer;
  printf("%x %u %u %u\n", (unsigned)f->f_type, (unsigned)f->f_bsize, f->f_blocks > f->f_bfree, (unsigned)f->f_namelen);
  printf("statfs %ld\n", syscall(SYS_statfs, ".", buffer));
  struct kernel_statfs *g = (void *)buffer;
  printf("%x %u %u %u\n", (unsigned)g->f_type, (unsigned)g->f_bsize, g->f_blocks > g->f_bfree, (unsigned)g->f_namelen);
  struct new_utsname *u = (void *)buffer;
  printf("uname %ld %s\n", syscall(SYS_uname, buffer), u->sysname);
  return 0;
}
