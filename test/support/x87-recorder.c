/* Runs every x87 instruction on this machine's CPU with edge and random operands under all roundings and precisions, and
 * writes what came out in the binary form that x87-cases.ts reads.
 *
 * Each case is FRSTOR, the instruction, FNSAVE; the same bytes run in the translator. Build and run:
 *   gcc -m32 -O1 -o x87-recorder test/support/x87-recorder.c && ./x87-recorder | gzip -9 > fixtures/x87/cases.bin.gz
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* These addresses stand in x87-cases.ts too. */
#define CODE 0x201000u
#define IMAGE 0x101000u
#define RESULT 0x101100u
#define OPERAND 0x101200u
#define POOL 768

enum memory_kind { NONE, R32, R64, R80, I16, I32, I64, BCD, CW, ENV32, ENV16, SAVE32, SAVE16 };
static const int sizes[] = {0, 4, 8, 10, 2, 4, 8, 10, 2, 28, 14, 108, 94};

struct form {
  const char *name;
  const char *bytes;
  enum memory_kind memory;
  int cases;
};

static struct form forms[400];
static int form_count;
static struct { uint8_t b[10]; } pool[POOL];

static uint32_t seed = 0x2545f491;
static uint32_t rnd(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}
static uint32_t below(uint32_t n) { return (rnd() >> 4) % n; }
static uint64_t rnd64(void) { return (uint64_t)rnd() << 32 | rnd(); }

static void add_form(const char *name, const char *bytes, enum memory_kind memory, int cases) {
  /* At least 200 of everything. */
  forms[form_count++] = (struct form){strdup(name), strdup(bytes), memory, cases < 200 ? 200 : cases};
}

