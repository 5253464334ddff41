/* Floating point where it goes wrong: exceptions that are not masked at each place where they can arrive, states that a
 * handler alters in its frame, encodings that do not exist, operands that are not aligned or not there; and a timer whose
 * handler computes while loops of x87, MMX and SSE code are under way. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <unistd.h>

struct fxsave {
  uint16_t control, status, tags, opcode;
  uint32_t ip, cs, dp, ds, mxcsr, mask;
  uint8_t st[8][16];
  uint32_t xmm[8][4];
};

/* Where the code under test begins, and where it goes on after a fault. */
uint32_t start_at, skip_to;
/* Operands of the code under test: on their own page, before one that is not mapped. */
char *page;
static uint32_t open_mxcsr = 0, closed_mxcsr = 0x1f80;
static uint16_t open_control = 0x340;
/* What the handler does to the frame, besides going on at skip_to. */
static void (*alter)(ucontext_t *, struct fxsave *);

static struct fxsave *image_of(ucontext_t *uc) { return (struct fxsave *)((char *)uc->uc_mcontext.fpregs + 112); }

static void on_fault(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  struct _libc_fpstate *old = uc->uc_mcontext.fpregs;
  struct fxsave *image = image_of(uc);
  uint32_t eip = uc->uc_mcontext.gregs[REG_EIP];
  uint16_t control;
  uint32_t mxcsr;
  asm volatile("fnstcw %0\n stmxcsr %1" : "=m"(control), "=m"(mxcsr));
  printf("  signal %d code %d trap %d eip +%d", signal, info->si_code, uc->uc_mcontext.gregs[REG_TRAPNO], eip - start_at);
  if (signal == SIGFPE || signal == SIGILL) printf(" address +%d", (uint32_t)info->si_addr - start_at);
  else if (info->si_code == SEGV_MAPERR) printf(" address page %+d", (char *)info->si_addr - page);
  printf(" | control %04lx status %04lx tags %04lx | %04x %04x %02x mxcsr %04x | in handler %04x %04x\n", old->cw & 0xffff, old->sw & 0xffff,
         old->tag & 0xffff, image->control, image->status, image->tags & 255, image->mxcsr, control, mxcsr & 0xffff);
  uc->uc_mcontext.gregs[REG_EIP] = skip_to;
  image->mxcsr = 0x1f80, image->control = 0x37f, image->status &= 0x3800;
  old->cw = 0xffff037f, old->sw = 0xffff0000 | image->status;
  if (alter) alter(uc, image);
  alter = NULL;
  /* The handler's own use of everything. */
  asm volatile("fninit\n fld1\n fldpi\n faddp\n pcmpeqd %mm0, %mm0\n pcmpeqd %xmm0, %xmm0\n emms");
}

#define X87 "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"
#define TRY(what, code)                                                                                          \
  do {                                                                                                           \
    puts(what);                                                                                                  \
    asm volatile("fninit\n ldmxcsr %[closed]\n movl $91f, start_at\n movl $92f, skip_to\n 91:\n" code            \
                 "\n 92: fnclex\n fninit\n ldmxcsr %[closed]"                                                    \
                 : : [closed] "m"(closed_mxcsr), [open] "m"(open_mxcsr), [cw] "m"(open_control), "b"(page)       \
                 : "eax", "ecx", "edx", "edi", "memory", X87);                                                         \
  } while (0)

