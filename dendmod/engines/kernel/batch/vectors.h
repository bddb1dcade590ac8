/* Vectors of lanes, and what they need: fused products, exponentials, look-ups in tables.
 *
 * Compiled with -ffp-contract=off: where a product and a sum are rounded once it says so (fma_v), so that every compiler
 * and every width of registers give the same bits. REAL_BITS (64 or 32), W (reals of a vector) and LAYOUT are set by the
 * compiler's command line; what is generated for a cell is included below this file.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define ALIGNED __attribute__((aligned(64)))
#define TABLE(k) (*(const V *)(value##k + W * q))
#define INLINE static inline __attribute__((always_inline))

#if REAL_BITS == 64
typedef double real;
typedef int64_t whole;
#define MAGIC 6755399441055744.0 /* 1.5 * 2^52: adding it leaves a whole number in the low bits */
#define MANTISSA 52
#define HALF_ROOT 0x3fe6a09e667f3bcdLL /* bits of sqrt(1/2) */
#define LARGEST_POWER 708.0
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define SMALLEST 2.2250738585072014e-308
#else
typedef float real;
typedef int32_t whole;
#define MAGIC 12582912.0f
#define MANTISSA 23
#define LARGEST_POWER 87.0f
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
#define SMALLEST 1.17549435e-38f
#endif

typedef real V __attribute__((vector_size(W * sizeof(real))));  /* a vector of reals */
typedef whole M __attribute__((vector_size(W * sizeof(real)))); /* the same bits, or a mask */
#define TABLE_W (W * REAL_BITS / 32)                             /* tables are looked up in float32 */
typedef float F __attribute__((vector_size(4 * TABLE_W)));
typedef int32_t I __attribute__((vector_size(4 * TABLE_W)));
typedef float HF __attribute__((vector_size(4 * W))); /* floats of one vector of reals */
typedef int32_t HI __attribute__((vector_size(4 * W)));

/* LAYOUT: lanes are trials of one cell (numbers of the cell are scalars), or variants of it (each lane has numbers of its
 * own), or the members of a population (one trial alone). */
#define TRIALS 0
#define VARIANTS 1
#define LONE 2
#if LAYOUT == LONE
#define L 1 /* lanes of a node */
typedef real N; /* the numbers of a node */
#define VECTORS(m) (((m) + W - 1) / W)
#else
#define L W
typedef V N;
#define VECTORS(m) (m)
#endif

INLINE V all(real x) { return x - (V){0}; }
INLINE V choose(M mask, V yes, V no) { return (V)((mask & (M)yes) | (~mask & (M)no)); }