static void make_forms(void) {
  static const char *arithmetic[] = {"add", "mul", "com", "comp", "sub", "subr", "div", "divr"};
  char name[40], bytes[16];
  static const struct { int escape; const char *prefix; enum memory_kind kind; } blocks[] = {
      {0xd8, "f", R32}, {0xda, "fi", I32}, {0xdc, "f", R64}, {0xde, "fi", I16}};
  for (int b = 0; b < 4; b++)
    for (int r = 0; r < 8; r++) {
      snprintf(name, sizeof name, "%s%s m%d", blocks[b].prefix, arithmetic[r], sizes[blocks[b].kind] * 8);
      snprintf(bytes, sizeof bytes, "%02x%02x", blocks[b].escape, 3 | r << 3);
      add_form(name, bytes, blocks[b].kind, 240);
    }
  static const struct { int escape, reg; const char *name; enum memory_kind kind; } memory[] = {
      {0xd9, 0, "fld m32", R32}, {0xd9, 2, "fst m32", R32}, {0xd9, 3, "fstp m32", R32}, {0xdb, 0, "fild m32", I32},
      {0xdb, 1, "fisttp m32", I32}, {0xdb, 2, "fist m32", I32}, {0xdb, 3, "fistp m32", I32}, {0xdb, 5, "fld m80", R80},
      {0xdb, 7, "fstp m80", R80}, {0xdd, 0, "fld m64", R64}, {0xdd, 1, "fisttp m64", I64}, {0xdd, 2, "fst m64", R64},
      {0xdd, 3, "fstp m64", R64}, {0xdf, 0, "fild m16", I16}, {0xdf, 1, "fisttp m16", I16}, {0xdf, 2, "fist m16", I16},
      {0xdf, 3, "fistp m16", I16}, {0xdf, 4, "fbld", BCD}, {0xdf, 5, "fild m64", I64}, {0xdf, 6, "fbstp", BCD},
      {0xdf, 7, "fistp m64", I64}, {0xd9, 5, "fldcw", CW}, {0xd9, 7, "fnstcw", CW}, {0xdd, 7, "fnstsw", CW}};
  for (unsigned i = 0; i < sizeof memory / sizeof *memory; i++) {
    snprintf(bytes, sizeof bytes, "%02x%02x", memory[i].escape, 3 | memory[i].reg << 3);
    add_form(memory[i].name, bytes, memory[i].kind, memory[i].kind == CW ? 80 : 240);
  }
  add_form("fldenv", "d923", ENV32, 120);
  add_form("fldenv16", "66d923", ENV16, 60);
  add_form("fnstenv", "d933", ENV32, 80);
  add_form("fnstenv16", "66d933", ENV16, 60);
  add_form("frstor", "dd23", SAVE32, 60);
  add_form("frstor16", "66dd23", SAVE16, 40);
  add_form("fnsave", "dd33", SAVE32, 60);
  add_form("fnsave16", "66dd33", SAVE16, 40);
  static const struct { int escape, base; const char *name; int cases; } registers[] = {
      {0xd8, 0xc0, "fadd", 200}, {0xd8, 0xc8, "fmul", 200}, {0xd8, 0xd0, "fcom", 160}, {0xd8, 0xd8, "fcomp", 120},
      {0xd8, 0xe0, "fsub", 200}, {0xd8, 0xe8, "fsubr", 200}, {0xd8, 0xf0, "fdiv", 200}, {0xd8, 0xf8, "fdivr", 200},
      {0xdc, 0xc0, "fadd to", 100}, {0xdc, 0xc8, "fmul to", 100}, {0xdc, 0xe0, "fsubr to", 100}, {0xdc, 0xe8, "fsub to", 100},
      {0xdc, 0xf0, "fdivr to", 100}, {0xdc, 0xf8, "fdiv to", 100}, {0xdc, 0xd0, "fcom alias", 40}, {0xdc, 0xd8, "fcomp alias", 40},
      {0xde, 0xc0, "faddp", 100}, {0xde, 0xc8, "fmulp", 100}, {0xde, 0xe0, "fsubrp", 100}, {0xde, 0xe8, "fsubp", 100},
      {0xde, 0xf0, "fdivrp", 100}, {0xde, 0xf8, "fdivp", 100}, {0xde, 0xd0, "fcomp alias 2", 40},
      {0xd9, 0xc0, "fld st", 100}, {0xd9, 0xc8, "fxch", 100}, {0xd9, 0xd8, "fstp alias", 60}, {0xdd, 0xc0, "ffree", 50},
      {0xdd, 0xc8, "fxch alias", 50}, {0xdd, 0xd0, "fst st", 100}, {0xdd, 0xd8, "fstp st", 100}, {0xdd, 0xe0, "fucom", 120},
      {0xdd, 0xe8, "fucomp", 120}, {0xdf, 0xc0, "ffreep", 50}, {0xdf, 0xc8, "fxch alias 2", 40}, {0xdf, 0xd0, "fstp alias 2", 50},
      {0xdf, 0xd8, "fstp alias 3", 50}, {0xda, 0xc0, "fcmovb", 80}, {0xda, 0xc8, "fcmove", 80}, {0xda, 0xd0, "fcmovbe", 80},
      {0xda, 0xd8, "fcmovu", 80}, {0xdb, 0xc0, "fcmovnb", 80}, {0xdb, 0xc8, "fcmovne", 80}, {0xdb, 0xd0, "fcmovnbe", 80},
      {0xdb, 0xd8, "fcmovnu", 80}, {0xdb, 0xe8, "fucomi", 120}, {0xdb, 0xf0, "fcomi", 120}, {0xdf, 0xe8, "fucomip", 120},
      {0xdf, 0xf0, "fcomip", 120}};
  static const int indices[] = {0, 1, 5};
  for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++)
    for (int k = 0; k < 3; k++) {
      snprintf(bytes, sizeof bytes, "%02x%02x", registers[i].escape, registers[i].base + indices[k]);
      snprintf(name, sizeof name, "%s %d", registers[i].name, indices[k]);
      add_form(name, bytes, NONE, k == 1 ? registers[i].cases : registers[i].cases / 3);
    }
  static const struct { const char *bytes, *name; int cases; } single[] = {
      {"d9d0", "fnop", 40}, {"d9e0", "fchs", 100}, {"d9e1", "fabs", 100}, {"d9e4", "ftst", 200}, {"d9e5", "fxam", 200},
      {"d9e8", "fld1", 60}, {"d9e9", "fldl2t", 60}, {"d9ea", "fldl2e", 60}, {"d9eb", "fldpi", 60}, {"d9ec", "fldlg2", 60},
      {"d9ed", "fldln2", 60}, {"d9ee", "fldz", 60}, {"d9f0", "f2xm1", 400}, {"d9f1", "fyl2x", 400}, {"d9f2", "fptan", 400},
      {"d9f3", "fpatan", 400}, {"d9f4", "fxtract", 250}, {"d9f5", "fprem1", 600}, {"d9f6", "fdecstp", 40},
      {"d9f7", "fincstp", 40}, {"d9f8", "fprem", 600}, {"d9f9", "fyl2xp1", 400}, {"d9fa", "fsqrt", 400},
      {"d9fb", "fsincos", 400}, {"d9fc", "frndint", 400}, {"d9fd", "fscale", 500}, {"d9fe", "fsin", 400},
      {"d9ff", "fcos", 400}, {"dae9", "fucompp", 150}, {"ded9", "fcompp", 150}, {"dbe2", "fnclex", 60}, {"dbe3", "fninit", 40},
      {"dbe0", "fneni", 20}, {"dbe1", "fndisi", 20}, {"dbe4", "fnsetpm", 20}, {"dfe0", "fnstsw ax", 60}, {"9b", "fwait", 80},
      /* Most of what comes of these is an exponent: the ranges of every operand differ. */
      {"d9c9d9c9", "fxch twice", 20}, {"d8c1d8c9", "fadd, fmul", 100}};
  for (unsigned i = 0; i < sizeof single / sizeof *single; i++) add_form(single[i].name, single[i].bytes, NONE, single[i].cases);
}

