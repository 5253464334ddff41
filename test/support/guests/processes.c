// Processes: fork, vfork, exec, wait, pipes between them, groups, and what they share.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
  fflush(stdout);
}
#define T(call) (errno = 0, show(#call, (long)(call)))

static int status(int pid) {
  int s = -1;
  int r = waitpid(pid, &s, 0);
  return r == pid ? s & ~0x80 : -errno;
}

static volatile int children;
static volatile sig_atomic_t child_code, child_status;

/* Prints nothing: it may come while the program itself is in the middle of printing. */
static void child_ended(int signal, siginfo_t *info, void *context) {
  children++;
  child_code = info->si_code;
  child_status = info->si_status;
}

int main(int argc, char **argv) {
  char self[300];
  setvbuf(stdout, 0, _IOLBF, 0);
  if (argc > 1) {
    printf("exec'd:");
    for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
    printf(" env %s open %d\n", environ[0] ? environ[0] : "none", fcntl(50, F_GETFD) >= 0);
    fflush(stdout);
    return argc;
  }
  int n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n] = 0;

  int local = 1, r;
  static int global = 1;
  int p = fork();
  if (p == 0) {
    local = global = 2;
    _exit(local + global);
  }
  printf("child %x local %d global %d\n", status(p), local, global);
  T(wait(0));
  T(waitpid(p, 0, 0));
  T(waitpid(-1, 0, WNOHANG));

  p = vfork();
  if (p == 0) {
    global = 5;
    _exit(6);
  }
  printf("vfork %x global %d\n", status(p), global);

  int keep = open("/dev/null", O_RDONLY);
  dup2(keep, 50);
  char *args[] = {"zero", "one", "two words", "", 0}, *env[] = {"KEY=value", 0}, *none[] = {0};
  p = fork();
  if (p == 0) { execve(self, args, env); _exit(99); }
  printf("exec %x\n", status(p));
  fcntl(50, F_SETFD, FD_CLOEXEC);
  p = fork();
  if (p == 0) { execve(self, args, none); _exit(99); }
  printf("exec %x\n", status(p));
  p = vfork();
  if (p == 0) { execve("/missing", args, env); _exit(errno); }
  printf("exec %x\n", status(p));
  T(execve("/", args, env));
  T(execve("/dev/null", args, env));
  T(execve("", args, env));
  T(execve(self, (char **)8, env));
  int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  dprintf(fd, "#! %s  an argument \nignored\n", self);
  close(fd);
  fd = open("text", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  dprintf(fd, "no program");
  close(fd);
  fd = open("plain", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  close(fd);
  T(execve("text", args, env));
  p = fork();
  if (p == 0) { char *a[] = {"script0", "last", 0}; execve("./script", a, env); _exit(99); }
  printf("script %x\n", status(p));
  pid_t q;
  r = posix_spawn(&q, self, 0, 0, args, env);
  printf("spawned %x %d\n", status(q), r);
  T(posix_spawn(&q, "/missing", 0, 0, args, env));

  int pipes[2];
  char buffer[200000];
  T(pipe(pipes));
  p = fork();
  if (p == 0) {
    close(pipes[0]);
    memset(buffer, 'x', sizeof buffer);
    int r = write(pipes[1], buffer, sizeof buffer);
    _exit(r == sizeof buffer ? 0 : 1);
  }
  close(pipes[1]);
  int total = 0;
  while ((r = read(pipes[0], buffer, 10000)) > 0) total += r;
  printf("piped %d %x\n", total, status(p));
  close(pipes[0]);
  pipe(pipes);
  p = fork();
  if (p == 0) {
    close(pipes[0]);
    signal(SIGPIPE, SIG_DFL);
    memset(buffer, 0, sizeof buffer);
    while (write(pipes[1], buffer, sizeof buffer) > 0);
    _exit(1);
  }
  close(pipes[1]);
  read(pipes[0], buffer, 1);
  close(pipes[0]);
  printf("broken pipe %x\n", status(p));
  pipe2(pipes, O_NONBLOCK);
  T(read(pipes[0], buffer, 1));
  T(write(pipes[1], buffer, sizeof buffer));
  T(write(pipes[1], buffer, 1));
  T(read(pipes[0], buffer, 3000));
  T(write(pipes[1], buffer, 4096));
  T(read(pipes[0], buffer, 3000));
  T(write(pipes[1], buffer, 4096));
  T(lseek(pipes[0], 0, SEEK_SET));

  FILE *f = popen("exit 3", "r");
  if (f) pclose(f);

  struct sigaction a = {.sa_sigaction = child_ended, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGCHLD, &a, 0);
  p = fork();
  if (p == 0) _exit(44);
  // When the wait has returned, the signal has come.
  int ended = status(p);
  printf("SIGCHLD %d code %d status %d\n", children, (int)child_code, (int)child_status);
  printf("after SIGCHLD %x\n", ended);
  p = fork();
  if (p == 0) { pause(); _exit(1); }
  T(kill(p, SIGTERM));
  ended = status(p);
  printf("SIGCHLD %d code %d status %d\n", children, (int)child_code, (int)child_status);
  printf("killed %x\n", ended);
  signal(SIGCHLD, SIG_IGN);
  p = fork();
  if (p == 0) _exit(1);
  T(wait(0));
  signal(SIGCHLD, SIG_DFL);

  p = fork();
  if (p == 0) { for (;;) pause(); }
  int s;
  kill(p, SIGSTOP);
  T(waitpid(p, &s, WUNTRACED) == p);
  printf("stopped %x\n", s);
  T(waitpid(p, &s, WNOHANG | WUNTRACED));
  kill(p, SIGCONT);
  T(waitpid(p, &s, WCONTINUED) == p);
  printf("continued %x\n", s);
  siginfo_t info;
  T(waitid(P_PID, p, &info, WEXITED | WNOHANG));
  kill(p, SIGKILL);
  T(waitid(P_PID, p, &info, WEXITED | WNOWAIT));
  printf("info %d %d %d\n", info.si_pid == p, info.si_status, info.si_code);
  T(waitid(P_ALL, 0, &info, WEXITED));
  T(waitid(P_ALL, 0, &info, WEXITED));

  p = fork();
  if (p == 0) {
    setpgid(0, 0);
    if (fork() == 0) { pause(); _exit(0); }
    pause();
    _exit(0);
  }
  while (getpgid(p) != p) poll(0, 0, 1);
  poll(0, 0, 20);
  T(getpgid(p) == p);
  T(kill(-p, SIGHUP));
  printf("group killed %x\n", status(p));
  T(setpgid(1 << 29, 0));
  T(getpgid(1 << 29));
  T(getppid() > 0);
  T(getpgid(0) == getpgrp());
  p = fork();
  if (p == 0) {
    int ok = setsid() == getpid() && getpgrp() == getpid() && setsid() < 0 && getsid(0) == getpid();
    _exit(ok);
  }
  printf("session %x\n", status(p));

  struct rlimit l;
  T(getrlimit(RLIMIT_NOFILE, &l));
  l.rlim_cur = 20;
  T(setrlimit(RLIMIT_NOFILE, &l));
  T(getrlimit(RLIMIT_NOFILE, &l));
  printf("limit %ld\n", (long)l.rlim_cur);
  while (dup(keep) >= 0);
  T(dup(keep));
  T(dup2(keep, 20));
  T(dup2(keep, 19));
  T(fcntl(keep, F_DUPFD, 20));
  for (int i = keep + 1; i < 20; i++) close(i);
  T(getrlimit(99, &l));
  struct rusage u;
  T(getrusage(RUSAGE_SELF, &u));
  T(sched_yield());
  T(getpid() == getpid());
  T(umask(077));
  T(nice(0));
  exit(300);
}
