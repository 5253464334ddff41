// File calls with the results and errors that the kernel gives: run in a fresh, empty current directory.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define T(call) (errno = 0, show(#call, (long)(call)))

static void status(const char *path, int link) {
  struct stat s;
  int r = link ? lstat(path, &s) : stat(path, &s);
  if (r < 0) printf("stat %s: %s\n", path, strerrorname_np(errno));
  else printf("stat %s: mode %o links %d size %lld\n", path, s.st_mode, S_ISDIR(s.st_mode) ? 0 : (int)s.st_nlink,
              S_ISDIR(s.st_mode) ? 0 : (long long)s.st_size);
}

static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void list(const char *path) {
  char *names[64];
  int n = 0;
  DIR *d = opendir(path);
  if (!d) { printf("list %s: %s\n", path, strerrorname_np(errno)); return; }
  for (struct dirent *e; (e = readdir(d));) { 
    asprintf(&names[n++], "%s/%d", e->d_name, e->d_type);
  }
  rewinddir(d);
  int again = 0;
  while (readdir(d)) again++;
  closedir(d);
  qsort(names, n, sizeof *names, compare);
  printf("list %s (%d):", path, again);
  for (int i = 0; i < n; i++) printf(" %s", names[i]);
  puts("");
}

static void content(const char *path) {
  char b[100];
  int fd = open(path, O_RDONLY);
  int n = fd < 0 ? -1 : read(fd, b, sizeof b);
  if (n < 0) printf("content %s: %s\n", path, strerrorname_np(errno));
  else {
    printf("content %s:", path);
    for (int i = 0; i < n; i++) printf(" %02x", (unsigned char)b[i]);
    puts("");
  }
  if (fd >= 0) close(fd);
}