static void put_real(void *at, int se, uint64_t significand) {
  memcpy(at, &significand, 8);
  ((uint8_t *)at)[8] = (uint8_t)se;
  ((uint8_t *)at)[9] = (uint8_t)(se >> 8);
}

static void make_pool(void) {
  static const struct { int se; uint64_t m; } edges[] = {
      {0, 0}, {0x3fff, 1ull << 63}, {0x4000, 1ull << 63}, {0x3ffe, 1ull << 63}, {0x4000, 0xc000000000000000},
      {0x7fff, 1ull << 63}, {0x7fff, 0xc000000000000000}, {0x7fff, 0xc000000000000001}, {0x7fff, 0xe123456789abcdef},
      {0x7fff, 0x8000000000000001}, {0x7fff, 0xa123456789abcdef}, {0x7fff, 0xbfffffffffffffff}, {0x7fff, 0}, {0x7fff, 1},
      {0x7fff, 0x4000000000000000}, {0, 1}, {0, 0x7fffffffffffffff}, {0, 0x4000000000000000}, {0, 1ull << 63},
      {0, 0xffffffffffffffff}, {1, 1ull << 63}, {1, 0xffffffffffffffff}, {2, 0x8000000000000001}, {0x7ffe, 0xffffffffffffffff},
      {0x7ffe, 1ull << 63}, {0x3fff, 0x7fffffffffffffff}, {0x4005, 0x1234567890abcdef}, {1, 0}, {0x3fff, 0},
      {0x403e, 1ull << 63}, {0x403d, 0xffffffffffffffff}, {0x403d, 0xfffffffffffffffe}, {0x403e, 0x8000000000000001},
      {0x401d, 0xffffffff00000000}, {0x401d, 0xfffffffe80000000}, {0x401e, 1ull << 63}, {0x401d, 0xfffffffeffffffff},
      {0x400d, 0xffff000000000000}, {0x400d, 0xfffe800000000000}, {0x400d, 0xfffe000000000000}, {0x400e, 1ull << 63},
      {0x403a, 0xde0b6b3a76400000}, {0x403a, 0xde0b6b3a763fffff}, {0x403a, 0xde0b6b3a763ffff0},
      {0x3fff, 0xffffffffffffffff}, {0x3fff, 0x8000000000000001}, {0x3fff, 0x8000008000000000}, {0x3fff, 0x8000018000000000},
      {0x3fff, 0x8000007fffffffff}, {0x3fff, 0x8000000000000400}, {0x3fff, 0x8000000000000c00}, {0x3fff, 0x80000000000003ff},
      {0x407e, 0xffffff0000000000}, {0x407e, 0xffffff7fffffffff}, {0x407e, 0xffffff8000000000}, {0x407f, 1ull << 63},
      {0x3f81, 1ull << 63}, {0x3f80, 0xffffff8000000000}, {0x3f80, 0xffffff7fffffffff}, {0x3f6a, 1ull << 63},
      {0x3f69, 1ull << 63}, {0x3f69, 0x8000000000000001}, {0x3f68, 0xffffffffffffffff}, {0x43fe, 0xfffffffffffff800},
      {0x43fe, 0xfffffffffffffc00}, {0x43fe, 0xfffffffffffffbff}, {0x43ff, 1ull << 63}, {0x3c01, 1ull << 63},
      {0x3c00, 0xfffffffffffffc00}, {0x3bcd, 1ull << 63}, {0x3bcc, 1ull << 63}, {0x3bcc, 0x8000000000000001},
      {0x4000, 0xc90fdaa22168c235}, {0x3fff, 0xc90fdaa22168c235}, {0x3ffe, 0xc90fdaa22168c234}, {0x4000, 0x96cbe3f9990e91a8},
      {0x3ffe, 0xb504f333f9de6484}, {0x3fff, 0xb504f333f9de6484}, {0x403f, 1ull << 63}, {0x401f, 0x123456789abcdef0},
      {0x400c, 0xffff000000000000}, {0x400d, 0x8000000000000000}, {0x3ffd, 0xaaaaaaaaaaaaaaab}, {0x3fff, 0xc000000000000000},
      {0x4002, 0xa000000000000000}, {0x4005, 0xc800000000000000}, {0x3ffb, 0xcccccccccccccccd}, {0x3fe0, 0xffffffffffffffff}};
  int n = 0;
  for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++) {
    put_real(&pool[n++], edges[i].se, edges[i].m);
    put_real(&pool[n++], edges[i].se | 0x8000, edges[i].m);
  }
  while (n < POOL) {
    uint64_t m = rnd64() | 1ull << 63;
    int sign = rnd() & 0x8000, exponent;
    switch (below(10)) {
      case 0: exponent = 1 + below(0x7ffe); break;
      case 1: exponent = 0; m = rnd64() >> (1 + below(63)); break;
      case 2: exponent = 1 + below(130); break;
      case 3: exponent = 0x7ffe - below(130); break;
      case 4: exponent = 0x3fff + below(64); m &= -1ull << below(64); break;
      case 5: exponent = 0x3fff - 30 + below(60); m = (m & -1ull << 40) | 1ull << 39 | (below(3) == 0); break;
      case 6: exponent = 0x3fff - 30 + below(60); m = (m & -1ull << 11) | 1ull << 10 | (below(3) == 0); break;
      case 7: exponent = 0x3fff - 1 - below(40); break;
      default: exponent = 0x3fff - 70 + below(140); break;
    }
    put_real(&pool[n++], sign | exponent, m | (exponent ? 1ull << 63 : 0));
  }
}

