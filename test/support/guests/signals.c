// Signals: frames, masks, stacks, exceptions, restarts.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, result);
}
#define T(call) (errno = 0, show(#call, (long)(call)))

static char deep[65536];
static volatile int count, depth, total;

static void simple(int signal) {
  count++;
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  // The frame address is 8 below ESP + 4 at entry, which the ABI aligns.
  printf("handler %d depth %d aligned %d\n", signal, depth, (sp + 8) % 16 == 0);
}

static void informed(int signal, siginfo_t *info, void *context) {
  ucontext_t *u = context;
  printf("informed %d code %d self %d mask %lx errno %d\n", signal, info->si_code, info->si_pid == getpid(),
         *(unsigned long *)&u->uc_sigmask, info->si_errno);
  printf(" stack flags %d cs %d ds %d\n", u->uc_stack.ss_flags & ~SS_DISABLE, u->uc_mcontext.gregs[REG_CS] % 4,
         u->uc_mcontext.gregs[REG_DS] == u->uc_mcontext.gregs[REG_SS]);
}

static void on_stack(int signal) {
  char here;
  printf("on stack %d\n", &here > deep && &here < deep + sizeof deep);
  stack_t s;
  sigaltstack(0, &s);
  printf(" flags %d size %d set again %s\n", s.ss_flags, (int)s.ss_size,
         sigaltstack(&s, 0) < 0 ? strerrorname_np(errno) : "allowed");
}