static void x87_faults(void) {
  TRY("divide, FWAIT", "fldcw %[cw]\n fldz\n fld1\n fdivp\n nop\n fwait\n nop");
  TRY("divide, next waits", "fldcw %[cw]\n fldz\n fld1\n fdivp\n movl $1, %%eax\n fld1");
  TRY("divide, integers and SSE between", "xorps %%xmm0, %%xmm0\n fldcw %[cw]\n fldz\n fld1\n fdivp\n addl $3, %%eax\n addss %%xmm0, %%xmm0\n movaps %%xmm0, (%%ebx)\n fchs");
  TRY("divide, FNSTSW and FNSTCW do not wait", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fnstsw %%ax\n fnstcw 2(%%ebx)\n fnop");
  TRY("divide, FNCLEX forgets it", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fnclex\n fld1\n fwait");
  TRY("divide, FNINIT forgets it", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fninit\n fld1\n fwait");
  TRY("divide, FNSAVE keeps it", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fnsave 256(%%ebx)\n fld1\n frstor 256(%%ebx)\n nop\n fld1");
  TRY("divide, FNSTENV masks it", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fnstenv 256(%%ebx)\n fld1\n fwait\n fldenv 256(%%ebx)\n fnop");
  TRY("divide, next operand is not there", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fldl 4096(%%ebx)");
  TRY("divide, store to what is not there", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fstpl 4092(%%ebx)");
  TRY("divide, MMX", "fldcw %[cw]\n fldz\n fld1\n fdivp\n paddd %%mm0, %%mm1");
  TRY("divide, EMMS", "fldcw %[cw]\n fldz\n fld1\n fdivp\n emms");
  TRY("divide, FXSAVE does not wait", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fxsave 512(%%ebx)\n fwait");
  TRY("divide, FXRSTOR brings it back", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fxsave 512(%%ebx)\n fninit\n fxrstor 512(%%ebx)\n nop\n fnop");
  TRY("FLDCW unmasks what was raised", "fldz\n fld1\n fdivp\n nop\n fldcw %[cw]\n nop\n fwait");
  TRY("stack underflow", "fldcw %[cw]\n fadd %%st(1)\n fwait");
  TRY("stack overflow", "fldcw %[cw]\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fwait");
  TRY("signalling NaN as it is loaded", "fldcw %[cw]\n movl $0x7f800001, (%%ebx)\n flds (%%ebx)\n fwait");
  TRY("denormal", "fldcw %[cw]\n movl $1, (%%ebx)\n fldz\n fadds (%%ebx)\n fwait");
  TRY("inexact keeps the result", "fldcw %[cw]\n fld1\n fldpi\n fdivrp\n fstpl (%%ebx)");
  TRY("overflow in a store writes nothing", "movl $4000, (%%ebx)\n fildl (%%ebx)\n fld1\n fscale\n movl $7, (%%ebx)\n fldcw %[cw]\n fsts (%%ebx)\n fwait");
  printf("  memory %08x\n", *(uint32_t *)page);
  TRY("integer that does not fit", "movl $7, (%%ebx)\n fldpi\n fldpi\n fscale\n fscale\n fscale\n fscale\n fscale\n fldcw %[cw]\n fistps (%%ebx)\n fwait");
  printf("  memory %08x\n", *(uint32_t *)page);
  TRY("decimal that does not fit", "movl $4000, (%%ebx)\n fildl (%%ebx)\n fld1\n fscale\n fldcw %[cw]\n fbstp (%%ebx)\n fwait");
  TRY("square root of what is negative", "fldcw %[cw]\n fld1\n fchs\n fsqrt\n fwait");
  TRY("underflow in a store writes nothing", "movl $-4000, (%%ebx)\n fildl (%%ebx)\n fldpi\n fscale\n movl $7, (%%ebx)\n fldcw %[cw]\n fstpl (%%ebx)\n fwait");
  printf("  memory %08x\n", *(uint32_t *)page);
  TRY("comparison with a NaN", "fldz\n fldz\n fdivp\n fld1\n fnclex\n fldcw %[cw]\n fcomi %%st(1)\n fwait");
  TRY("unordered comparison raises nothing", "fldz\n fldz\n fdivp\n fld1\n fnclex\n fldcw %[cw]\n fucomi %%st(1)\n fwait");
}

static void sse_faults(void) {
#define OPERANDS "xorps %%xmm0, %%xmm0\n movl $0x3f800000, (%%ebx)\n movl $0, 4(%%ebx)\n movl $0x7f7fffff, 8(%%ebx)\n movl $1, 12(%%ebx)\n movups (%%ebx), %%xmm1\n movl $0x7f800001, 16(%%ebx)\n"
  TRY("lanes that raise different exceptions", OPERANDS "ldmxcsr %[open]\n divps %%xmm1, %%xmm1");
  TRY("an exception after those that are masked", OPERANDS "movl $0x1d00, 32(%%ebx)\n ldmxcsr 32(%%ebx)\n mulps %%xmm1, %%xmm1");
  TRY("raised and unmasked later", OPERANDS "divps %%xmm1, %%xmm1\n ldmxcsr %[open]\n movaps %%xmm1, %%xmm2\n addps %%xmm0, %%xmm0");
  TRY("signalling NaN, unordered comparison", OPERANDS "ldmxcsr %[open]\n ucomiss 16(%%ebx), %%xmm1");
  TRY("conversion that does not fit", OPERANDS "ldmxcsr %[open]\n cvttps2dq %%xmm1, %%xmm3");
  TRY("conversion with MMX", OPERANDS "ldmxcsr %[open]\n movss 8(%%ebx), %%xmm1\n cvtps2pi %%xmm1, %%mm2");
  TRY("rounding, inexact not wanted", OPERANDS "movl $0x3f800001, (%%ebx)\n ldmxcsr %[open]\n roundss $8, (%%ebx), %%xmm2\n roundss $0, (%%ebx), %%xmm2");
  TRY("operand is not there before it is computed with", "ldmxcsr %[open]\n divss 4096(%%ebx), %%xmm0");
  TRY("x87 pending, then SSE raises", "fldcw %[cw]\n fldz\n fld1\n fdivp\n" OPERANDS "ldmxcsr %[open]\n divps %%xmm1, %%xmm1");
#define ALIGNED(code) TRY(#code, code)
  ALIGNED("movaps 4(%%ebx), %%xmm0");
  ALIGNED("movapd %%xmm0, 8(%%ebx)");
  ALIGNED("movdqa 1(%%ebx), %%xmm0");
  ALIGNED("addps 4(%%ebx), %%xmm0");
  ALIGNED("mulpd 8(%%ebx), %%xmm0");
  ALIGNED("pxor 8(%%ebx), %%xmm0");
  ALIGNED("movntps %%xmm0, 8(%%ebx)");
  ALIGNED("movntdqa 8(%%ebx), %%xmm0");
  ALIGNED("pcmpistri $0, 4(%%ebx), %%xmm0");
  ALIGNED("movaps 4084(%%ebx), %%xmm0");
  ALIGNED("fxsave 8(%%ebx)");
  ALIGNED("fxrstor 8(%%ebx)");
  ALIGNED("movups 4084(%%ebx), %%xmm0");
  ALIGNED("movups %%xmm0, 4090(%%ebx)");
  ALIGNED("movsd 4089(%%ebx), %%xmm0");
  ALIGNED("movsd %%xmm0, 4095(%%ebx)");
  ALIGNED("movq 4092(%%ebx), %%mm0");
  ALIGNED("fldt 4087(%%ebx)");
  ALIGNED("fstpt 4090(%%ebx)");
  ALIGNED("fldl 4089(%%ebx)");
  ALIGNED("fistpll 4090(%%ebx)");
  ALIGNED("fnsave 4000(%%ebx)");
  ALIGNED("frstor 4000(%%ebx)");
  ALIGNED("fnstenv 4080(%%ebx)");
  ALIGNED("fldenv 4080(%%ebx)");
  ALIGNED("fxsave 3600(%%ebx)");
  ALIGNED("movl $-1, (%%ebx)\n ldmxcsr (%%ebx)");
  ALIGNED("fxsave 512(%%ebx)\n movl $-1, 536(%%ebx)\n fxrstor 512(%%ebx)");
  ALIGNED("leal 4090(%%ebx), %%edi\n pcmpeqd %%xmm1, %%xmm1\n maskmovdqu %%xmm1, %%xmm0");
}

static void encodings(void) {
#define BYTES(bytes) TRY(bytes, ".byte " bytes "\n nop")
  BYTES("0xd9, 0xd1");
  BYTES("0xd9, 0xd7");
  BYTES("0xd9, 0xe2");
  BYTES("0xd9, 0xe6");
  BYTES("0xd9, 0xef");
  BYTES("0xd9, 0x0b");
  BYTES("0xda, 0xe0");
  BYTES("0xda, 0xe8");
  BYTES("0xda, 0xea");
  BYTES("0xda, 0xff");
  BYTES("0xdb, 0xe5");
  BYTES("0xdb, 0xe6");
  BYTES("0xdb, 0xf8");
  BYTES("0xdb, 0x23");
  BYTES("0xdb, 0x33");
  BYTES("0xdd, 0x2b");
  BYTES("0xdd, 0xf0");
  BYTES("0xdd, 0xf8");
  BYTES("0xde, 0xd8");
  BYTES("0xde, 0xda");
  BYTES("0xdf, 0xe1");
  BYTES("0xdf, 0xf8");
  BYTES("0xf0, 0xd8, 0x03");
  BYTES("0xf0, 0x0f, 0x58, 0xc1");
  BYTES("0x0f, 0x13, 0xc0");
  BYTES("0x0f, 0x17, 0xc0");
  BYTES("0x0f, 0x2b, 0xc0");
  BYTES("0x0f, 0x50, 0x03");
  BYTES("0xf3, 0x0f, 0x50, 0xc0");
  BYTES("0xf2, 0x0f, 0x6f, 0xc0");
  BYTES("0xf3, 0x0f, 0x54, 0xc0");
  BYTES("0x0f, 0x71, 0xc0, 1");
  BYTES("0x66, 0x0f, 0x73, 0xe0, 1");
  BYTES("0x0f, 0x73, 0xd8, 1");
  BYTES("0x0f, 0x7c, 0xc0");
  BYTES("0x0f, 0xd6, 0xc0");
  BYTES("0x66, 0x0f, 0xf0, 0x03");
  BYTES("0x0f, 0xe7, 0xc0");
  BYTES("0x66, 0x0f, 0x38, 0x20, 0xc1\n .byte 0x0f, 0x38, 0x20, 0xc1");
  BYTES("0x0f, 0x3a, 0x08, 0xc0, 0");
  BYTES("0x66, 0x0f, 0x3a, 0x10, 0xc0, 0");
  BYTES("0x0f, 0xae, 0xc0");
  BYTES("0x0f, 0xae, 0xd0");
}

/* ---- states altered in the frame of a signal ---- */

static void pending_divide(ucontext_t *uc, struct fxsave *image) {
  uc->uc_mcontext.fpregs->sw |= 4, uc->uc_mcontext.fpregs->cw = 0xffff0340;
  image->status |= 4, image->control = 0x340;
}
static void flag_alone(ucontext_t *uc, struct fxsave *image) {
  uc->uc_mcontext.fpregs->sw |= 0x8080;
  image->status |= 0x8080;
}
static void reserved_mxcsr(ucontext_t *uc, struct fxsave *image) { image->mxcsr = 0xffff0000; }
static void unmasked_mxcsr(ucontext_t *uc, struct fxsave *image) { image->mxcsr = 0x1f; }
static void other_top(ucontext_t *uc, struct fxsave *image) {
  uc->uc_mcontext.fpregs->sw = 0xffff2800, uc->uc_mcontext.fpregs->tag = 0xfffff3ff;
  image->status = 0x2800, image->tags = 0x20;
}
static void strange_numbers(ucontext_t *uc, struct fxsave *image) {
  uc->uc_mcontext.fpregs->tag = 0xffff0000, image->tags = 0xff;
  for (int i = 0; i < 8; i++) {
    memset(uc->uc_mcontext.fpregs->_st[i].significand, 0x11 * i, 6);
    uc->uc_mcontext.fpregs->_st[i].significand[3] = i & 1 ? 0x1234 : 0x8000, uc->uc_mcontext.fpregs->_st[i].exponent = i * 0x1555;
    image->xmm[i][i & 3] = 0x7fa00000 + i;
  }
}
static void no_state(ucontext_t *uc, struct fxsave *image) { uc->uc_mcontext.fpregs = NULL; }

static void show_state(void) {
  struct fxsave state __attribute__((aligned(16)));
  static char area[512 + 16] __attribute__((aligned(16)));
  asm volatile("fxsave %0\n fnclex" : "=m"(*(struct fxsave *)area) : : "memory");
  memcpy(&state, area, sizeof state);
  printf("  control %04x status %04x tags %02x mxcsr %04x\n", state.control, state.status, state.tags & 255, state.mxcsr);
  /* What empty registers hold is the kernel's affair. */
  for (int i = 0; i < 8; i++) {
    if (!(state.tags >> (i + (state.status >> 11) & 7) & 1)) continue;
    printf("  st%d ", i);
    for (int k = 9; k >= 0; k--) printf("%02x", state.st[i][k]);
    puts("");
  }
  for (int i = 0; i < 8; i++) printf("%08x%08x%08x%08x%s", state.xmm[i][3], state.xmm[i][2], state.xmm[i][1], state.xmm[i][0], i & 1 ? "\n" : " ");
}

/* The signal comes from UD2, behind which the code goes on with what the handler has made of the state. */
#define ALTER(what, how, code)                                                                          \
  do {                                                                                                  \
    alter = how;                                                                                        \
    TRY(what, "fld1\n fldpi\n fldl2e\n pcmpeqd %%xmm0, %%xmm0\n xorps %%xmm1, %%xmm1\n xorps %%xmm2, %%xmm2\n"   \
              "xorps %%xmm3, %%xmm3\n xorps %%xmm4, %%xmm4\n xorps %%xmm5, %%xmm5\n xorps %%xmm6, %%xmm6\n xorps %%xmm7, %%xmm7\n"  \
              "movl $93f, skip_to\n ud2\n 93: movl $92f, skip_to\n" code);                              \
  } while (0)

static void altered(void) {
  ALTER("pending after the handler, FWAIT", pending_divide, "nop\n fwait\n nop");
  ALTER("pending after the handler, arithmetic", pending_divide, "addl $1, %%eax\n faddp");
  ALTER("ES and B alone", flag_alone, "nop\n fwait");
  ALTER("reserved bits of MXCSR", reserved_mxcsr, "stmxcsr (%%ebx)");
  printf("  mxcsr %08x\n", *(uint32_t *)page);
  ALTER("flags of unmasked exceptions in MXCSR", unmasked_mxcsr, "addps %%xmm1, %%xmm1\n movl $0x7f7fffff, (%%ebx)\n mulss (%%ebx), %%xmm1\n sqrtss (%%ebx), %%xmm3");
  ALTER("another TOP", other_top, "call show_state_c\n");
  ALTER("strange numbers", strange_numbers, "call show_state_c\n fadd %%st(3), %%st\n fmul %%st(5), %%st\n call show_state_c\n");
  ALTER("no floating-point state", no_state, "call show_state_c\n");
}
void show_state_c(void) { show_state(); }

/* ---- exceptions inside a handler ---- */

static void nested_handler(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  printf("  outer handler of %d\n", signal);
  if (signal != SIGUSR1) return;
  uint32_t outer_start = start_at, outer_skip = skip_to;
  TRY("  inner divide", "fldcw %[cw]\n fldz\n fld1\n fdivp\n fwait");
  TRY("  inner SSE", "ldmxcsr %[open]\n sqrtss (%%ebx), %%xmm1\n divss %%xmm7, %%xmm7");
  /* A pending exception when the handler returns is forgotten: the interrupted state comes back. */
  asm volatile("fldcw %0\n fldz\n fld1\n fdivp" : : "m"(open_control));
  start_at = outer_start, skip_to = outer_skip;
}

static void nested(void) {
  struct sigaction action = {.sa_sigaction = nested_handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  int pid = getpid();
  for (int pending = 0; pending < 2; pending++) {
    printf("signal %s a pending exception\n", pending ? "with" : "without");
    asm volatile("movl $91f, start_at\n movl $92f, skip_to\n fninit\n fldpi\n xorps %%xmm7, %%xmm7\n movaps %%xmm7, %%xmm1\n movl $0x40490fdb, (%[page])\n movss (%[page]), %%xmm6\n"
                 "testl %[pending], %[pending]\n jz 90f\n fldcw %[cw]\n fldz\n fld1\n fdivp\n"
                 "90: movl $37, %%eax\n 91: int $0x80\n fstpt 16(%[page])\n movss %%xmm6, 32(%[page])\n 92: fnclex\n fninit"
                 : : [page] "D"(page), [pending] "d"(pending), [cw] "m"(open_control), "b"(pid), "c"(SIGUSR1) : "eax", "memory", X87);
    printf("  %08x %08x%08x %08x\n", *(uint32_t *)(page + 24) & 0xffff, *(uint32_t *)(page + 20), *(uint32_t *)(page + 16), *(uint32_t *)(page + 32));
  }
}

/* ---- a timer in the middle of the work ---- */

static volatile int ticks;
static volatile double sink;
static void on_timer(int signal) {
  ticks++;
  double x = ticks;
  for (int i = 0; i < 20; i++) x = sqrt(x * 1.1 + i) / 3;
  sink = x;
  asm volatile("fninit\n fldln2\n fldlg2\n fyl2x\n fldpi\n pcmpeqd %mm3, %mm3\n pcmpeqd %xmm0, %xmm0\n pcmpeqd %xmm1, %xmm1\n pcmpeqd %xmm2, %xmm2\n pcmpeqd %xmm7, %xmm7\n emms");
}

static void timed(void) {
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval every = {{0, 2000}, {0, 2000}}, never = {};
  setitimer(ITIMER_REAL, &every, NULL);
  long double series = 0;
  uint64_t packed = 0;
  static double grid[64] __attribute__((aligned(16)));
  static const double factors[2] __attribute__((aligned(16))) = {0.25, 0.5}, terms[2] __attribute__((aligned(16))) = {1, 2};
  /* At least ten signals in each kind of work, and the same amount of work whatever the time. */
  for (int kind = 0; kind < 3; kind++) {
    int before = ticks;
    for (int round = 0; round < 40 || ticks < before + 10; round++) {
      int keep = round < 40;
      if (kind == 0) {
        long double sum = 0, term = 1;
        for (int i = 1; i < 400; i++) term *= (long double)(i + 1) / (i + 3), sum += term / i - sqrtl(term);
        if (keep) series += sum * round;
        else if (sum != sum) abort();
      } else if (kind == 1) {
        double copy[64] __attribute__((aligned(16)));
        memcpy(copy, grid, sizeof grid);
        for (int i = 0; i < 600; i++)
          asm volatile("movapd (%0), %%xmm0\n movapd 16(%0), %%xmm1\n movapd %%xmm0, %%xmm2\n addpd %%xmm1, %%xmm0\n mulpd %2, %%xmm0\n addpd %3, %%xmm0\n"
                       "subpd %%xmm1, %%xmm2\n movapd %%xmm0, %%xmm7\n mulpd %%xmm7, %%xmm7\n addpd %3, %%xmm7\n sqrtpd %%xmm7, %%xmm7\n divpd %%xmm7, %%xmm2\n movapd %%xmm0, 16(%0)\n movapd %%xmm2, (%0)"
                       : : "r"(copy + i % 31 * 2), "m"(*copy), "m"(factors), "m"(terms) : "memory");
        if (keep) memcpy(grid, copy, sizeof grid);
      } else {
        uint64_t value = keep ? packed + round : 1;
        for (int i = 0; i < 600; i++)
          asm volatile("movq %0, %%mm0\n movq %%mm0, %%mm1\n paddw %%mm0, %%mm1\n pmullw %%mm1, %%mm0\n psrlq $3, %%mm1\n pxor %%mm1, %%mm0\n paddb %1, %%mm0\n movq %%mm0, %0" : "+m"(value) : "m"(*(uint64_t *)"12345678") : X87);
        asm volatile("emms" ::: X87);
        if (keep) packed = value;
      }
    }
  }
  setitimer(ITIMER_REAL, &never, NULL);
  printf("timed: series %La grid %a %a packed %016llx, ticks %s\n", series, grid[0], grid[63], packed, ticks >= 30 ? "enough" : "too few");
}

int main(void) {
  static char out[1 << 18];
  setvbuf(stdout, out, _IOFBF, sizeof out);
  page = mmap((void *)0x20000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  munmap(page + 4096, 4096);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGFPE, &action, NULL), sigaction(SIGSEGV, &action, NULL), sigaction(SIGILL, &action, NULL), sigaction(SIGBUS, &action, NULL);
  x87_faults();
  sse_faults();
  encodings();
  altered();
  nested();
  timed();
  return 0;
}
