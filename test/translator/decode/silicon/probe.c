/*
 * Asks the CPU it runs on where instructions end and which are undefined, in 32-bit user mode.
 *
 * A byte sequence is laid out so that only its first n bytes are on an executable page and the next page cannot be
 * read. While the CPU faults fetching from that page, the instruction is longer than n bytes; the first n for which
 * anything else happens is its length, and #UD tells that it is undefined. TF ends what does execute after one
 * instruction. Sequences come from stdin, 16 bytes each; for each, two bytes go to stdout: the length, and 1 for #UD.
 *
 * Built and run by record.ts: gcc -m32 -O1 -static -fno-stack-protector -fno-pie -no-pie
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { CODE = 0x10000000, GUARD = CODE + 0x1000, STACK = 0x20000000 };

static volatile uint32_t saved_esp, entry;
static volatile int armed, signal_number;
static volatile uint32_t fault_address, fault_eip;
static uint32_t gs, fs, ds, es, ss, cs;
extern char recover[];

static void on_signal(int number, siginfo_t *info, void *context) {
  greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (number == SIGTRAP && !armed && (uint32_t)regs[REG_EIP] == entry) {
    armed = 1; /* the trap after our own JMP; the next one comes after the instruction */
    return;
  }
  signal_number = number;
  fault_address = (uint32_t)info->si_addr;
  fault_eip = regs[REG_EIP];
  regs[REG_EIP] = (greg_t)recover;
  regs[REG_ESP] = saved_esp;
  regs[REG_EFL] = 0x202;
  regs[REG_GS] = gs, regs[REG_FS] = fs, regs[REG_DS] = ds, regs[REG_ES] = es, regs[REG_SS] = ss, regs[REG_CS] = cs;
}

/* Run the instruction at `at` with registers that point nowhere, but a stack. */
__attribute__((noinline)) static void run(uint32_t at) {
  entry = at, armed = 0, signal_number = 0;
  asm volatile("pusha; movl %%esp, saved_esp; movl $0x20008000, %%esp;"
               "movl $0x41414000, %%eax; movl $0x42424000, %%ebx; movl $0x43434001, %%ecx; movl $0x44444000, %%edx;"
               "movl $0x45454000, %%esi; movl $0x46464000, %%edi; movl $0x47474000, %%ebp;"
               "pushfl; orl $0x100, (%%esp); popfl; jmp *entry;"
               ".globl recover; recover: popa" ::: "memory", "cc");
}

int main(void) {
  const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  mmap((void *)CODE, 0x2000, PROT_READ | PROT_WRITE | PROT_EXEC, fixed, -1, 0);
  mprotect((void *)GUARD, 0x1000, PROT_NONE);
  mmap((void *)STACK, 0x10000, PROT_READ | PROT_WRITE, fixed, -1, 0);
  sigaltstack(&(stack_t){.ss_sp = malloc(1 << 16), .ss_size = 1 << 16}, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  for (const int *s = (int[]){SIGSEGV, SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSYS, 0}; *s; s++) sigaction(*s, &action, NULL);
  asm volatile("mov %%gs, %0; mov %%fs, %1; mov %%ds, %2; mov %%es, %3; mov %%ss, %4; mov %%cs, %5"
               : "=r"(gs), "=r"(fs), "=r"(ds), "=m"(es), "=m"(ss), "=m"(cs));

  uint8_t bytes[16];
  while (fread(bytes, 1, 16, stdin) == 16) {
    int length = 1;
    for (; length <= 15; length++) {
      uint32_t at = GUARD - length;
      memcpy((void *)at, bytes, length);
      run(at);
      if (!(signal_number == SIGSEGV && fault_address == GUARD && fault_eip == at)) break;
    }
    putchar(length);
    putchar(signal_number == SIGILL);
  }
  return 0;
}
