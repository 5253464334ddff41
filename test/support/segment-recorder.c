/* Runs instructions on this machine's CPU with 16-bit segments from the local descriptor table: a 16-bit stack under
 * 32-bit code, and 16-bit code with 16-bit data and stack. It covers what the big recorder (recorder/) cannot, whose
 * segments are flat, and prints one JSON line a case.
 *
 * Build and run: gcc -m32 -O2 -o segment-recorder test/support/segment-recorder.c && ./segment-recorder
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Linear bases of the two 64 KiB segments; both stand in segments.test.ts too. */
#define DATA 0x20000000u
#define CODE 0x20010000u
#define ENTRY 0x100u
#define LDT_SELECTOR(entry) ((entry) * 8 + 7)
#define CASES 8

struct form {
  const char *text;
  const char *bytes; /* hexadecimal */
};

static const struct form forms[] = {
    {"push r", "50"},
    {"push r, other size", "66 53"},
    {"push sp", "54"},
    {"push sp, other size", "66 54"},
    {"push imm8", "6a 81"},
    {"push imm", "68 34 92 56 88"},
    {"push [bx]", "67 ff 33"},
    {"push ds", "1e"},
    {"push ds, other size", "66 1e"},
    {"pop r", "59"},
    {"pop r, other size", "66 59"},
    {"pop sp", "5c"},
    {"pop sp, other size", "66 5c"},
    {"pop [esp+4]", "8f 44 24 04"},
    {"pop [esp+4], 32-bit address", "67 8f 44 24 04"},
    {"pop [esp+4], other size and address", "66 67 8f 44 24 04"},
    {"pop [esp+4], other size", "66 8f 44 24 04"},
    {"pusha", "60"},
    {"pusha, other size", "66 60"},
    {"popa", "61"},
    {"popa, other size", "66 61"},
    {"pushf", "9c"},
    {"pushf, other size", "66 9c"},
    {"popf", "9d"},
    {"popf, other size", "66 9d"},
    {"enter 0", "c8 20 00 00"},
    {"enter 0, other size", "66 c8 21 00 00"},
    {"enter 1", "c8 08 00 01"},
    {"enter 1, other size", "66 c8 08 00 01"},
    {"enter 4", "c8 10 01 04"},
    {"enter 4, other size", "66 c8 10 01 04"},
    {"enter 31", "c8 00 02 ff"},
    {"leave", "c9"},
    {"leave, other size", "66 c9"},
    {"call rel", "e8 10 00 00 00"},
    {"call rel, other size", "66 e8 10 00 00 00"},
    {"call r", "bb 50 01 00 00 ff d3"},
    {"lea sp", "8d 64 24 10"},
    {"mov sp", "89 dc"},
    {"mov [bp+2]", "89 46 02"},
    {"mov from [bp+si-4]", "8b 42 fc"},
    {"mov via ss override", "36 8b 1f"},
    {"mov via ss override, other address", "67 36 8b 1f"},
    {"add [bx+di]", "01 01"},
    {"add [bx+di], other address", "67 01 01"},
    {"movs", "a5"},
    {"movs, other address", "67 a5"},
    {"rep movs", "f3 a5"},
    {"rep movs, other address", "67 f3 a5"},
    {"rep movsb, other address", "67 f3 a4"},
    {"std; rep movs, other address", "fd 67 f3 a5"},
    {"rep stos", "f3 ab"},
    {"rep stos, other address", "67 f3 ab"},
    {"std; rep stosb, other address", "fd 67 f3 aa"},
    {"rep lods, other address", "67 f3 ad"},
    {"repe cmpsb, other address", "67 f3 a6"},
    {"repne scasb, other address", "67 f2 ae"},
    {"std; repne scas, other address", "fd 67 f2 af"},
    {"loop", "e2 10"},
    {"loop, other address", "67 e2 10"},
    {"loopne", "e0 10"},
    {"jcxz", "e3 10"},
    {"jcxz, other address", "67 e3 10"},
    {"jmp rel8", "eb 20"},
    {"jmp back", "e9 80 ff ff ff"},
    {"jmp back, other size", "66 e9 80 ff ff ff"},
    {"jz rel", "0f 84 20 00 00 00"},
    {"jmp r", "bb 50 01 00 00 ff e3"},
    {"xlat", "d7"},
    {"xlat, other address", "67 d7"},
    {"lea", "8d 58 90"},
    {"lea, other size", "66 8d 58 90"},
    {"lea, other address", "67 8d 58 90"},
    {"cmpxchg8b", "0f c7 0f"},
    {"mov from ds", "8c d9"},
    {"cbw", "98"},
};

static uint8_t image[65536];
static sigset_t nothing;
static ucontext_t home;
static gregset_t before, after;
static volatile int phase, trap;

static uint32_t seed = 1;
static uint32_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

/* The first signal, raised by the harness itself, loads the case; the second is the INT3 behind it. */
static void on_signal(int number, siginfo_t *info, void *context) {
  ucontext_t *c = context;
  (void)info;
  if (phase == 0) {
    phase = 1;
    memcpy(home.uc_mcontext.gregs, c->uc_mcontext.gregs, sizeof(gregset_t));
    memcpy(c->uc_mcontext.gregs, before, sizeof(gregset_t));
    return;
  }
  memcpy(after, c->uc_mcontext.gregs, sizeof(gregset_t));
  trap = number == SIGTRAP ? 3 : (int)c->uc_mcontext.gregs[REG_TRAPNO];
  memcpy(c->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof(gregset_t));
}

