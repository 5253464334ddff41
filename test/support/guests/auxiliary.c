// What the kernel puts on a program's stack: the auxiliary vector in order, alignments, and where strings lie.
#include <elf.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv, char **envp) {
  char **end = envp;
  while (*end) end++;
  printf("argc %d aligned %d adjacent %d\n", argc, (unsigned long)(argv - 1) % 16 == 0, envp == argv + argc + 1);
  for (int i = 0; i < argc; i++) printf("arg %s\n", argv[i]);
  for (char **e = envp; *e; e++) printf("env %s\n", *e);
  char *last = argv[0];
  int ordered = 1;
  for (int i = 1; i < argc; i++) ordered &= argv[i] == last + strlen(last) + 1, last = argv[i];
  for (char **e = envp; *e; e++) ordered &= *e == last + strlen(last) + 1, last = *e;
  Elf32_auxv_t *a = (void *)(end + 1);
  for (; a->a_type != AT_NULL; a++) {
    unsigned v = a->a_un.a_val;
    switch (a->a_type) {
      case AT_EXECFN:
        printf("aux %d %d after strings %d\n", a->a_type, strcmp((char *)v, argv[0]) == 0, (char *)v == last + strlen(last) + 1);
        break;
      case AT_RANDOM: printf("aux %d below strings %d aligned %d\n", a->a_type, (char *)v < argv[0], v % 16); break;
      case AT_PLATFORM: printf("aux %d present\n", a->a_type); break;
      case AT_HWCAP: case AT_HWCAP2: printf("aux %d present\n", a->a_type); break;
      default: printf("aux %d %x\n", a->a_type, v);
    }
  }
  printf("ordered %d\n", ordered);
  return 0;
}
