/* glibc's mathematics and its conversions between numbers and text, in float, double and long double, over special and
 * random values: for each function a line with a checksum of all results and of the exceptions that they raised.
 *
 * The CPU's own transcendental instructions are off by one in the last of 64 bits now and then. What glibc makes of them
 * in long double is printed result by result, marked with a tilde, so that whoever compares can tell by how much.
 * With an argument, the same for the functions that are named so. */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *wanted;
static int loose;
static uint32_t hash;
static uint64_t seed;

static uint64_t random64(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}

static void mix(const void *bytes, unsigned count) {
  const unsigned char *p = bytes;
  while (count--) hash = (hash ^ *p++) * 16777619u;
}

/* A result: its bits, but of NaNs only that they are. */
static void result(const char *name, long double value) {
  int flags = fetestexcept(FE_ALL_EXCEPT & ~FE_INEXACT);
  if (isnan(value)) mix("nan", 3);
  else if (loose) printf("~ %s %La\n", name, value);
  else mix(&value, 10);
  mix(&flags, 1);
  if (wanted && !strcmp(wanted, name)) printf("  %La flags %x\n", value, flags);
  feclearexcept(FE_ALL_EXCEPT);
}

static void begin(const char *name) {
  hash = 2166136261u;
  seed = 0x9e3779b97f4a7c15u;
  for (; *name; name++) seed = seed * 31 + *name;
  feclearexcept(FE_ALL_EXCEPT);
}

static void end(const char *name, const char *type) { printf("%s %s %08x\n", name, type, hash); }

/* The special values, then random ones: of moderate size, and in every seventh case of any. */
enum { SPECIAL = 26, VALUES = 80 };

#define MAKE_VALUE(T, suffix, TINY, LEAST, HUGE_VALUE, EPSILON, ANY)                                                            \
  static T value_##suffix(int i) {                                                                                              \
    static const T special[SPECIAL] = {0, -0.0, 1, -1, 0.5, -0.5, 2, 3, -3, 10, 0.1, -0.1, 100.25, 1e5, (T)1 / 3, TINY, -TINY,  \
                                       LEAST, HUGE_VALUE, -HUGE_VALUE, 1 + EPSILON, 1 - EPSILON / 2, INFINITY, -INFINITY, NAN, (T)0x1p62}; \
    if (i < SPECIAL) return special[i];                                                                                         \
    uint64_t bits = random64();                                                                                                 \
    if (i % 7 == 0) return ANY;                                                                                                 \
    T magnitude = (T)(bits >> 11) * (T)0x1p-53 * (T)(i % 3 == 0 ? 1 : i % 3 == 1 ? 20 : 600);                                   \
    return bits & 1 ? -magnitude : magnitude;                                                                                   \
  }
static float float_of(uint32_t bits) { float x; memcpy(&x, &bits, 4); return isnan(x) ? 1 : x; }
static double double_of(uint64_t bits) { double x; memcpy(&x, &bits, 8); return isnan(x) ? 1 : x; }
static long double long_double_of(uint64_t bits) {
  return ldexpl((long double)(bits | 1ull << 63), (int)(random64() % 32000) - 16400);
}
MAKE_VALUE(float, f, 0x1p-149f, 0x1p-126f, 0x1.fffffep127f, 0x1p-23f, float_of((uint32_t)bits))
MAKE_VALUE(double, d, 0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, 0x1p-52, double_of(bits))
MAKE_VALUE(long double, l, 0x1p-16445L, 0x1p-16382L, 0x1.fffffffffffffffep16383L, 0x1p-63L, long_double_of(bits))

