// Waiting: poll, select, sleeping, clocks, timers. Whoever runs this may be held up between any two lines: each duration
// starts before the thing that it bounds, and upper bounds are far away.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define T(call) (errno = 0, show(#call, (long)(call)))

static long milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void handler(int signal) {}

int main(void) {
  int p[2];
  char c;
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  pipe(p);
  struct pollfd f[3] = {{p[0], POLLIN | POLLOUT}, {p[1], POLLIN | POLLOUT}, {-1, POLLIN}};
  T(poll(f, 3, 0));
  printf("%x %x %x\n", f[0].revents, f[1].revents, f[2].revents);
  write(p[1], "abc", 3);
  T(poll(f, 3, 1000));
  printf("%x %x %x\n", f[0].revents, f[1].revents, f[2].revents);
  int n;
  T(ioctl(p[0], FIONREAD, &n));
  printf("available %d\n", n);
  T(ioctl(p[0], TCGETS, &n));
  f[2].fd = 99;
  T(poll(f, 3, 1000));
  printf("%x %x %x\n", f[0].revents, f[1].revents, f[2].revents);
  read(p[0], &c, 1), read(p[0], &c, 1), read(p[0], &c, 1);

  fd_set r, w;
  struct timeval tv = {0, 20000};
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  long start = milliseconds();
  T(select(p[0] + 1, &r, 0, 0, &tv));
  printf("slept %d set %d left %ld %ld\n", milliseconds() - start >= 19, FD_ISSET(p[0], &r), (long)tv.tv_sec, (long)tv.tv_usec);
  FD_SET(p[0], &r);
  FD_ZERO(&w);
  FD_SET(p[1], &w);
  T(select(p[1] + 1, &r, &w, 0, 0));
  printf("%d %d\n", FD_ISSET(p[0], &r), FD_ISSET(p[1], &w));
  FD_ZERO(&r);
  FD_SET(200, &r);
  T(select(201, &r, 0, 0, 0));
  T(select(-1, 0, 0, 0, 0));
  tv.tv_sec = -1;
  T(select(0, 0, 0, 0, &tv));
  start = milliseconds();
  if (fork() == 0) {
    poll(0, 0, 30);
    write(p[1], "x", 1);
    _exit(0);
  }
  T(poll(f, 1, 60000));
  long woken = milliseconds() - start;
  printf("woken %d %x\n", woken >= 29 && woken < 50000, f[0].revents);
  wait(0);
  read(p[0], &c, 1);
  sigset_t none, usr;
  sigemptyset(&none), sigemptyset(&usr), sigaddset(&usr, SIGUSR1);
  struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &a, 0);
  sigprocmask(SIG_BLOCK, &usr, 0);
  raise(SIGUSR1);
  struct timespec ts = {0, 10000000};
  f[0].events = POLLIN;
  T(ppoll(f, 1, &ts, 0));
  T(ppoll(f, 1, &ts, &none));
  T(ppoll(f, 1, &ts, &none));
  raise(SIGUSR1);
  FD_ZERO(&r);
  FD_SET(p[0], &r);
  T(pselect(p[0] + 1, &r, 0, 0, &ts, &none));
  struct timespec no_time = {0, 0};
  raise(SIGUSR1);
  FD_SET(p[0], &r);
  T(pselect(p[0] + 1, &r, 0, 0, &no_time, &none));
  raise(SIGUSR1);
  T(ppoll(f, 1, &no_time, &none));
  T(ppoll(f, 1, &no_time, &none));
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  printf("mask back %d\n", sigismember(&now, SIGUSR1));
  close(p[1]);
  T(poll(f, 1, 1000));
  printf("hung up %x\n", f[0].revents);
  pipe(p);
  close(p[0]);
  f[0].fd = p[1];
  f[0].events = POLLOUT;
  T(poll(f, 1, 1000));
  printf("no reader %x\n", f[0].revents);
  int file = open("/dev/null", O_RDWR);
  f[0].fd = file, f[0].events = POLLIN | POLLOUT;
  T(poll(f, 1, 0));
  printf("null %x\n", f[0].revents);

  mkfifo("fifo", 0600);
  T(open("fifo", O_WRONLY | O_NONBLOCK));
  if (fork() == 0) {
    int q = open("fifo", O_WRONLY);
    write(q, "through", 7);
    _exit(0);
  }
  int q = open("fifo", O_RDONLY);
  char b[10];
  T(read(q, b, 10));
  T(read(q, b, 10));
  wait(0);

  T(nanosleep(&ts, 0));
  ts.tv_nsec = 1000000000;
  T(nanosleep(&ts, 0));
  ts.tv_nsec = 0, ts.tv_sec = -1;
  T(nanosleep(&ts, 0));
  clock_gettime(CLOCK_MONOTONIC, &ts);
  ts.tv_nsec += 15000000;
  if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
  T(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, 0));
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("until %d\n", end.tv_sec > ts.tv_sec || (end.tv_sec == ts.tv_sec && end.tv_nsec >= ts.tv_nsec));
  T(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, 0));
  T(clock_gettime(77, &ts));
  T(clock_getres(CLOCK_REALTIME, &ts));
  printf("%ld %ld\n", (long)ts.tv_sec, ts.tv_nsec);
  T(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts));
  T(clock_gettime(CLOCK_BOOTTIME, &ts));
  struct timeval now1;
  T(gettimeofday(&now1, 0));
  T(labs(time(0) - now1.tv_sec) < 60 && now1.tv_sec > 1600000000);
  struct tms m;
  T(times(&m) > 0);
  struct itimerval i = {{0, 5000}, {0, 5000}};
  sigaction(SIGALRM, &a, 0);
  T(setitimer(ITIMER_REAL, &i, 0));
  T(pause());
  T(pause());
  memset(&i, 0, sizeof i);
  T(setitimer(ITIMER_REAL, &i, &i));
  printf("interval %ld\n", (long)i.it_interval.tv_usec);
  T(alarm(0));
  unsigned word = 3;
  struct timespec brief = {0, 5000000};
  T(syscall(SYS_futex, &word, 0, 4, 0));
  T(syscall(SYS_futex, &word, 0, 3, &brief));
  T(syscall(SYS_futex, &word, 1, 1));
  char random[16] = {0};
  T(syscall(SYS_getrandom, random, 16, 0));
  T(syscall(SYS_getrandom, random, 16, 64));
  unsigned long cpus = 0;
  T(syscall(SYS_sched_getaffinity, 0, 3, &cpus));
  T(syscall(SYS_gettid) == getpid());
  T(syscall(999));
  return 0;
}
