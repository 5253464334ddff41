/* Runs instruction bytes on this machine's CPU in 32-bit flat user mode and saves what they did.
 *
 * It reads a stream of cases (written by record.ts), and for each one lays out memory, loads every general register,
 * EFLAGS and EIP, lets the CPU go, and catches what ends the case: the INT3 that fills the code area (a normal end) or
 * the exception that the instruction raised. Loading and saving both go through the signal frame: the kernel's
 * sigreturn loads the whole register file at once and the next trap's frame holds the whole register file again, so no
 * stub instruction of ours stands between "before" and "after".
 *
 * Build: gcc -m32 -O2 -static (scripts/record-vectors.sh). Use: recorder CASES RESULTS.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <asm/ldt.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

/* The stream begins with this table of regions, so the map is stated once, in case-format.ts. */
struct region {
  uint32_t base;
  uint32_t size;
  uint32_t access; /* 1 read, 2 write, 4 execute */
};

#define MAX_REGIONS 16
#define MAX_CHANGES 512
/* Every region is mapped twice: at its guest address with the guest's rights, and here, writable, for the harness. */
#define ALIAS 0x40000000u

static struct region regions[MAX_REGIONS];
static uint8_t *pristine[MAX_REGIONS]; /* the base pattern */
static uint8_t *expected[MAX_REGIONS]; /* the base pattern plus this case's patches and code */
static uint32_t region_count;

static const uint8_t *cursor, *cases_end;
static uint8_t *out, *out_limit, *out_start;
static uint32_t done;
static volatile int running;
static uint32_t test_selector_fs, test_selector_gs, own_selector_gs;
static const char *results_path;

static uint32_t take32(void) {
  uint32_t value;
  memcpy(&value, cursor, 4);
  cursor += 4;
  return value;
}

static void put32(uint32_t value) {
  memcpy(out, &value, 4);
  out += 4;
}

static void die(const char *message) {
  char line[160];
  int length = snprintf(line, sizeof line, "recorder: case %u: %s\n", done, message);
  write(2, line, length);
  syscall(SYS_exit_group, 1);
}

/* Memory patches and code bytes go into the alias and into the expected image alike. */
static void patch(uint32_t address, const uint8_t *bytes, uint32_t length) {
  for (uint32_t i = 0; i < length; i++, address++) {
    uint32_t r = 0;
    while (r < region_count && address - regions[r].base >= regions[r].size) r++;
    if (r == region_count) die("patch outside the map");
    *(uint8_t *)(ALIAS + address) = bytes[i];
    expected[r][address - regions[r].base] = bytes[i];
  }
}

static void restore_memory(void) {
  for (uint32_t r = 0; r < region_count; r++) {
    uint8_t *alias = (uint8_t *)(ALIAS + regions[r].base);
    for (uint32_t page = 0; page < regions[r].size; page += 4096) {
      if (memcmp(alias + page, pristine[r] + page, 4096)) memcpy(alias + page, pristine[r] + page, 4096);
      if (memcmp(expected[r] + page, pristine[r] + page, 4096)) memcpy(expected[r] + page, pristine[r] + page, 4096);
    }
  }
}

static const int greg_of[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};

/* The FPU's part of a 32-bit signal frame: FNSAVE's image, then FXSAVE's, then the header of XSAVE. Sigreturn takes the
 * x87 from the former and XMM and MXCSR from the latter. */
#define FXSAVE_AT 112
#define MXCSR_AT (FXSAVE_AT + 24)
#define XMM_AT (FXSAVE_AT + 160)
#define XSTATE_BV_AT (FXSAVE_AT + 512)
#define STACK_AT 28

static uint32_t has_simd;

static void load_simd(const ucontext_t *uc) {
  uint8_t *frame = (uint8_t *)uc->uc_mcontext.fpregs;
  uint32_t words[7];
  memcpy(frame + XMM_AT, cursor, 128);
  cursor += 128;
  uint32_t mxcsr = take32();
  memcpy(frame + MXCSR_AT, &mxcsr, 4);
  memset(words, 0, sizeof words);
  for (int i = 0; i < 3; i++) words[i] = take32() | 0xffff0000;
  memcpy(frame, words, sizeof words);
  memcpy(frame + STACK_AT, cursor, 80);
  cursor += 80;
  /* Without these bits sigreturn would leave x87 and XMM in their initial state. */
  uint32_t present;
  memcpy(&present, frame + XSTATE_BV_AT, 4);
  present |= 3;
  memcpy(frame + XSTATE_BV_AT, &present, 4);
}

static void save_simd(const ucontext_t *uc) {
  const uint8_t *frame = (const uint8_t *)uc->uc_mcontext.fpregs;
  memcpy(out, frame + XMM_AT, 128);
  memcpy(out + 128, frame + MXCSR_AT, 4);
  out += 132;
  for (int i = 0; i < 3; i++) {
    uint32_t word;
    memcpy(&word, frame + i * 4, 4);
    put32(word & 0xffff);
  }
  memcpy(out, frame + STACK_AT, 80);
  out += 80;
}