static void random_memory(uint8_t *at, enum memory_kind kind) {
  for (int i = 0; i < sizes[kind]; i++) at[i] = (uint8_t)rnd();
  uint64_t bits = rnd64();
  static const uint64_t ints[] = {0, 1, -1ull, 0x8000000080008000, 0x7fffffff7fff7fff, 2, 10, -100ull, 1ull << 63};
  switch (kind) {
    case R32: {
      static const uint32_t edges[] = {0, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fabcdef, 1, 0x7fffff, 0x800000, 0x7f7fffff, 0x40490fdb, 0x3f000000};
      uint32_t word = below(2) ? edges[below(12)] | (rnd() & 0x80000000) : below(2) ? (rnd() & 0x8fffffff) + 0x38000000 : rnd();
      memcpy(at, &word, 4);
      break;
    }
    case R64: {
      static const uint64_t edges[] = {0, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x7ff4123456789abc, 1, 0xfffffffffffff, 0x10000000000000, 0x7fefffffffffffff, 0x400921fb54442d18, 0x3fe0000000000000};
      uint64_t word = below(2) ? edges[below(12)] | (rnd64() & 1ull << 63) : below(2) ? (rnd64() & 0x81ffffffffffffff) + 0x3f00000000000000 : bits;
      memcpy(at, &word, 8);
      break;
    }
    case R80: memcpy(at, &pool[below(POOL)], 10); break;
    case I16: case I32: case I64:
      if (below(2)) bits = ints[below(9)];
      else if (below(2)) bits = (uint64_t)((int64_t)bits >> below(63));
      memcpy(at, &bits, sizes[kind]);
      break;
    case BCD:
      for (int i = 0; i < 9; i++) at[i] = below(3) == 0 && below(4) == 0 ? rnd() : below(10) << 4 | below(10);
      at[9] = below(2) ? 0x80 : 0;
      if (below(8) == 0) memset(at, 0, 9);
      break;
    case CW: { uint16_t cw = rnd(); if (below(2)) cw |= 0x3f; memcpy(at, &cw, 2); break; }
    case SAVE32: for (int i = 0; i < 8; i++) memcpy(at + 28 + i * 10, &pool[below(POOL)], 10); break;
    case SAVE16: for (int i = 0; i < 8; i++) memcpy(at + 14 + i * 10, &pool[below(POOL)], 10); break;
    default: break;
  }
}

