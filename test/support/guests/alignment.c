// #AC: which instructions must find their operand aligned while EFLAGS.AC is set. Each is tried at offsets 0 to 15 of a
// line; an offset that raises a signal is printed, with the signal and its code. Not MOVUPS and its like, which may raise
// #AC or not (SDM vol. 3A, table 6-7).
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static sigjmp_buf back;
static unsigned char line[256] __attribute__((aligned(64)));
static unsigned char other[256] __attribute__((aligned(64)));
static volatile int code;
unsigned kept_esp, kept_ebp;

#define CLEAR_AC "pushfl\n andl $~0x40000, (%%esp)\n popfl\n"
#define SET_AC "pushfl\n orl $0x40000, (%%esp)\n popfl\n"

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  asm volatile(CLEAR_AC ::: "memory", "cc");
  code = info->si_code;
  siglongjmp(back, signal);
}

// `instruction` works on the memory at EBX; ESI and EDI are there too, or on an aligned line where it says so.
#define TRY(instruction) TRY_AT(instruction, at, at)
#define TRY_AT(instruction, source, target)                                                          \
  do {                                                                                               \
    printf("%s:", instruction);                                                                      \
    for (int offset = 0; offset < 16; offset++) {                                                    \
      unsigned char *volatile at = line + offset;                                                    \
      memset(line, 0, sizeof line);                                                                  \
      memset(other, 0, sizeof other);                                                                \
      asm volatile("fninit");                                                                        \
      int signal = sigsetjmp(back, 1);                                                               \
      if (signal == 0) {                                                                             \
        unsigned a = 0, c = 2, d = 0, s = (unsigned)(source), t = (unsigned)(target);                \
        asm volatile(SET_AC "movl %%esp, kept_esp\n movl %%ebp, kept_ebp\n" instruction         \
                     "\n movl kept_esp, %%esp\n movl kept_ebp, %%ebp\n" CLEAR_AC                      \
                     : "+a"(a), "+c"(c), "+d"(d), "+S"(s), "+D"(t)                                   \
                     : "b"(at)                                                                       \
                     : "memory", "cc");                                                       \
      } else printf(" %d(%d,%d)", offset, signal, code);                                             \
    }                                                                                                \
    asm volatile("fninit");                                                                          \
    printf("\n");                                                                                    \
  } while (0)

static void integers(void) {
  TRY("movb (%%ebx), %%al");
  TRY("movw (%%ebx), %%ax");
  TRY("movl (%%ebx), %%eax");
  TRY("movl %%eax, (%%ebx)");
  TRY("addl %%eax, (%%ebx)");
  TRY("lock; xaddw %%ax, (%%ebx)");
  TRY("xchgl %%eax, (%%ebx)");
  TRY("movzwl (%%ebx), %%eax");
  TRY("movsbl (%%ebx), %%eax");
  TRY("imull (%%ebx), %%eax");
  TRY("cmpxchg8b (%%ebx)");
  TRY("btl $1, (%%ebx)");
  TRY("btw %%cx, (%%ebx)");
  TRY("leal (%%ebx), %%eax");
  TRY("lfs (%%ebx), %%eax");
  TRY("movw %%ds, (%%ebx)");
  TRY("seto (%%ebx)");
}

static void stack(void) {
  TRY("pushl (%%ebx)");
  TRY("pushl $0\n popl (%%ebx)");
  TRY("leal 64(%%ebx), %%esp\n pushl %%eax");
  TRY("leal 64(%%ebx), %%esp\n pushw %%ax");
  TRY("leal 64(%%ebx), %%esp\n popl %%eax");
  TRY("leal 64(%%ebx), %%esp\n pushal");
  TRY("leal 64(%%ebx), %%esp\n call 1f\n 1:");
  TRY("leal 64(%%ebx), %%esp\n enter $8, $0");
  TRY("leal 64(%%ebx), %%esp\n pushfl");
}

static void strings(void) {
  TRY_AT("lodsl", at, other);
  TRY_AT("stosw", other, at);
  TRY_AT("movsl", at, other);
  TRY_AT("movsl", other, at);
  TRY_AT("rep movsl", at, other);
  TRY_AT("rep movsl", other, at);
  TRY_AT("rep movsb", at, other);
  TRY_AT("rep stosw", other, at);
  TRY_AT("repe cmpsl", at, other);
  TRY_AT("repne scasl", other, at);
}

static void floating(void) {
  TRY("flds (%%ebx)");
  TRY("fldl (%%ebx)");
  TRY("fldt (%%ebx)");
  TRY("fstps (%%ebx)");
  TRY("fstpl (%%ebx)");
  TRY("fstpt (%%ebx)");
  TRY("filds (%%ebx)");
  TRY("fildll (%%ebx)");
  TRY("fistpl (%%ebx)");
  TRY("fbld (%%ebx)");
  TRY("faddl (%%ebx)");
  TRY("fnstcw (%%ebx)");
  TRY("fnstsw (%%ebx)");
  TRY("fnstenv (%%ebx)");
  TRY("fnsave (%%ebx)");
}

static void vectors(void) {
  TRY("movd (%%ebx), %%mm0");
  TRY("movq (%%ebx), %%mm0");
  TRY("movq %%mm0, (%%ebx)");
  TRY("paddb (%%ebx), %%mm0");
  TRY("movss (%%ebx), %%xmm0");
  TRY("movsd (%%ebx), %%xmm0");
  TRY("movlps %%xmm0, (%%ebx)");
  TRY("movq (%%ebx), %%xmm0");
  TRY("addsd (%%ebx), %%xmm0");
  TRY("movaps (%%ebx), %%xmm0");
  TRY("addps (%%ebx), %%xmm0");
  TRY("stmxcsr (%%ebx)");
  TRY("prefetcht0 (%%ebx)");
}

int main(void) {
  static unsigned char handler_stack[65536] __attribute__((aligned(64)));
  stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  integers();
  stack();
  strings();
  floating();
  vectors();
  return 0;
}