static void save(const ucontext_t *uc) {
  const greg_t *g = uc->uc_mcontext.gregs;
  for (int i = 0; i < 8; i++) put32(g[greg_of[i]]);
  put32(g[REG_EFL]);
  put32(g[REG_EIP]);
  put32(g[REG_TRAPNO]);
  put32(g[REG_ERR]);
  put32(uc->uc_mcontext.cr2);
  uint8_t *count_at = out;
  uint32_t count = 0;
  out += 4;
  for (uint32_t r = 0; r < region_count; r++) {
    const uint8_t *alias = (const uint8_t *)(ALIAS + regions[r].base);
    for (uint32_t page = 0; page < regions[r].size; page += 4096) {
      if (!memcmp(alias + page, expected[r] + page, 4096)) continue;
      for (uint32_t i = page; i < page + 4096; i++) {
        if (alias[i] == expected[r][i]) continue;
        if (++count > MAX_CHANGES) die("too many changed bytes");
        put32(regions[r].base + i);
        *out++ = alias[i];
      }
    }
  }
  memcpy(count_at, &count, 4);
  if (has_simd) save_simd(uc);
}

static void finish(void) {
  int fd = open(results_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  for (uint8_t *at = out_start; at < out;) {
    int n = write(fd, at, out - at);
    if (n <= 0) die("cannot write the results");
    at += n;
  }
  syscall(SYS_exit_group, 0);
}

/* One case ends and the next begins in here. */
static void on_signal(int number, siginfo_t *info, void *context) {
  (void)info;
  /* GS is the case's; the C library wants its own. */
  __asm__ volatile("mov %0, %%gs" ::"r"(own_selector_gs));
  ucontext_t *uc = context;
  greg_t *g = uc->uc_mcontext.gregs;
  if (number == SIGALRM) die("does not end");
  if (running) {
    save(uc);
    restore_memory();
    done++;
  }
  running = 1;
  sigemptyset(&uc->uc_sigmask); /* raise() had blocked them all */
  if (cursor >= cases_end) finish();
  if (out_limit - out < 8192) die("results too large");
  for (int i = 0; i < 8; i++) g[greg_of[i]] = take32();
  g[REG_EFL] = take32();
  uint32_t eip = g[REG_EIP] = take32();
  g[REG_FS] = test_selector_fs;
  g[REG_GS] = test_selector_gs;
  uint32_t code_length = take32();
  patch(eip, cursor, code_length);
  cursor += code_length;
  for (uint32_t patches = take32(); patches > 0; patches--) {
    uint32_t address = take32(), length = take32();
    patch(address, cursor, length);
    cursor += length;
  }
  has_simd = take32();
  if (has_simd) load_simd(uc);
  struct itimerval watchdog = {{0, 0}, {5, 0}};
  setitimer(ITIMER_REAL, &watchdog, 0);
}

static uint32_t flat_segment(uint32_t base) {
  struct user_desc d = {.entry_number = -1, .base_addr = base, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1,
                        .useable = 1};
  if (syscall(SYS_set_thread_area, &d)) die("set_thread_area failed");
  return d.entry_number * 8 + 3;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "use: recorder CASES RESULTS\n");
    return 2;
  }
  results_path = argv[2];
  int fd = open(argv[1], O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st)) return perror(argv[1]), 1;
  cursor = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  cases_end = cursor + st.st_size;

  region_count = take32();
  uint32_t fs_base = take32(), gs_base = take32(), results_size = take32();
  for (uint32_t r = 0; r < region_count; r++) {
    regions[r].base = take32();
    regions[r].size = take32();
    regions[r].access = take32();
    int memory = memfd_create("region", 0);
    if (ftruncate(memory, regions[r].size)) die("ftruncate failed");
    int rights = ((regions[r].access & 1) ? PROT_READ : 0) | ((regions[r].access & 2) ? PROT_WRITE : 0) |
                 ((regions[r].access & 4) ? PROT_EXEC : 0);
    /* Populated, so that a fault's error code tells of the guest's rights and not of a page the kernel has yet to map. */
    void *at = mmap((void *)regions[r].base, regions[r].size, rights, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE,
                    memory, 0);
    uint8_t *alias = mmap((void *)(ALIAS + regions[r].base), regions[r].size, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED_NOREPLACE, memory, 0);
    if (at != (void *)regions[r].base || alias != (uint8_t *)(ALIAS + regions[r].base)) return perror("mmap of a region"), 1;
    memcpy(alias, cursor, regions[r].size);
    pristine[r] = malloc(regions[r].size);
    expected[r] = malloc(regions[r].size);
    memcpy(pristine[r], cursor, regions[r].size);
    memcpy(expected[r], cursor, regions[r].size);
    cursor += regions[r].size;
  }
  if (mlockall(MCL_CURRENT)) return perror("mlockall"), 1;
  out_start = out = mmap(0, results_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (out == MAP_FAILED) return perror("mmap of the results"), 1;
  out_limit = out + results_size;

  stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&alternate, 0);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  static const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGALRM, SIGUSR1};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
  test_selector_fs = flat_segment(fs_base);
  test_selector_gs = flat_segment(gs_base);
  __asm__("mov %%gs, %0" : "=r"(own_selector_gs));
  raise(SIGUSR1);
  return 1; /* not reached: the last signal ends the process */
}