int main(void) {
  char b[300];
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  umask(0027);
  T(umask(0027));
  int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666);
  T(fd >= 0);
  T(open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
  T(open("missing", O_RDONLY));
  T(open("missing/x", O_WRONLY | O_CREAT, 0600));
  T(open("a/x", O_RDONLY));
  T(open("a/", O_RDONLY));
  T(open("new/", O_WRONLY | O_CREAT, 0600));
  T(open("", O_RDONLY));
  T(open(".", O_WRONLY));
  T(open(".", O_RDONLY | O_CREAT, 0600));
  T(open("a", O_RDONLY | O_DIRECTORY));
  T(write(fd, "hello world", 11));
  T(lseek(fd, 0, SEEK_CUR));
  T(lseek(fd, -20, SEEK_CUR));
  T(lseek(fd, -5, SEEK_END));
  T(read(fd, b, 100));
  T(read(fd, b, 100));
  T(lseek(fd, 20, SEEK_SET));
  T(write(fd, "Z", 1));
  T(pread(fd, b, 4, 9));
  T(pwrite(fd, "HE", 2, 0));
  T(pread(fd, b, 4, -1));
  T(lseek(fd, 0, SEEK_CUR));
  T(lseek(fd, 3, 77));
  T(lseek(fd, 5, SEEK_DATA));
  T(lseek(fd, 5, SEEK_HOLE) >= 5);
  T(lseek(fd, 500, SEEK_DATA));
  content("a");
  T(ftruncate(fd, 5));
  content("a");
  T(ftruncate(fd, 8));
  T(truncate("a", 9));
  T(truncate("missing", 9));
  T(truncate(".", 9));
  content("a");
  T(fsync(fd));
  struct iovec v[3] = {{"one", 3}, {"", 0}, {"three", 5}};
  T(lseek(fd, 0, SEEK_SET));
  T(writev(fd, v, 3));
  T(writev(fd, v, -1));
  struct iovec w[2] = {{b, 2}, {b + 50, 4}};
  T(lseek(fd, 0, SEEK_SET));
  T(readv(fd, w, 2));
  printf("%.2s %.4s\n", b, b + 50);
  T(close(fd));
  T(close(fd));
  T(read(fd, b, 1));
  T(write(99, b, 1));
  fd = open("a", O_RDONLY);
  T(write(fd, b, 1));
  T(read(fd, (void *)8, 4));
  T(ftruncate(fd, 0));
  int d = dup(fd);
  T(dup2(fd, fd) == fd);
  T(dup3(fd, fd, 0));
  T(dup2(fd, 77));
  T(fcntl(77, F_GETFD));
  T(fcntl(77, F_SETFD, FD_CLOEXEC));
  T(fcntl(77, F_GETFD));
  T(fcntl(fd, F_DUPFD, 200));
  T(fcntl(fd, F_GETFL) & O_ACCMODE);
  T(fcntl(77, F_DUPFD_CLOEXEC, 201));
  T(fcntl(201, F_GETFD));
  T(lseek(d, 2, SEEK_SET));
  T(lseek(fd, 0, SEEK_CUR));
  T(dup(1234));
  T(close(d));
  T(close(77));
  int out = open("b", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  off_t off = 1;
  T(sendfile(out, fd, &off, 100));
  printf("offset %ld\n", (long)off);
  T(sendfile(out, fd, 0, 2));
  T(lseek(fd, 0, SEEK_CUR));
  T(read(out, b, 1));
  close(out);
  content("b");
  out = open("b", O_WRONLY | O_APPEND);
  T(lseek(out, 0, SEEK_SET));
  T(write(out, "!", 1));
  T(lseek(out, 0, SEEK_CUR));
  close(out);
  content("b");
  status("a", 0);
  status("b", 0);

  T(mkdir("d", 0777));
  T(mkdir("d", 0777));
  T(mkdir("d/e/", 0700));
  T(mkdir("x/y", 0700));
  T(mkdir("a/y", 0700));
  T(mkdir(".", 0700));
  T(mkdir("/", 0700));
  status("d", 0);
  status("d/e", 0);
  T(rmdir("d"));
  T(rmdir("a"));
  T(rmdir("."));
  T(rmdir("d/e/."));
  T(rmdir("d/e/.."));
  T(rmdir("missing"));
  T(unlink("d"));
  T(unlink("missing"));
  T(unlink("a/"));
  T(link("a", "d/hard"));
  T(link("a", "d/hard"));
  T(link("missing", "d/h2"));
  T(link("d", "d2"));
  T(link("a", "new/"));
  status("a", 0);
  T(symlink("../a", "d/soft"));
  T(symlink("nowhere", "dangling"));
  T(symlink("loop2", "loop1"));
  T(symlink("loop1", "loop2"));
  T(symlink("d", "dirlink"));
  T(symlink("", "empty"));
  T(symlink("x", "a"));
  T(symlink("x", "slash/"));
  status("d/soft", 0);
  status("d/soft", 1);
  status("dangling", 0);
  status("dangling", 1);
  status("loop1", 0);
  status("loop1", 1);
  status("dirlink", 1);
  status("dirlink/", 1);
  status("dirlink/.", 1);
  status("dirlink/../a", 1);
  status("d/soft/", 0);
  content("d/soft");
  T(readlink("d/soft", b, sizeof b));
  T(readlink("d/soft", b, 2));
  T(readlink("d/soft", b, 0));
  T(readlink("a", b, sizeof b));
  T(open("d/soft", O_RDONLY | O_NOFOLLOW));
  T(open("loop1", O_RDONLY));
  T(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600));
  T(open("dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
  T(close(open("dangling", O_WRONLY | O_CREAT, 0640)));
  status("nowhere", 1);
  list(".");
  list("d");
  list("dirlink");
  list("a");
  list("missing");

  T(rename("a", "d/moved"));
  T(rename("a", "d/moved"));
  T(rename("d/moved", "b"));
  T(rename("d", "d/e/f"));
  T(rename("d", "b"));
  T(rename("b", "d"));
  T(rename("d/e", "d/e2"));
  T(rename("d/e2", "d"));
  T(rename("dirlink", "dirlink2"));
  T(rename("b", "b"));
  T(rename("b", "b/"));
  T(rename("missing", "b"));
  T(rename(".", "q"));
  T(mkdir("empty1", 0755));
  T(rename("d/e2", "empty1"));
  T(rename("empty1", "d"));
  T(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "d/hard", 1));
  T(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "d/fresh", 1));
  list(".");
  list("d");
  content("d/fresh");

  int dir = open("d", O_RDONLY | O_DIRECTORY);
  T(faccessat(dir, "hard", R_OK, 0));
  T(faccessat(dir, "nope", F_OK, 0));
  T(mkdirat(dir, "sub", 0711));
  T(unlinkat(dir, "sub", 0));
  T(unlinkat(dir, "sub", AT_REMOVEDIR));
  T(symlinkat("t", dir, "s"));
  T(readlinkat(dir, "s", b, sizeof b));
  T(linkat(dir, "hard", AT_FDCWD, "h3", 0));
  T(linkat(dir, "soft", AT_FDCWD, "h4", 0));
  status("h4", 1);
  T(openat(999, "x", O_RDONLY));
  T(openat(fd, "x", O_RDONLY));
  T(renameat(AT_FDCWD, "h3", dir, "h5"));
  T(fchdir(fd));
  T(fchdir(dir));
  status("h5", 0);
  T(chdir(".."));
  T(chdir("h5"));
  T(chdir("missing"));
  T(read(dir, b, 10));
  close(dir);

  T(chmod("d/fresh", 04751));
  T(chmod("missing", 0));
  T(fchmod(fd, 0604));
  T(access("d/fresh", X_OK));
  T(access("d/hard", X_OK));
  T(access("d/fresh", 8));
  T(access("missing", F_OK));
  status("d/fresh", 0);
  status("d/hard", 0);
  struct timespec ts[2] = {{1000000000, 123456000}, {1500000000, 654321000}};
  T(utimensat(AT_FDCWD, "d/fresh", ts, 0));
  struct stat s;
  stat("d/fresh", &s);
  printf("times %ld %ld %ld %ld\n", (long)s.st_atim.tv_sec, s.st_atim.tv_nsec / 1000, (long)s.st_mtim.tv_sec,
         s.st_mtim.tv_nsec / 1000);
  ts[0].tv_nsec = UTIME_OMIT;
  ts[1].tv_sec = 1600000000;
  ts[1].tv_nsec = 0;
  T(utimensat(AT_FDCWD, "d/fresh", ts, 0));
  ts[1].tv_nsec = -5;
  T(utimensat(AT_FDCWD, "d/fresh", ts, 0));
  stat("d/fresh", &s);
  printf("times %ld %ld\n", (long)s.st_atim.tv_sec, (long)s.st_mtim.tv_sec);
  memset(b, 'n', 299);
  b[299] = 0;
  T(mkdir(b, 0700));
  static char longer[5000];
  memset(longer, '/', 4999);
  T(chdir(longer));
  T(mknod("node", S_IFREG | 0600, 0));
  T(mknod("node", S_IFREG | 0600, 0));
  status("node", 0);
  T(fallocate(fd, 0, 0, 10));
  T(posix_fadvise(fd, 0, 0, 0));
  T(getcwd(b, 1) == 0);
  printf("%s\n", strerrorname_np(errno));
  T((long)getcwd((char *)b, 200) != 0);
  return 0;
}