static void nested(int signal) {
  depth++;
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  printf("nested %d depth %d blocks %d %d\n", signal, depth, sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
  if (depth < 3 && total++ < 8) raise(signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
  depth--;
}

// Executes an instruction that faults, then goes on behind it with changed registers.
static void skip(int signal, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  printf("fault %d code %d trap %d err %d addr %d cr2 %lx\n", signal, info->si_code, (int)r[REG_TRAPNO],
         (int)r[REG_ERR], info->si_addr == (void *)r[REG_EIP], (long)((ucontext_t *)context)->uc_mcontext.cr2);
  r[REG_EAX] = 1234;
  r[REG_EIP] += r[REG_EBX];
  r[REG_EFL] |= 1;
}

#define FAULT(code, length, ax, dx)                                                                       \
  do {                                                                                                    \
    int result = ax, carry;                                                                               \
    __asm__ volatile("clc\n" code "\nsbb %%ecx, %%ecx" : "+a"(result), "=c"(carry) : "b"(length), "d"(dx) : "memory"); \
    printf("%s: eax %d carry %d\n", code, result, carry);                                                 \
  } while (0)

static void act(int signal, void *handler, int flags) {
  struct sigaction a = {.sa_flags = flags};
  a.sa_handler = handler;
  sigemptyset(&a.sa_mask);
  if (sigaction(signal, &a, 0) < 0) printf("sigaction %d: %s\n", signal, strerrorname_np(errno));
}

// Waits until the parent waits: a signal that came before would find it in the middle of something else.
static void until_parent_sleeps(void) {
  char path[40], text[200], state = 0;
  sprintf(path, "/proc/%d/stat", getppid());
  while (state != 'S') {
    poll(0, 0, 2);
    int file = open(path, O_RDONLY);
    int size = read(file, text, sizeof text - 1);
    close(file);
    text[size < 0 ? 0 : size] = 0;
    char *name_end = strrchr(text, ')');
    state = name_end ? name_end[2] : 0;
  }
}

static int later(int signal) {
  int child = fork();
  if (child == 0) {
    until_parent_sleeps();
    kill(getppid(), signal);
    _exit(0);
  }
  return child;
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  act(SIGUSR1, simple, 0);
  T(raise(SIGUSR1));
  act(SIGUSR1, simple, SA_RESETHAND);
  T(raise(SIGUSR1));
  struct sigaction old;
  sigaction(SIGUSR1, 0, &old);
  printf("reset %d\n", old.sa_handler == SIG_DFL);
  act(SIGUSR2, informed, SA_SIGINFO);
  T(kill(getpid(), SIGUSR2));
  T(raise(SIGUSR2));
  union sigval value = {.sival_int = 77};
  T(sigqueue(getpid(), SIGUSR2, value));
  act(SIGKILL, simple, 0);
  act(99, simple, 0);
  T(kill(getpid(), 99));
  T(kill(getpid(), 0));
  T(kill(1 << 29, 0));

  stack_t stack = {.ss_sp = deep, .ss_size = sizeof deep};
  T(sigaltstack(&stack, 0));
  act(SIGUSR1, on_stack, SA_ONSTACK);
  raise(SIGUSR1);
  stack.ss_flags = SS_DISABLE;
  T(sigaltstack(&stack, &stack));
  printf("was %d %d\n", stack.ss_flags, (int)stack.ss_size);
  stack.ss_size = 100;
  stack.ss_flags = 0;
  T(sigaltstack(&stack, 0));

  act(SIGUSR1, nested, 0);
  act(SIGUSR2, nested, 0);
  raise(SIGUSR1);
  total = 0;
  act(SIGUSR1, nested, SA_NODEFER);
  raise(SIGUSR1);

  sigset_t set, was;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, &was);
  act(SIGUSR1, simple, 0);
  act(SIGRTMIN + 3, simple, 0);
  count = 0;
  raise(SIGUSR1);
  raise(SIGUSR1);
  raise(SIGRTMIN + 3);
  raise(SIGRTMIN + 3);
  sigset_t pending;
  sigpending(&pending);
  printf("pending %d %d count %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGRTMIN + 3), count);
  sigprocmask(SIG_SETMASK, &was, 0);
  printf("delivered %d\n", count);
  sigprocmask(SIG_BLOCK, &set, 0);
  raise(SIGUSR1);
  siginfo_t info;
  T(sigwaitinfo(&set, &info));
  printf("took %d\n", info.si_signo);
  struct timespec soon = {0, 1000000};
  T(sigtimedwait(&set, &info, &soon));
  later(SIGUSR1);
  T(sigwaitinfo(&set, &info));
  wait(0);
  later(SIGUSR1);
  T(sigsuspend(&was));
  wait(0);
  sigprocmask(SIG_SETMASK, &was, 0);
  T(sigprocmask(77, &set, 0));

  act(SIGSEGV, skip, SA_SIGINFO);
  act(SIGFPE, skip, SA_SIGINFO);
  act(SIGILL, skip, SA_SIGINFO);
  act(SIGTRAP, skip, SA_SIGINFO);
  act(SIGBUS, skip, SA_SIGINFO);
  FAULT("movl 16, %%eax", 5, 0, 0);
  FAULT("movl %%eax, 0xfffffff0", 5, 0, 0);
  FAULT("divl %%edx", 2, 1, 0);
  FAULT("idivb %%dl", 2, 32767, 1);
  FAULT("ud2", 2, 0, 0);
  FAULT("int3", 0, 0, 0);
  FAULT("hlt", 1, 0, 0);
  FAULT("cli", 1, 0, 0);
  FAULT("int $0x40", 2, 0, 0);
  FAULT("int $3", 0, 0, 0);
  FAULT("into", 0, 0, 0);
  FAULT("movw %%dx, %%ds", 2, 0, 0x1230);
  FAULT("lgdt (%%eax)", 3, 0, 0);
  FAULT("inb $0x60", 2, 0, 0);
  FAULT("movl %%cr0, %%eax", 3, 0, 0);
  FAULT("bound %%eax, (%%esp)", 3, 0x7ffffff0, 0);

  int p[2];
  char c;
  pipe(p);
  act(SIGUSR1, simple, SA_RESTART);
  int child = fork();
  if (child == 0) {
    until_parent_sleeps();
    kill(getppid(), SIGUSR1);
    poll(0, 0, 20);
    write(p[1], "x", 1);
    _exit(0);
  }
  T(read(p[0], &c, 1));
  wait(0);
  act(SIGUSR1, simple, 0);
  later(SIGUSR1);
  T(read(p[0], &c, 1));
  wait(0);
  act(SIGUSR1, simple, SA_RESTART);
  later(SIGUSR1);
  struct pollfd f = {p[0], POLLIN};
  T(poll(&f, 1, 50000));
  wait(0);
  later(SIGUSR1);
  struct timespec longer = {500, 0}, left;
  T(nanosleep(&longer, &left));
  printf("left %d\n", left.tv_sec > 400 && left.tv_sec < 500);
  wait(0);
  act(SIGUSR1, SIG_IGN, 0);
  later(SIGUSR1);
  T(poll(&f, 1, 60));
  wait(0);

  act(SIGALRM, simple, 0);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  sigset_t alarmed;
  sigemptyset(&alarmed), sigaddset(&alarmed, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarmed, &was);
  T(setitimer(ITIMER_REAL, &timer, 0));
  T(sigsuspend(&was));
  sigprocmask(SIG_SETMASK, &was, 0);
  T(alarm(100));
  T(alarm(0));
  T(getitimer(ITIMER_REAL, &timer));
  printf("timer %ld\n", (long)timer.it_value.tv_sec);

  close(p[0]);
  act(SIGPIPE, simple, 0);
  T(write(p[1], &c, 1));
  act(SIGPIPE, SIG_IGN, 0);
  T(write(p[1], &c, 1));
  fflush(stdout);

  int fatal[] = {SIGTERM, SIGSEGV, SIGABRT, SIGKILL, SIGPIPE, SIGRTMIN, SIGCHLD, SIGWINCH};
  for (int i = 0; i < 8; i++) {
    int s, q = fork();
    if (q == 0) {
      signal(fatal[i], SIG_DFL);
      raise(fatal[i]);
      _exit(9);
    }
    waitpid(q, &s, 0);
    printf("ends %d: %x\n", fatal[i], s & ~0x80);
  }
  int s, q = fork();
  if (q == 0) {
    signal(SIGSEGV, SIG_IGN);
    *(volatile int *)16 = 1;
    _exit(8);
  }
  waitpid(q, &s, 0);
  printf("ignored fault: %x\n", s & ~0x80);
  return 0;
}
