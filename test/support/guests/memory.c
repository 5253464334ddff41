// Mappings: where they may be, what they hold, what they permit, and which errors the kernel gives.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long result) {
  if (result < 0 && result > -4096) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define T(call) (errno = 0, show(#call, (long)(call)))
#define FAILS(call) printf("%s: %s\n", #call, (errno = 0, (call) == MAP_FAILED) ? strerrorname_np(errno) : "mapped")

static sigjmp_buf jump;
static volatile int code;
static void *volatile where;
static void fault(int signal, siginfo_t *info, void *context) {
  code = signal << 8 | info->si_code;
  where = info->si_addr;
  siglongjmp(jump, 1);
}

static void touch(const char *what, volatile char *p, int write) {
  if (sigsetjmp(jump, 1) == 0) {
    if (write) *p = 42;
    printf("%s: %d\n", what, *p);
  } else printf("%s: signal %x at offset %ld\n", what, code, (long)((char *)where - (char *)p));
}

static int run_code(char *p) {
  if (sigsetjmp(jump, 1) != 0) return -1;
  return ((int (*)(void))p)();
}

int main(void) {
  struct sigaction a = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &a, 0);
  sigaction(SIGBUS, &a, 0);
  const int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
  char *p = mmap(0, 16 * 4096, rw, anon, -1, 0);
  printf("aligned %d\n", ((uintptr_t)p & 4095) == 0);
  touch("fresh", p, 0);
  touch("write", p + 5, 1);
  touch("end", p + 16 * 4096 - 1, 1);
  T(mprotect(p + 4096, 4096, PROT_READ));
  touch("read-only read", p + 4096, 0);
  touch("read-only write", p + 4096, 1);
  T(mprotect(p + 4096, 4096, PROT_NONE));
  touch("none read", p + 4096 + 7, 0);
  T(mprotect(p + 4096, 4096, PROT_WRITE));
  touch("write-only read", p + 4096, 0);
  T(mprotect(p + 1, 4096, rw));
  T(mprotect(p, 0, rw));
  T(mprotect(p, 4096, 0x1000));
  T(munmap(p + 2 * 4096, 4096));
  touch("unmapped", p + 2 * 4096, 0);
  T(mprotect(p + 4096, 3 * 4096, rw));
  T(munmap(p + 2 * 4096, 4096));
  T(munmap(p, 0));
  T(munmap(p + 3, 4096));
  T(munmap((void *)0xfffff000, 4096));
  char *hole = mmap(p + 2 * 4096, 4096, rw, anon, -1, 0);
  printf("hint taken %d\n", hole == p + 2 * 4096);
  char *taken = mmap(p, 4096, rw, anon, -1, 0);
  printf("hint refused %d\n", taken != p);
  FAILS(mmap(p, 4096, rw, anon | MAP_FIXED_NOREPLACE, -1, 0));
  printf("fixed %d\n", mmap(p, 4096, rw, anon | MAP_FIXED, -1, 0) == p);
  touch("replaced", p + 5, 0);
  FAILS(mmap(p + 1, 4096, rw, anon | MAP_FIXED, -1, 0));
  FAILS(mmap(0, 0, rw, anon, -1, 0));
  FAILS(mmap(0, 4096, rw, MAP_ANONYMOUS, -1, 0));
  FAILS(mmap(0, 4096, rw, MAP_PRIVATE, 99, 0));
  FAILS(mmap(0, 0xffffe000, rw, anon, -1, 0));

  char *m = mmap(0, 8 * 4096, rw, anon, -1, 0);
  for (int i = 0; i < 8; i++) m[i * 4096] = i + 1;
  T(munmap(m + 4 * 4096, 4 * 4096));
  char *grown = mremap(m, 4 * 4096, 8 * 4096, MREMAP_MAYMOVE);
  printf("grown %d %d %d\n", grown[3 * 4096], grown[4 * 4096], grown != MAP_FAILED);
  char *shrunk = mremap(grown, 8 * 4096, 2 * 4096, 0);
  printf("shrunk %d %d\n", shrunk == grown, shrunk[4096]);
  touch("cut off", shrunk + 3 * 4096, 0);
  char *wall = mmap(shrunk + 2 * 4096, 4096, PROT_NONE, anon | MAP_FIXED, -1, 0);
  FAILS(mremap(shrunk, 2 * 4096, 6 * 4096, 0));
  char *moved = mremap(shrunk, 2 * 4096, 6 * 4096, MREMAP_MAYMOVE);
  printf("moved %d %d %d\n", moved != shrunk, moved[4096], moved[5 * 4096]);
  touch("left", shrunk, 0);
  char *target = mmap(0, 4 * 4096, rw, anon, -1, 0);
  printf("to %d\n", mremap(moved, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target + 4096) == target + 4096);
  printf("kept %d %d\n", target[4096], target[8192]);
  FAILS(mremap(moved + 1, 4096, 4096, 0));
  FAILS(mremap(moved + 4096, 4096, 0, 0));
  FAILS(mremap((void *)0x10000000, 4096, 8192, MREMAP_MAYMOVE));
  FAILS(mremap(moved + 4096, 4096, 4096, 64));
  FAILS(mremap(moved + 4096, 4096, 4096, MREMAP_FIXED, target));

  target[0] = 9;
  T(madvise(target, 4096, MADV_DONTNEED));
  touch("dropped", target, 0);
  T(madvise(target + 1, 4096, MADV_DONTNEED));
  T(madvise(target, 4096, 12345));
  T(madvise((void *)0x10000000, 4096, MADV_DONTNEED));
  T(madvise(target, 4096, MADV_NORMAL));

  int fd = open("map", O_RDWR | O_CREAT | O_TRUNC, 0600);
  static char block[5000];
  for (int i = 0; i < 5000; i++) block[i] = i % 101;
  write(fd, block, 5000);
  char *f = mmap(0, 8192, rw, MAP_PRIVATE, fd, 0);
  printf("file %d %d %d\n", f[100], f[4999], f[5000]);
  f[100] = 77;
  char c;
  pread(fd, &c, 1, 100);
  printf("private %d %d\n", f[100], c);
  char *g = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 4096);
  printf("second page %d\n", g[0]);
  touch("read-only map", g, 1);
  FAILS(mmap(0, 4096, rw, MAP_PRIVATE, fd, 1));
  int w = open("map", O_WRONLY);
  FAILS(mmap(0, 4096, PROT_READ, MAP_PRIVATE, w, 0));
  int pipes[2];
  pipe(pipes);
  FAILS(mmap(0, 4096, PROT_READ, MAP_PRIVATE, pipes[0], 0));
  T(read(pipes[0], (void *)0x10000000, 0));
  T(msync(f, 4096, MS_SYNC));
  T(msync((void *)0x10000000, 4096, MS_SYNC));

  char *s = mmap(0, 4096, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *q = mmap(0, 4096, rw, anon, -1, 0);
  s[0] = q[0] = 1;
  if (fork() == 0) {
    s[0] = q[0] = 2;
    _exit(0);
  }
  wait(0);
  printf("shared %d private %d\n", s[0], q[0]);

  char *b = sbrk(0);
  T(brk(b + 10000));
  printf("heap %d %d\n", b[0], b[9999]);
  b[9999] = 3;
  T(brk(b));
  T(brk(b + 10000));
  printf("fresh heap %d\n", b[9999]);
  T(syscall(SYS_brk, 0) == (long)(b + 10000));
  T(syscall(SYS_brk, 4096) == (long)(b + 10000));
  T(syscall(SYS_brk, 0xfffff000) == (long)(b + 10000));

  unsigned char add[] = {0xb8, 1, 0, 0, 0, 0xc3};
  char *x = mmap(0, 4096, rw | PROT_EXEC, anon, -1, 0);
  memcpy(x, add, sizeof add);
  printf("code %d\n", run_code(x));
  x[1] = 2;
  printf("changed code %d\n", run_code(x));
  T(mprotect(x, 4096, PROT_READ | PROT_EXEC));
  printf("protected code %d\n", run_code(x));
  touch("code write", x, 1);
  read(open("/dev/zero", O_RDONLY), q, 1);
  T(mprotect(x, 4096, rw | PROT_EXEC));
  lseek(fd, 0, SEEK_SET);
  pwrite(fd, "\x07", 1, 0);
  T(read(fd, x + 1, 1));
  printf("code read in %d\n", run_code(x));
  touch("null", (char *)0, 0);
  touch("kernel", (char *)0xffffff00, 0);
  volatile char deep[3 << 20];
  deep[0] = 1;
  printf("stack grows %d\n", deep[0]);
  return 0;
}
