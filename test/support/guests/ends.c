// Ends in the way that the first argument names.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void handler(int signal) {
  write(1, "caught\n", 7);
  _exit(3);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  if (!strcmp(how, "segv")) *(volatile int *)0x1234 = 1;
  if (!strcmp(how, "ill")) __asm__ volatile("ud2");
  if (!strcmp(how, "fpe")) __asm__ volatile("xorl %%ecx, %%ecx\n divl %%ecx" ::: "eax", "ecx", "edx");
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "hang")) {
    write(1, "ready\n", 6);
    for (;;) __asm__ volatile("");
  }
  if (!strcmp(how, "sleep")) {
    write(1, "ready\n", 6);
    for (;;) pause();
  }
  if (!strcmp(how, "catch")) {
    signal(SIGINT, handler);
    write(1, "ready\n", 6);
    for (;;) pause();
  }
  if (!strcmp(how, "read")) {
    write(1, "ready\n", 6);
    char c;
    return read(0, &c, 1);
  }
  return argc > 1 ? atoi(how) : 0;
}