#if defined(__AVX512F__) && W * REAL_BITS == 512
#if REAL_BITS == 64
INLINE V fma_v(V a, V b, V c) { return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE V least(V a, V b) { return (V)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE V most(V a, V b) { return (V)_mm512_max_pd((__m512d)a, (__m512d)b); }
#else
INLINE V fma_v(V a, V b, V c) { return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE V least(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE V most(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
#endif
INLINE F fma_f(F a, F b, F c) { return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#define HAS_LEAST
#elif defined(__FMA__) && W * REAL_BITS == 256
#if REAL_BITS == 64
INLINE V fma_v(V a, V b, V c) { return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
#else
INLINE V fma_v(V a, V b, V c) { return (V)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#endif
INLINE F fma_f(F a, F b, F c) { return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#elif defined(__aarch64__) && W * REAL_BITS == 128
#if REAL_BITS == 64
INLINE V fma_v(V a, V b, V c) { return (V)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
#else
INLINE V fma_v(V a, V b, V c) { return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#endif
INLINE F fma_f(F a, F b, F c) { return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else /* slower, and the same bits */
INLINE V fma_v(V a, V b, V c)
{
  for (int l = 0; l < W; l++) a[l] = REAL_BITS == 64 ? (real)fma(a[l], b[l], c[l]) : (real)fmaf(a[l], b[l], c[l]);
  return a;
}
INLINE F fma_f(F a, F b, F c)
{
  for (int l = 0; l < TABLE_W; l++) a[l] = fmaf(a[l], b[l], c[l]);
  return a;
}
#endif
#ifndef HAS_LEAST
INLINE V least(V a, V b) { return choose(a < b, a, b); }
INLINE V most(V a, V b) { return choose(a > b, a, b); }
#endif
#if LAYOUT == LONE
INLINE N fma_n(N a, N b, N c) { return REAL_BITS == 64 ? (real)fma(a, b, c) : (real)fmaf(a, b, c); }
#else
#define fma_n fma_v
#endif

/* Tables: polynomials on 32 pieces, [coefficient][piece]. */
#define PIECES 32
ELEMENTARY_TABLES
#define ROW_SIZE PIECES
#define SHORT_ROW_SIZE (PIECES / 2) /* 16 bits each, which are both halves of a float's */
#if defined(__AVX512BW__) && TABLE_W == 16
#define ROW(name, at) const F name[2] = {((const F *)(at))[0], ((const F *)(at))[1]}
#define SHORT_ROW(name, at) const I name = *(const I *)(at)
INLINE F look(const F *row, I piece) { return (F)_mm512_permutex2var_ps((__m512)row[0], (__m512i)piece, (__m512)row[1]); }
INLINE F look_short(I row, I piece) { return (F)_mm512_permutexvar_epi16((__m512i)piece, (__m512i)row); }
#else
#define ROW(name, at) const float *const name = (at)
#define SHORT_ROW(name, at) ALIGNED float name[PIECES]; lengthen(at, name)
#define look_short look
INLINE void lengthen(const float *short_row, float *row)
{
  uint16_t half[PIECES];
  uint32_t bits[PIECES];
  memcpy(half, short_row, sizeof half);
  for (int k = 0; k < PIECES; k++) bits[k] = half[k] * 0x10001u;
  memcpy(row, bits, sizeof bits);
}
INLINE F look(const float *row, I piece)
{
#if defined(__AVX2__) && TABLE_W == 8
  const __m256i at = (__m256i)piece;
  const __m256 odd = (__m256)_mm256_slli_epi32(at, 28), high = (__m256)_mm256_slli_epi32(at, 27);
  const __m256 *const eight = (const __m256 *)row;
  const __m256 low_half = _mm256_blendv_ps(_mm256_permutevar8x32_ps(eight[0], at), _mm256_permutevar8x32_ps(eight[1], at), odd);
  const __m256 high_half = _mm256_blendv_ps(_mm256_permutevar8x32_ps(eight[2], at), _mm256_permutevar8x32_ps(eight[3], at), odd);
  return (F)_mm256_blendv_ps(low_half, high_half, high);
#else
  piece &= PIECES - 1;
  F out;
  for (int l = 0; l < TABLE_W; l++) out[l] = row[piece[l]];
  return out;
#endif
}
#endif

/* Piece of `count` potentials, and the place within it (-1/2 .. 1/2), rounded up to whole vectors. Where
 * `both`, both halves of a piece's bits say which it is, as look_short needs it. */
INLINE void locate(const real *v, int count, real scale, real shift, float *place, int32_t *piece, int both)
{
  for (int q = 0; q < count; q += W) {
    const V x = fma_v(*(const V *)(v + q), all(scale), all(shift)), rounded = x + MAGIC, rest = x - (rounded - MAGIC);
#if REAL_BITS == 64
    *(HF *)(place + q) = __builtin_convertvector(rest, HF);
    const HI at = __builtin_convertvector((M)rounded, HI);
#else
    *(V *)(place + q) = rest;
    const M at = (M)rounded;
#endif
    *(HI *)(piece + q) = both ? at | at << 16 : at;
  }
}

/* A row of a TABLE has its place in memory; beyond the first and the last the potential stays where they end. */
INLINE F look_row(const float *row, I piece)
{
#if defined(__AVX512F__) && TABLE_W == 16
  return (F)_mm512_i32gather_ps((__m512i)piece, row, 4);
#elif defined(__AVX2__) && TABLE_W == 8
  return (F)_mm256_i32gather_ps(row, (__m256i)piece, 4);
#else
  F out;
  for (int l = 0; l < TABLE_W; l++) out[l] = row[piece[l]];
  return out;
#endif
}
static inline void stay(float *place, int32_t *piece, int count, int pieces)
{
  for (int q = 0; q < count; q++) {
    const int32_t at = (int32_t)((uint32_t)piece[q] << 10) >> 10; /* the whole number that MAGIC left in the low bits */
    if (at < 0) piece[q] = 0, place[q] = -0.5f;
    else if (at >= pieces) piece[q] = pieces - 1, place[q] = 0.5f;
    else piece[q] = at;
  }
}

/* Reals of a vector of floats, part by part. */
#define PARTS (TABLE_W / W)
INLINE V part(F x, int number)
{
#if REAL_BITS == 64
  union { F whole; HF halves[2]; } both = {x};
  return __builtin_convertvector(both.halves[number], V);
#else
  (void)number;
  return (V)x;
#endif
}

/* exp */
#if REAL_BITS == 64
INLINE V exp_v(V x) /* Taylor's series on -ln 2 / 2 .. ln 2 / 2 */
{
  x = least(most(x, all(-LARGEST_POWER)), all(LARGEST_POWER));
  const V rounded = fma_v(x, all(1.4426950408889634), all(MAGIC)), n = rounded - MAGIC;
  const V r = fma_v(n, all(-LN2_LOW), fma_v(n, all(-LN2_HIGH), x));
  static const double term[] = {1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
                                1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600};
  V p = all(term[12]);
  for (int k = 11; k >= 0; k--) p = fma_v(p, r, all(term[k]));
  return (V)((M)p + ((M)rounded << MANTISSA));
}
#else
INLINE V exp_v(V x) /* of whole 32nds of ln 2 it is looked up */
{
  x = least(most(x, all(-LARGEST_POWER)), all(LARGEST_POWER));
  ROW(power, exp_of);
  const V rounded = fma_v(x, all((real)(32 * 1.4426950408889634)), all(MAGIC)), n = rounded - MAGIC;
  const V r = fma_v(n, all(-LN2_LOW / 32), fma_v(n, all(-LN2_HIGH / 32), x));
  const V p = fma_v(fma_v(r, all(1.0f / 6), all(0.5f)), r * r, r), whole_power = look(power, (M)rounded);
  return (V)((M)fma_v(p, whole_power, whole_power) + (((M)rounded & ~(PIECES - 1)) << (MANTISSA - 5)));
}
#endif

/* log; what is not positive counts as the smallest number */
#if REAL_BITS == 64
INLINE V log_v(V x) /* the series of atanh on sqrt(1/2) .. sqrt(2) */
{
  x = most(x, all(SMALLEST));
  const M power = ((M)x - HALF_ROOT) >> MANTISSA;
  const V m = (V)((M)x - (power << MANTISSA)) - 1, s = m / (m + 2), z = s * s;
  const int terms = 11;
  V p = all((real)(2.0 / (2 * terms - 1)));
  for (int k = terms - 2; k >= 0; k--) p = fma_v(p, z, all((real)(2.0 / (2 * k + 1))));
  const V n = __builtin_convertvector(power, V);
  return fma_v(n, all(LN2_HIGH), fma_v(p, s, n * LN2_LOW));
}
#else
/* A mantissa lies within 1/64 of one of 32 numbers, whose inverse and logarithm are looked up. */
INLINE V log_v(V x)
{
  x = most(x, all(SMALLEST));
  ROW(inverse, log_inverse);
  ROW(of, log_of);
  const M piece = (M)x >> 18, power = ((M)x >> MANTISSA) - 127;
  const V m = (V)(((M)x & 0x7fffff) | 0x3f800000), r = fma_v(m, look(inverse, piece), all(-1));
  V p = fma_v(r, all(-0.25f), all(1.0f / 3));
  p = fma_v(fma_v(p, r, all(-0.5f)), r * r, r);
  const V n = __builtin_convertvector(power, V);
  return fma_v(n, all(LN2_HIGH), fma_v(n, all(LN2_LOW), look(of, piece) + p));
}
#endif
INLINE V sqrt_v(V x)
{
  for (int l = 0; l < W; l++) x[l] = REAL_BITS == 64 ? (real)sqrt(x[l]) : (real)sqrtf(x[l]);
  return x;
}
INLINE V fabs_v(V x) { return most(x, -x); }
INLINE V pow_v(V x, V y) { return exp_v(y * log_v(x)); }
INLINE V tanh_v(V x) { const V e = exp_v(2 * x); return (e - 1) / (e + 1); }

/* What one population of members (nodes with the same mechanisms, or synapses of one kind) has. */
typedef struct {
  int32_t n;           /* members */
  int32_t at;          /* storage number of the first one's node; members of a membrane follow each other */
  const int32_t *node; /* storage numbers of the nodes of synapses */
  real *state;         /* [chunk][state][CHUNK][L] */
  const real *number;  /* numbers of members: TRIALS [member][field], VARIANTS [member][field][W], LONE [chunk][field][CHUNK] */
  const real *shared;  /* numbers that all members share */
  const float *table;  /* [function][coefficient][PIECES], as generated code knows */
} Population;

typedef struct {
  int32_t n_nodes, n_steps, n_fresh, n_stale, n_clamps, clamped, n_raised;
  const int32_t *order;    /* storage number of each node, parents first */
  const int32_t *parent;   /* storage number of its parent */
  const int32_t *children; /* storage numbers; those of the p-th are first[p] .. first[p + 1] - 1 */
  const int32_t *first;
  const real *coupling;  /* conductance to the parent (uS), by storage number [lanes] */
  const Population *population;
  const int32_t *event_start; /* [step + 1] */
  const int32_t *event_train; /* which train each event is of */
  real *const *raised;        /* states that an event of a train raises, [train][n_raised] */
  const real *raised_by;      /* by how much, [train][n_raised] */
  const int32_t *clamp_node;   /* of currents, by storage number */
  const real *clamp_amp;       /* nA, [clamp][step][L] */
  const real *hold;            /* mV, [step][L]; the voltage clamp's */
  const real *hold_g;          /* 1/rs (uS), [step]: 0 where it lets go */
  real *apart;                 /* held minus actual potential (mV), [L] */
  real *hold_i;                /* current of the voltage clamp (nA), [step + 1][L], or NULL */
  const real *const *fresh;    /* what is recorded after a step: [L] each */
  const real *const *stale;    /* what is recorded as the step's currents were */
  real *record;                /* [step + 1][fresh, then stale][L], or NULL */
  real *v, *d, *r;             /* [n_stored][L]: potential (mV); left and right side (uS, nA) */
  real *low, *high;            /* extremes of the potential, [W] */
  const volatile int32_t *stop;
} Job;

#if LAYOUT == TRIALS
#define NUMBER(field) all(number[FIELDS * q + field])
#elif LAYOUT == VARIANTS
#define NUMBER(field) ((const V *)number)[FIELDS * q + field]
#else
#define NUMBER(field) (*(const V *)(number + CHUNK * field + W * q))
#endif
#define NUMBER_LANES (LAYOUT == VARIANTS ? W : 1)
#if LAYOUT == LONE
INLINE V at_nodes(const real *v, const int32_t *node)
{
  V out;
  for (int l = 0; l < W; l++) out[l] = v[node[l]];
  return out;
}
INLINE void add_to_nodes(real *x, const int32_t *node, V much)
{
  for (int l = 0; l < W; l++) x[node[l]] += much[l];
}
#define AT_NODES(x) at_nodes(x, node + W * q)
#define ADD_TO_NODES(x, much) add_to_nodes(x, node + W * q, much)
#else
#define AT_NODES(x) ((const V *)(x))[node[q]]
#define ADD_TO_NODES(x, much) ((V *)(x))[node[q]] += (much)
#endif
#define SHARED(field) all(shared[field])
#define STATE(s) (*(V *)(state + CHUNK * L * (s) + W * q))
#define ROWS(count) (((count) + TABLE_W - 1) / TABLE_W * TABLE_W)