static void set_entry(unsigned number, uint32_t base, int code, int big) {
  struct user_desc d = {.entry_number = number, .base_addr = base, .limit = 0xffff, .seg_32bit = big};
  d.contents = code ? 2 : 0;
  d.useable = 1;
  if (syscall(SYS_modify_ldt, 1, &d, sizeof d) != 0) {
    perror("modify_ldt");
    exit(1);
  }
}

static uint8_t pattern(uint32_t offset) {
  return (uint8_t)(offset * 167 + (offset >> 8) * 59 + 13);
}

static const int order[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};

static void run(const struct form *form, int code16, int index) {
  uint8_t *data = (uint8_t *)DATA, *code = (uint8_t *)CODE;
  const char *hex = form->bytes;
  unsigned length = 0;
  for (uint32_t i = 0; i < 65536; i++) data[i] = image[i] = pattern(i);
  memset(code, 0xcc, 65536);
  for (char *end; *hex; hex = end) code[ENTRY + length++] = (uint8_t)strtoul(hex, &end, 16);
  for (int i = 0; i < 8; i++) {
    uint32_t low = next_random() & 0xffff;
    /* Addresses stay clear of the segment's end, where an operand would reach beyond the limit, but for aligned SP. */
    if (i == 4) low &= index == 0 ? 0 : 0xfffc;
    else if (i == 1) low &= 15;
    else if (i != 0 && i != 2) low = 0x800 + (low & 0x7ffc) + (index & 1);
    /* With 32-bit addresses in the 64 KiB segments only small offsets are legal. */
    uint32_t high = (i == 3 || i == 5 || i == 6 || i == 7) && (index & 2) ? 0 : next_random() << 16;
    if (i == 1 && (!code16 || (index & 2))) high = 0;
    if (i == 4 && strstr(form->text, "esp")) high = 0, low = 0x2000 + (low & 0x7ffc);
    before[order[i]] = (int)(high | low);
  }
  before[REG_EFL] = (int)(0x202 | (next_random() & 0x8d5));
  before[REG_EIP] = (int)(code16 ? ENTRY : CODE + ENTRY);
  before[REG_CS] = code16 ? LDT_SELECTOR(1) : home.uc_mcontext.gregs[REG_CS];
  before[REG_SS] = LDT_SELECTOR(0);
  before[REG_DS] = before[REG_ES] = code16 ? LDT_SELECTOR(0) : home.uc_mcontext.gregs[REG_DS];
  before[REG_FS] = 0;
  before[REG_GS] = home.uc_mcontext.gregs[REG_GS];
  if (!code16) {
    /* DS and ES are flat: point their registers into the data segment. */
    for (int i = 0; i < 8; i++)
      if (i == 3 || i == 6 || i == 7) before[order[i]] = (int)(DATA + (before[order[i]] & 0xffff));
  }
  phase = 0;
  /* NT and AC that a POPF case has left set: sigreturn would keep them. */
  __asm__ volatile("pushf; andl $~0x44000,(%%esp); popf" ::: "cc", "memory");
  raise(SIGUSR1);
  if (trap != 3) return; /* a fault: segment limits are not this fixture's subject */
  printf("{\"form\":\"%s\",\"code\":%d,\"bytes\":\"%s\",\"flags\":[%u,%u],\"eip\":%u,\"before\":[", form->text,
         code16 ? 16 : 32, form->bytes, before[REG_EFL], after[REG_EFL] & 0xcd5,
         (uint32_t)after[REG_EIP] - 1 - (code16 ? 0 : CODE));
  for (int i = 0; i < 8; i++) printf("%s%d", i ? "," : "", before[order[i]]);
  printf("],\"after\":[");
  for (int i = 0; i < 8; i++) printf("%s%d", i ? "," : "", after[order[i]]);
  printf("],\"memory\":[");
  const char *comma = "";
  for (uint32_t i = 0; i < 65536; i++) {
    if (data[i] == image[i]) continue;
    printf("%s[%u,%u]", comma, i, data[i]);
    comma = ",";
  }
  printf("]}\n");
}

int main(void) {
  if (mmap((void *)DATA, 0x20000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
      MAP_FAILED)
    return 1;
  static uint8_t stack[65536];
  stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternative, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_mask = nothing};
  const int signals[] = {SIGUSR1, SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (int i = 0; i < 6; i++) sigaction(signals[i], &action, NULL);
  set_entry(0, DATA, 0, 0);
  set_entry(1, CODE, 1, 0);
  getcontext(&home);
  /* Selectors of this process, which getcontext does not give. */
  uint16_t cs, ds, gs;
  __asm__("mov %%cs,%0" : "=r"(cs));
  __asm__("mov %%ds,%0" : "=r"(ds));
  __asm__("mov %%gs,%0" : "=r"(gs));
  home.uc_mcontext.gregs[REG_CS] = cs;
  home.uc_mcontext.gregs[REG_DS] = ds;
  home.uc_mcontext.gregs[REG_GS] = gs;
  for (int code16 = 0; code16 < 2; code16++)
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
      for (int index = 0; index < CASES; index++) run(&forms[i], code16, index);
  return 0;
}
