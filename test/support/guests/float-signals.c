/* Signals and floating point: the interrupted x87, MMX and SSE state survives a handler that uses all of it, handlers see
 * and change it in their frame, and each exception arrives with its code at the right instruction. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>
#include <unistd.h>

struct fxsave {
  uint16_t control, status, tags, opcode;
  uint32_t ip, cs, dp, ds, mxcsr, mask;
  uint8_t st[8][16];
  uint32_t xmm[8][4];
  uint8_t reserved[224];
} __attribute__((aligned(16)));

static struct fxsave before, after, other;
static volatile int calls, last_code, changes;
uint32_t skip_to;

static struct fxsave *image_of(ucontext_t *uc) { return (struct fxsave *)((char *)uc->uc_mcontext.fpregs + 112); }

static void use_everything(void) {
  memset(&other, 0x5a, sizeof other);
  other.control = 0x27f, other.status = 0, other.tags = 0, other.mxcsr = 0x7f80;
  asm volatile("fxrstor %0\n fninit\n fldpi\n fldl2e\n movd %%esp, %%mm3\n movd %%esp, %%xmm7\n emms" ::"m"(other));
}

static void show(const char *what, const struct fxsave *image) {
  printf("%s: control %04x status %04x tags %02x mxcsr %04x\n", what, image->control, image->status, image->tags & 255, image->mxcsr & 0xffff);
  for (int i = 0; i < 8; i++) {
    printf("  st%d ", i);
    for (int k = 9; k >= 0; k--) printf("%02x", image->st[i][k]);
    printf(" xmm%d %08x %08x %08x %08x\n", i, image->xmm[i][3], image->xmm[i][2], image->xmm[i][1], image->xmm[i][0]);
  }
}

static void on_user(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  struct fxsave *image = image_of(uc), fresh;
  asm volatile("fxsave %0" : "=m"(fresh));
  printf("handler of %d: control %04x status %04x tags %02x mxcsr %04x; legacy status %08lx, aligned %d\n", signal, fresh.control,
         fresh.status, fresh.tags & 255, fresh.mxcsr, (long)uc->uc_mcontext.fpregs->status, ((uintptr_t)image & 63) == 0);
  show("frame", image);
  calls++;
  if (changes) {
    image->xmm[2][1] ^= 0xffffffff;
    image->mxcsr = 0x3f80;
    uc->uc_mcontext.fpregs->_st[1].significand[3] ^= 0xffff;
  }
  use_everything();
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  last_code = info->si_code;
  calls++;
  printf("signal %d code %d trap %d mxcsr %04x x87 status %04lx control %04lx\n", signal, info->si_code, uc->uc_mcontext.gregs[REG_TRAPNO],
         image_of(uc)->mxcsr, (long)uc->uc_mcontext.fpregs->sw & 0xffff, (long)uc->uc_mcontext.fpregs->cw & 0xffff);
  uc->uc_mcontext.gregs[REG_EIP] = skip_to;
  image_of(uc)->mxcsr = 0x1f80;
  uc->uc_mcontext.fpregs->sw = 0xffff0000;
  uc->uc_mcontext.fpregs->cw = 0xffff037f;
  use_everything();
}

static void compare(const char *what) {
  /* Pointers to the last instruction are the CPU's own affair. */
  after.opcode = before.opcode, after.ip = before.ip, after.cs = before.cs, after.dp = before.dp, after.ds = before.ds;
  int same = memcmp(&before, &after, 288 + 0) == 0;
  printf("%s: state %s after %d calls\n", what, same ? "intact" : "changed", calls);
  if (!same) show("after", &after);
}

/* The state is loaded, the signal sent and the state saved again without anything in between. */
static void interrupted(int signal) {
  int pid = getpid();
  asm volatile("fxrstor %[b]\n movl $37, %%eax\n int $0x80\n fxsave %[a]"
               : [a] "=m"(after) : [b] "m"(before), "b"(pid), "c"(signal) : "eax", "memory");
}

#define FAULT(what, setup, instruction)                                                                             \
  do {                                                                                                              \
    asm volatile("fninit\n ldmxcsr %0\n movl $9f, skip_to\n" setup "\n" instruction "\n 9: fninit\n ldmxcsr %1"          \
                 : : "m"(unmasked), "m"(masked), "b"(words), "r"(&control) : "memory", "eax");                        \
    printf("%s: %d calls\n", what, calls);                                                                          \
  } while (0)

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 20);
  struct sigaction action = {.sa_sigaction = on_user, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  action.sa_flags |= SA_ONSTACK;
  sigaction(SIGUSR2, &action, 0);
  static char stack[16384];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, 0);
  action.sa_sigaction = on_fault;
  sigaction(SIGFPE, &action, 0), sigaction(SIGSEGV, &action, 0), sigaction(SIGILL, &action, 0);

  asm volatile("fxsave %0" : "=m"(before));
  for (int i = 0; i < 8; i++) {
    for (int k = 0; k < 8; k++) before.st[i][k] = (uint8_t)(i * 16 + k * 3 + 1);
    before.st[i][7] |= 0x80, before.st[i][8] = (uint8_t)(0xf0 + i), before.st[i][9] = 0x3f;
    for (int k = 0; k < 4; k++) before.xmm[i][k] = 0x01020304u * (unsigned)(i + 1) + (unsigned)k;
  }
  before.control = 0x77f, before.status = 0x2900, before.tags = 0x6d, before.mxcsr = 0xbfa3;
  interrupted(SIGUSR1), compare("usr1");
  interrupted(SIGUSR2), compare("usr2");
  changes = 1;
  interrupted(SIGUSR1), compare("usr1 with changes");

  static uint32_t words[16] __attribute__((aligned(16))) = {0x3f800000, 0, 0x7f7fffff, 0x00800000, 0x7fa00000, 1, 0x40490fdb, 0x3eaaaaab};
  uint32_t unmasked = 0, masked = 0x1f80;
  uint16_t control = 0x340;
  calls = 0;
  FAULT("divide", "", "movss (%2), %%xmm0\n divss 4(%2), %%xmm0");
  FAULT("overflow", "", "movss 8(%2), %%xmm0\n mulss %%xmm0, %%xmm0");
  FAULT("underflow", "", "movss 12(%2), %%xmm0\n mulss %%xmm0, %%xmm0");
  FAULT("signalling NaN", "", "movss 16(%2), %%xmm0\n addss %%xmm0, %%xmm0");
  FAULT("denormal", "", "movss 20(%2), %%xmm0\n addss (%2), %%xmm0");
  FAULT("inexact", "", "movss 24(%2), %%xmm0\n mulss 28(%2), %%xmm0");
  FAULT("integer", "", "cvtss2si 8(%2), %%eax");
  FAULT("compare", "", "movss 16(%2), %%xmm0\n ucomiss (%2), %%xmm0");
  FAULT("misaligned", "", "movaps 4(%2), %%xmm0");
  FAULT("x87 divide at FWAIT", "fldcw (%3)", "fldz\n fld1\n fdivp\n fwait");
  FAULT("x87 invalid at MMX", "fldcw (%3)", "fldz\n fldz\n fdivp\n paddb %%mm0, %%mm1");
  FAULT("reserved MXCSR", "", "movl $-1, 32(%2)\n ldmxcsr 32(%2)");
  return 0;
}