static volatile int faulted;
static uint32_t after_instruction;
static void on_fpe(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *uc = context;
  faulted = 1;
  uc->uc_mcontext.gregs[REG_EIP] = after_instruction;
  /* Unmask nothing while the handler returns: the FNSAVE that follows resets everything. */
}

static void put8(int v) { putchar(v & 255); }
static void put16(int v) { put8(v), put8(v >> 8); }
static void put32(uint32_t v) { put16(v), put16(v >> 16); }

static uint32_t run(uint32_t eax, uint32_t *eflags) {
  uint32_t flags = *eflags;
  __asm__ volatile(
      "pushl %%ebp\n pushl %1\n popfl\n call *%%ecx\n pushfl\n popl %1\n popl %%ebp\n cld"
      : "+a"(eax), "+d"(flags)
      : "b"(OPERAND), "S"(IMAGE), "D"(RESULT), "c"(CODE)
      : "memory", "cc");
  *eflags = flags;
  return eax;
}

static int pack_flags(uint32_t eflags) { return (eflags & 0xd5) | (eflags >> 10 & 2); }

static void run_case(const struct form *form, int length) {
  int top = below(8), index0 = below(POOL), index1 = below(POOL);
  /* Equal operands, neighbours and equal exponents are rare otherwise. */
  if (below(12) == 0) index1 = index0;
  if (below(3) == 0) index0 = below(180);
  if (below(4) == 0) index1 = below(180);
  static const int precisions[] = {3, 3, 3, 2, 2, 0, 0, 1};
  int control = 0x40 | precisions[below(8)] << 8 | below(4) << 10 | 0x3f;
  if (below(3) == 0) control &= ~0x3f | rnd();
  int status = top << 11 | (rnd() & 0x4700);
  if (below(4) == 0) status |= rnd() & 0x7f & (below(3) ? control : -1);
  int used = 0xff;
  if (below(2)) used &= ~(1 << ((top + 7) & 7));
  if (below(5) == 0) used = rnd() & 0xff;
  int tags = 0;
  for (int r = 0; r < 8; r++) if (!(used >> r & 1)) tags |= 3 << r * 2;
  uint32_t eflags = 0x202 | (rnd() & 0x8d5);
  uint8_t operand[128];
  random_memory(operand, form->memory);

  uint8_t *image = (uint8_t *)IMAGE, *result = (uint8_t *)RESULT;
  uint32_t words[7] = {control, status, tags, 0x11111111, 0x23, 0x22222222, 0x2b};
  memcpy(image, words, 28);
  for (int i = 0; i < 8; i++) memcpy(image + 28 + i * 10, &pool[i == 0 ? index0 : i == 1 ? index1 : (index1 + i * 37) % POOL], 10);
  uint8_t earlier[108];
  uint32_t eax, flags;
  /* A switch to another process in between loses the pointers on an AMD CPU: until the same comes twice. */
  for (int attempt = 0;; attempt++) {
    memcpy(earlier, result, 108);
    memset(result, 0, 108);
    memset((void *)OPERAND, 0xaa, 128);
    memcpy((void *)OPERAND, operand, sizes[form->memory]);
    eax = 0x12345678, flags = eflags;
    faulted = 0;
    after_instruction = CODE + 2 + length;
    eax = run(eax, &flags);
    if (attempt > 0 && memcmp(earlier, result, 108) == 0) break;
  }

  put16(index0), put16(index1), put16(control), put16(status), put8(used), put8(pack_flags(eflags));
  fwrite(operand, 1, sizes[form->memory], stdout);
  if (faulted) {
    put8(1);
    return;
  }
  int memory_changed = memcmp((void *)OPERAND, operand, sizes[form->memory]) != 0;
  uint32_t after[7];
  memcpy(after, result, 28);
  put8((memory_changed << 1) | ((eax != 0x12345678) << 2));
  put16(after[0]), put16(after[1]), put16(after[2]), put8(pack_flags(flags));
  /* Pointers to the last instruction and operand, and its opcode. */
  put32(after[3]), put32(after[4]), put32(after[5]), put16(after[6]);
  int new_top = after[1] >> 11 & 7, changed = 0;
  for (int r = 0; r < 8; r++)
    if (memcmp(result + 28 + ((r - new_top) & 7) * 10, image + 28 + ((r - top) & 7) * 10, 10)) changed |= 1 << r;
  put8(changed);
  for (int r = 0; r < 8; r++)
    if (changed >> r & 1) fwrite(result + 28 + ((r - new_top) & 7) * 10, 1, 10, stdout);
  if (memory_changed) fwrite((void *)OPERAND, 1, sizes[form->memory], stdout);
  if (eax != 0x12345678) put16(eax);
}

int main(void) {
  mmap((void *)0x101000, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  mmap((void *)0x200000, 0x4000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  struct sigaction action = {.sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO};
  sigaction(SIGFPE, &action, 0);
  make_forms();
  make_pool();
  put16(POOL);
  fwrite(pool, 10, POOL, stdout);
  put16(form_count);
  for (int f = 0; f < form_count; f++) {
    const struct form *form = &forms[f];
    uint8_t *code = (uint8_t *)CODE;
    int length = strlen(form->bytes) / 2;
    *code++ = 0xdd, *code++ = 0x26;
    for (int i = 0; i < length; i++) {
      unsigned byte;
      sscanf(form->bytes + i * 2, "%2x", &byte);
      *code++ = byte;
    }
    *code++ = 0xdd, *code++ = 0x37, *code++ = 0xc3;
    printf("%s%c%s%c", form->name, 0, form->bytes, 0);
    put16(sizes[form->memory]), put16(form->cases);
    for (int n = 0; n < form->cases; n++) run_case(form, length);
  }
  return 0;
}