#define ONE(T, suffix, type, name, function)                                                                                    \
  do {                                                                                                                          \
    begin(#name);                                                                                                               \
    for (int i = 0; i < VALUES; i++) {                                                                                          \
      volatile T x = value_##suffix(i);                                                                                         \
      feclearexcept(FE_ALL_EXCEPT);                                                                                             \
      if (wanted && !strcmp(wanted, #function)) printf("  %La ->", (long double)x);                                             \
      volatile T y = function(x);                                                                                               \
      result(#function, y);                                                                                                     \
    }                                                                                                                           \
    end(#name, type);                                                                                                           \
  } while (0);
#define TWO(T, suffix, type, name, function)                                                                                    \
  do {                                                                                                                          \
    begin(#name);                                                                                                               \
    for (int i = 0; i < 2 * VALUES; i++) {                                                                                      \
      volatile T x = value_##suffix(i < SPECIAL ? i * 5 % SPECIAL : i * 7 % VALUES), y = value_##suffix(i % VALUES);            \
      feclearexcept(FE_ALL_EXCEPT);                                                                                             \
      if (wanted && !strcmp(wanted, #function)) printf("  %La %La ->", (long double)x, (long double)y);                         \
      volatile T z = function(x, y);                                                                                            \
      result(#function, z);                                                                                                     \
    }                                                                                                                           \
    end(#name, type);                                                                                                           \
  } while (0);
#define EACH_LOOSE(form, name) form(float, f, "float", name, name##f) form(double, d, "double", name, name)                     \
  loose = 1; form(long double, l, "long double", name, name##l) loose = 0;
#define EACH(form, name) form(float, f, "float", name, name##f) form(double, d, "double", name, name) form(long double, l, "long double", name, name##l)

#define WITH_INTEGERS(T, suffix, type, s)                                                                                       \
  do {                                                                                                                          \
    begin(type);                                                                                                                \
    for (int i = 0; i < VALUES; i++) {                                                                                          \
      volatile T x = value_##suffix(i), y = value_##suffix((i * 3 + 1) % VALUES);                                               \
      int n = 0;                                                                                                                \
      feclearexcept(FE_ALL_EXCEPT);                                                                                             \
      result("integers", frexp##s(x, &n)), result("integers", n);                                                               \
      T whole;                                                                                                                  \
      result("integers", modf##s(x, &whole)), result("integers", whole);                                                        \
      T sine, cosine;                                                                                                           \
      sincos##s(x, &sine, &cosine);                                                                                             \
      volatile T gamma = lgamma##s##_r(x, &n), bessel = jn##s(i % 5, fabs##s(fmod##s(x, 30)));                                  \
      loose = sizeof(T) > 8;                                                                                                    \
      result("sincos", sine), result("sincos", cosine), result("lgamma", gamma), result("jn", bessel);                          \
      loose = 0, result("integers", n);                                                                                         \
      n = 0, result("integers", remquo##s(x, y, &n)), result("integers", n & 7);                                                \
      result("integers", ldexp##s(x, i * 37 % 400 - 200)), result("integers", scalbln##s(x, 1 - i));                            \
      result("integers", ilogb##s(x));                                                                                          \
      result("integers", lrint##s(x)), result("integers", llrint##s(x));                                                        \
      result("integers", lround##s(x)), result("integers", llround##s(x));                                                      \
      result("integers", nexttoward##s(x, y));                                                                                  \
      result("integers", fma##s(x, y, -x)), result("integers", fpclassify(x) * 2 + !!signbit(x));                               \
      result("integers", (T)(int)fmod##s(x, 1e9)), result("integers", (T)(long long)fmod##s(x, 1e17));                          \
    }                                                                                                                           \
    end("with integers", type);                                                                                                 \
  } while (0)

/* Text to numbers and back: digits that lie near ties, too. */
static void text(void) {
  static const char *texts[] = {"0x1.23456789abcdefp-16000", "1e4932", "1.18973149535723176502e4932", "1.1897314953572317651e4932", "-0x1p-16445", "-0x1p-16446",
    "3.14159265358979323846264338327950288419716939937510", "nan", "-inf", "1e-4950", "0.1", "9007199254740993", "9007199254740992.99999999999999999999",
    "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623158e308", "1.7976931348623159e308", "2.2250738585072011e-308",
    "0x1.fffffffffffff8p0", "0x1.00000000000008p0", "0x1.000000000000080001p0", "0x1.0000000000000001p0", "18446744073709551616", "18446744073709551615.5", "1e23", "8.5e-46"};
  begin("text");
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
    printf("%s %La %a %a\n", texts[i], strtold(texts[i], 0), strtod(texts[i], 0), strtof(texts[i], 0));
  for (int i = 0; i < 150; i++) {
    char buffer[6000];
    long double x = i & 1 ? value_l(i % VALUES) : long_double_of(random64());
    int digits = (int)(random64() % 25);
    snprintf(buffer, sizeof buffer, "%La %.*Lg %.*Le %.3La", x, digits, x, digits, x, x);
    if (wanted && !strcmp(wanted, "text")) puts(buffer);
    mix(buffer, strlen(buffer));
    snprintf(buffer, sizeof buffer, "%.*Lf", digits, i % 5 ? fmodl(x, 1e30L) : x);
    mix(buffer, strlen(buffer));
    snprintf(buffer, sizeof buffer, "%.*Le", digits, x);
    result("text", strtold(buffer, 0)), result("text", strtod(buffer, 0)), result("text", strtof(buffer, 0));
    snprintf(buffer, sizeof buffer, "%a %.17g %.9g", (double)x, (double)x, (float)x);
    mix(buffer, strlen(buffer));
  }
  end("text", "");
}

int main(int argc, char **argv) {
  wanted = argc > 1 ? argv[1] : NULL;
  static char out[1 << 16];
  setvbuf(stdout, out, _IOFBF, sizeof out);
  text();
  static const int roundings[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  EACH_LOOSE(ONE, sin) EACH_LOOSE(ONE, cos) EACH_LOOSE(ONE, tan) EACH_LOOSE(ONE, asin) EACH_LOOSE(ONE, acos) EACH_LOOSE(ONE, atan)
  EACH_LOOSE(ONE, sinh) EACH_LOOSE(ONE, cosh) EACH_LOOSE(ONE, tanh) EACH_LOOSE(ONE, asinh) EACH_LOOSE(ONE, acosh) EACH_LOOSE(ONE, atanh)
  EACH_LOOSE(ONE, exp) EACH_LOOSE(ONE, exp2) EACH_LOOSE(ONE, exp10) EACH_LOOSE(ONE, expm1)
  EACH_LOOSE(ONE, log) EACH_LOOSE(ONE, log2) EACH_LOOSE(ONE, log10) EACH_LOOSE(ONE, log1p) EACH(ONE, logb)
  EACH_LOOSE(ONE, erf) EACH_LOOSE(ONE, erfc) EACH_LOOSE(ONE, tgamma) EACH_LOOSE(ONE, j0) EACH_LOOSE(ONE, y1)
  EACH(ONE, cbrt) EACH(ONE, significand)
  EACH_LOOSE(TWO, pow) EACH_LOOSE(TWO, atan2) EACH(TWO, hypot) EACH(TWO, fmod) EACH(TWO, remainder)
  EACH(TWO, fdim) EACH(TWO, fmax) EACH(TWO, fmin) EACH(TWO, copysign) EACH(TWO, nextafter)
  WITH_INTEGERS(float, f, "float", f);
  WITH_INTEGERS(double, d, "double", );
  WITH_INTEGERS(long double, l, "long double", l);
  for (int i = 0; i < 4; i++) {
    fesetround(roundings[i]);
    printf("rounding %d\n", i);
    EACH(ONE, sqrt) EACH(ONE, rint) EACH(ONE, nearbyint) EACH(ONE, floor) EACH(ONE, ceil) EACH(ONE, trunc) EACH(ONE, round) EACH(ONE, roundeven)
    EACH(TWO, fdim)
  }
  return 0;
}
