/* Networks of few-compartment cells, in NEURON's order of operations.
 *
 * A vector holds one number of W neurons; a block of W neurons goes through a whole phase of a
 * sample before the next block starts, so that its state stays in the first-level cache. Nothing
 * is ever summed across lanes: results depend neither on W nor on who runs which network.
 *
 * A step from t to t + dt, as NEURON's fixed step takes it: somatic crossings of the threshold at
 * t; spikes binned to t; currents and conductances at t; implicit Euler on the tree (Hines); gates,
 * synapses and traces by the exact exponential of a linear equation, with the new potential (cnexp).
 *
 * Compile with -DREAL_BITS=32|64 -DW=lanes. Units: ms, mV, nA, uS, nF, mM.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#if REAL_BITS == 32
typedef float R;
typedef int32_t I;
#else
typedef double R;
typedef int64_t I;
#endif

typedef R V __attribute__((vector_size(W * sizeof(R))));
typedef I M __attribute__((vector_size(W * sizeof(I))));
typedef uint32_t U __attribute__((vector_size(W * 4)));
typedef uint64_t U2 __attribute__((vector_size(W * 4)));

#define INLINE static inline __attribute__((always_inline))
#define SEL(mask, a, b) ((V)(((mask) & (M)(a)) | (~(mask) & (M)(b))))
#define MAX_CHANNELS 12
#define MAX_GATES 32
#define ALIGN 64
#define MAX_WORDS 260 /* of a stream: 255 spikes and the word before them, in fours */

enum { CTX = 1, AMPA = 2, GABA = 4, NMDA = 8, BACKGROUND_NMDA = 16 }; /* what a compartment has */
enum { S_FEEDFORWARD, S_CONTEXT, S_AMPA, S_GABA };         /* streams of random words */
enum { OK, DIVERGED, OUT_OF_TABLE, NO_MEMORY, STOPPED, FIRES_AT_REST, NO_THREAD };

/* ---- what Python hands over; the same structures stand in structures.py ---- */

typedef struct {
    int32_t gate[2], power[2]; /* indices of voltage gates, or -1 */
    int32_t calcium_reversal, calcium_gate;
} Channel;

typedef struct {
    int32_t n_channels, n_gates, row, has_pool; /* row: gates padded to a multiple of W */
    Channel channels[MAX_CHANNELS];
    const R *table; /* (rows, row / W, 2, W): see step_gates() */
} Membrane;

typedef struct {
    int32_t n, n_comp, n_sources, first_neuron, first_table; /* of count_table_of */
    const int32_t *parent, *kind, *membrane;        /* n_comp; membrane -1: passive */
    const double *values;                           /* (n_comp, 6, n): see enum */
    const double *channel_values;                   /* (n_comp, MAX_CHANNELS, 2, n) */
    const double *gate_values;                      /* (n_comp, MAX_GATES, n) at the start */
    const double *pool_values;                      /* (n_comp, 5, n): see enum */
    const double *weights;                          /* (n_sources, n), peak factor included */
    const int32_t *place; /* n_sources: -1: current at the soma, or 2 compartment + (1: GABA) */
    const double *nmda;   /* n_sources: jump of NMDA for that of AMPA */
    double ampa_weight, gaba_weight, background_ratio;
} Population;
enum { CAPACITANCE, G_LEAK, E_LEAK, G_COUPLE, V_INIT, AREA };
enum { POOL_DECAY, POOL_INFLOW, POOL_MIN, POOL_CAI, POOL_Z };

typedef struct {
    int64_t n, capacity;
    int32_t *sample, *neuron, *step;
} Spikes;

/* a spike of a cell of `source` (-1: of an input) reaches `target` as its row first_row + cell */
typedef struct {
    int32_t source, target, first_row, delay;
} Route;

typedef struct {
    /* run */
    int32_t n_samples, n_steps, settle_steps, carry, learn, generated, n_threads;
    int32_t n_inputs, n_cells, n_layers, n_routes, output; /* the layer of the output cell, or -1 */
    double dt, threshold;
    uint64_t seed;
    const int32_t *context, *expected, *number; /* n_samples */
    volatile const int32_t *stop;
    /* stimuli, generated */
    const uint8_t *counts;                /* (n_samples, n_inputs) */
    const uint32_t *feedforward_table, *context_table; /* 4097 each */
    const int64_t *count_tables;          /* 256 words a Poisson mean */
    const int32_t *count_table_of;        /* 1 + 2 * compartments of all layers */
    int32_t context_fixed;                /* number of spikes, or -1: Poisson */
    /* stimuli, given: entries of sample s are start[s]..start[s+1]-1 */
    const int64_t *ff_start;
    const int32_t *ff_input, *ff_step;
    const int64_t *ev_start[3];
    const int32_t *ev_neuron[3], *ev_comp[3], *ev_step[3];
    /* receptors: decay factors of a step (rise, decay) and peak factors */
    double ampa[3], nmda[3], gaba[3], ff[2];
    double e_excitatory, e_gaba, nmda_ratio, mg_factor, mg_slope;
    /* channels */
    const Membrane *membranes;
    double table_v0, table_step;
    int32_t table_rows;
    double nernst, cai_out, z_half, z_hill, z_rate;
    /* plasticity */
    int32_t plastic, window, nominal_onset;
    double tau_dend, tau_pre, tau_post, tau_eps, c_pre, c_post, eta[3], theta[2], error_scale;
    double w_min, w_max;
    double *master; /* (n_contexts, n_comp, n) */
    const Population *layers; /* in the order in which they run; the hidden one first */
    const Route *routes;
    /* results */
    double *v_out; /* (n_samples, n_cells, n_steps + 1) or NULL */
    int32_t *error;
    Spikes spikes;
    int32_t done, bad_neuron;
} Job;

/* ---- one block of W neurons ---- */

typedef struct {
    /* new potential: x + y times the change of the parent's; see eliminate() */
    V x, y, cdt, g0, cE, gc;
    /* conductances g and what the next step adds to them; see receive() */
    V gA, aA, gN, aN, gG, aG;
    /* traces, and the weight at the sample's start, its change, and their sum, in jumps of aA */
    V ud, up, w0, dw, w;
    V v; /* of somata and in trees */
} Comp;

typedef struct {
    V cai, z, eca, ica, decay, inflow, mincai;
    V gbar[MAX_CHANNELS], erev[MAX_CHANNELS], gate[MAX_GATES];
    R lane[W][MAX_GATES];
} Mem;

typedef struct {
    V fa, fb, upost, vlo, vhi;
    V dv; /* last change of the soma's potential */
    M above; /* the threshold at the last step; none at first: as in NEURON, who starts above spikes */
} Cell;

typedef struct {
    int32_t next;
    int16_t kind, comp, lane;
    R w; /* the weight that a contextual spike meets */
} Extra;

typedef struct {
    Cell *cell;
    Comp *comp;
    Mem *mem;           /* one a compartment with channels, in order */
    uint64_t *events;   /* (planes, n_steps): 4 x 16 lanes: context 1, 2; AMPA; GABA */
    int32_t *head;      /* n_steps: first further event of a step, or -1 */
    Extra *extra;
    int32_t n_extra, max_extra;
    Spikes spikes; /* of the current phase */
    int32_t code, bad_neuron;
} Block;

/* spikes under way to a layer: those of a step in the order in which they were sent */
typedef struct {
    int32_t step, row, next;
} Arrival;

typedef struct {
    int32_t *first, *last; /* by step, or -1 */
    Arrival *at;
    int32_t n, max;
} Arrivals;

/* numbers that all cells of a layer share, in the kernel's precision */
typedef struct {
    R dA, rA, bgA, dN, rN, fN, bgN, dG, rG, bgG, ff[2], eE, eG;
    R slope, unit, unit_slope, block_rate, block_shift;
    R keep_ud, eta[3], theta[2], w_min, w_max, threshold;
    double in_jumps; /* jump of aA per uS of a contextual weight */
    R table_v0, table_low, table_high, per_row, nernst, log2_out, z_hill, log2_half, z_rate;
    int32_t last_row;
} Consts;

typedef struct {
    const Population *p;
    Consts k;
    int32_t star, same_kind; /* passive dendrites that all hang at the soma; their kind or -1 */
    int32_t n_blocks, n_mem, n_planes;
    int32_t *plane; /* n_comp: where a compartment's events are, or -1 */
    Block *blocks;
    char *state, *saved; /* everything that a step changes, of all blocks */
    size_t state_bytes;
    R *weights;          /* (n_sources, n_blocks * W) */
    Arrivals currents, openings; /* at somata, of receptors */
} Layer;

INLINE V all(double x) { return (R)x - (V){0}; } /* compilers know that this is x, even for -0 */
INLINE M bits(uint32_t b, M lanebit) { return (((M){0} + (I)b) & lanebit) != 0; }
INLINE int any(M m)
{
    union { M m; uint64_t u[sizeof(M) / 8]; } x = {m};
    uint64_t r = 0;
    for (size_t i = 0; i < sizeof(M) / 8; i++) r |= x.u[i];
    return r != 0;
}
#define CHOOSE(mask, a) ((V)((mask) & (M)(a)))

/* KEEP(bits, a): the lanes of a whose bit is set, others zero. BELOW(x, limit, a, b): a where
 * x < limit, else b. RECIPROCAL(a): 1 / a, or the CPU's estimate of it refined to nearly all bits.
 * ROUGHLY(a): 1 / a to 6e-5 (float32) or 4e-9. Each does the same in a lane for every width.
 * Additions under a mask would block the multipliers of Zen 4; adding what KEEP leaves does not. */
INLINE V keep_any(uint64_t b, V a)
{
    M lane;
    for (int i = 0; i < W; i++) lane[i] = (I)1 << i;
    return CHOOSE(bits(b & 0xffff, lane), a);
}
#define KEEP(b, a) keep_any(b, a)
#define MIN(a, b) SEL((a) < (b), a, b)
#define MAX(a, b) SEL((a) > (b), a, b)
#define BELOW(x, limit, a, b) SEL((x) < (limit), a, b)
#define RECIPROCAL(a) (1 / (a))
#define ROUGHLY(a) (1 / (a))

#if defined(__AVX512F__) && defined(__AVX512VL__)
#include <immintrin.h>
#if REAL_BITS == 32
#define NAME_(bits, what) _mm##bits##_##what##_ps
#else
#define NAME_(bits, what) _mm##bits##_##what##_pd
#endif
#define NAME(bits, what) NAME_(bits, what)
#if REAL_BITS == 32
#define LESS_(bits, a, b) _mm##bits##_cmp_ps_mask(a, b, _CMP_LT_OQ)
#else
#define LESS_(bits, a, b) _mm##bits##_cmp_pd_mask(a, b, _CMP_LT_OQ)
#endif
#define LESS(bits, a, b) LESS_(bits, a, b)
#if W * REAL_BITS == 128
#define BITS
typedef __m128 NATIVE;
typedef __mmask8 MASK;
#elif W * REAL_BITS == 256 && REAL_BITS == 32
#define BITS 256
typedef __m256 NATIVE;
typedef __mmask8 MASK;
#elif W * REAL_BITS == 256
#define BITS 256
typedef __m256d NATIVE;
typedef __mmask8 MASK;
#elif W * REAL_BITS == 512 && REAL_BITS == 32
#define BITS 512
typedef __m512 NATIVE;
typedef __mmask16 MASK;
#elif W * REAL_BITS == 512
#define BITS 512
typedef __m512d NATIVE;
typedef __mmask8 MASK;
#endif
#undef RECIPROCAL
#undef ROUGHLY
#define RECIPROCAL(a) refine(estimate(a), a)
#if REAL_BITS == 32
#define ROUGHLY(a) estimate(a)
#else
#define ROUGHLY(a) newton(estimate(a), a)
#endif
INLINE V newton(V r, V a) { return r + r * (1 - a * r); }
INLINE V refine(V r, V a)
{
    V e = 1 - a * r;
#if REAL_BITS == 64
    e = e * e + e;
#endif
    return r + r * e;
}
#ifdef BITS
#undef KEEP
#undef MIN
#undef MAX
#undef BELOW
#define KEEP(b, a) ((V)NAME(BITS, maskz_mov)((MASK)(b), (NATIVE)(a)))
#define MIN(a, b) ((V)NAME(BITS, min)((NATIVE)(a), (NATIVE)(b)))
#define MAX(a, b) ((V)NAME(BITS, max)((NATIVE)(a), (NATIVE)(b)))
#define BELOW(x, limit, a, b) \
    ((V)NAME(BITS, mask_blend)(LESS(BITS, (NATIVE)(x), (NATIVE)(limit)), (NATIVE)(b), (NATIVE)(a)))
INLINE V estimate(V a) { return (V)NAME(BITS, rcp14)((NATIVE)a); }
#else
INLINE V estimate(V a)
{
    union { V v; __m512d h[2]; } x = {a};
    x.h[0] = _mm512_rcp14_pd(x.h[0]), x.h[1] = _mm512_rcp14_pd(x.h[1]);
    return x.v;
}
#endif
#endif

#if REAL_BITS == 32
#define MANTISSA 23
#define MAGIC 12582912.0f
#define SQRT_HALF_BITS 0x3f3504f3
#define LOG_TERMS 4
#else
#define MANTISSA 52
#define MAGIC 6755399441055744.0
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdLL
#define LOG_TERMS 7
#endif

/* 2^f for |f| <= 1/2 with the least largest relative error: EXP2 to 7e-08 and 4e-11; ROUGH_EXP2 to
 * 7e-05 and 7e-08, which moves the voltage of a block by magnesium by 1e-3 and 1e-6 mV at most */
#if REAL_BITS == 32
static const R EXP2[] = {
    1.0000000716546718, 0.69314696706435908, 0.2402211972388274, 0.055507132741538082,
    0.0096755413327318639, 0.0013276471780394542};
static const R ROUGH_EXP2[] = {
    0.9999280735404958, 0.6932609854573365, 0.24261112219432993, 0.055171669074862734};
#else
static const R EXP2[] = {
    0.99999999996168154, 0.6931471807284475, 0.24022651198156933, 0.055504103534493122,
    0.0096180272538108711, 0.0013333922560903036, 0.00015469291094288322, 1.5201922415584858e-05};
static const R ROUGH_EXP2[] = {
    1.0000000716546718, 0.69314696706435908, 0.2402211972388274, 0.055507132741538082,
    0.0096755413327318639, 0.0013276471780394542};
#endif

/* EACH: for several vectors side by side. A chain of operations is mostly waiting; a CPU looks ahead
 * too little to find the next compartment's chain by itself. */
#define GROUP 2
#define EACH(j, n) _Pragma("GCC unroll 8") for (int j = 0; j < (n); j++)

/* 2^x of n vectors, in their place */
INLINE void exp2_by(V *x, const int n, const R *terms, const int n_terms)
{
    V whole[GROUP], f[GROUP];
    EACH(j, n) whole[j] = x[j] + (R)MAGIC;
    EACH(j, n) f[j] = x[j] - (whole[j] - (R)MAGIC);
    EACH(j, n) x[j] = all(terms[n_terms - 1]);
#pragma GCC unroll 12
    for (int k = n_terms - 2; k >= 0; k--)
        EACH(j, n) x[j] = x[j] * f[j] + terms[k];
    EACH(j, n) x[j] = (V)((M)x[j] + ((M)whole[j] << MANTISSA));
}
#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
INLINE void rough_exp2(V *x, const int n) { exp2_by(x, n, ROUGH_EXP2, LENGTH(ROUGH_EXP2)); }
INLINE V exp2v(V x)
{
    exp2_by(&x, 1, EXP2, LENGTH(EXP2));
    return x;
}

INLINE V log2v(V x)
{
    M e = ((M)x - (I)SQRT_HALF_BITS) >> MANTISSA;
    V m = (V)((M)x - (e << MANTISSA));
    V s = (m - 1) * RECIPROCAL(m + 1), s2 = s * s, p = all(1.0 / (2 * LOG_TERMS - 1));
#pragma GCC unroll 10
    for (int k = LOG_TERMS - 2; k >= 0; k--) p = p * s2 + (R)(1.0 / (2 * k + 1));
    return __builtin_convertvector(e, V) + s * p * (R)2.88539008177792681472;
}

/* ---- random words: Philox 4x32-10, one counter a lane ---- */

INLINE void mulhilo(U x, uint64_t m, U *hi, U *lo)
{
    const U2 low = (U2){0} + 0xffffffffu;
    U2 e = ((U2)x & low) * m, o = ((U2)x >> 32) * m;
    *lo = (U)((e & low) | (o << 32));
    *hi = (U)((e >> 32) | (o & ~low));
}

INLINE void philox(uint32_t block, uint32_t stream, U neuron, uint32_t sample, uint64_t seed, U out[4])
{
    U c0 = (U){0} + block, c1 = (U){0} + stream, c2 = neuron, c3 = (U){0} + sample;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma GCC unroll 10
    for (int r = 0; r < 10; r++) {
        U h0, l0, h1, l1;
        mulhilo(c0, 0xD2511F53u, &h0, &l0);
        mulhilo(c2, 0xCD9E8D57u, &h1, &l1);
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* words 0..n of a stream for W neurons */
static void draw(U *out, int n, uint32_t stream, U neuron, uint32_t sample, uint64_t seed)
{
    for (int b = 0; b <= n / 4; b++) philox(b, stream, neuron, sample, seed, out + 4 * b);
}

/* how many of 255 rising numbers do not exceed a word, without a branch to guess */
INLINE int count_of(const int64_t *table, uint32_t word)
{
    int n = 0;
    for (int half = 128; half; half >>= 1) n += -(table[n + half - 1] <= (int64_t)word) & half;
    return n;
}

INLINE int32_t burst_step(uint32_t word, const uint32_t *table)
{
    const uint64_t cell = word >> 20, low = word & 0xfffff, start = table[cell];
    return (int32_t)((start + (((table[cell + 1] - start) * low) >> 20)) >> 16);
}

INLINE int32_t uniform_step(uint32_t word, uint32_t n_steps)
{
    return (int32_t)(((uint64_t)word * n_steps + 0x80000000u) >> 32);
}

/* ---- events of a block ---- */

static int push_extra(Block *b, int32_t step, int kind, int comp, int lane)
{
    if (b->n_extra == b->max_extra) {
        int32_t more = 2 * b->max_extra + 256;
        Extra *grown = realloc(b->extra, more * sizeof(Extra));
        if (!grown) return NO_MEMORY;
        b->extra = grown, b->max_extra = more;
    }
    b->extra[b->n_extra] = (Extra){b->head[step], (int16_t)kind, (int16_t)comp, (int16_t)lane, 0};
    b->head[step] = b->n_extra++;
    return OK;
}

INLINE int add_event(const Layer *l, Block *b, int n_steps, int32_t step, int kind, int comp, int lane)
{
    uint64_t *word = b->events + (size_t)l->plane[comp] * n_steps + step;
    if (kind == S_CONTEXT) {
        const uint64_t bit = 1ull << lane, both = bit << 16 | bit, now = *word;
        if (__builtin_expect((now & both) == both, 0)) return push_extra(b, step, kind, comp, lane);
        *word = now ^ (bit | (now & bit) << 16); /* a binary count of two digits */
        return OK;
    }
    const uint64_t bit = 1ull << (lane + (kind == S_AMPA ? 32 : 48));
    if (__builtin_expect((*word & bit) != 0, 0)) return push_extra(b, step, kind, comp, lane);
    *word |= bit;
    return OK;
}

static int generate(const Job *job, const Layer *l, int block, int sample)
{
    U words[MAX_WORDS];
    const Population *p = l->p;
    Block *b = l->blocks + block;
    const int lanes = p->n - block * W < W ? p->n - block * W : W;
    const int32_t *table_of = job->count_table_of + p->first_table;
    U neuron;
    for (int i = 0; i < W; i++) neuron[i] = (uint32_t)(p->first_neuron + block * W + i);
    for (int c = 0; c < p->n_comp; c++)
        for (int kind = S_CONTEXT; kind <= S_GABA; kind++) {
            if (!(p->kind[c] & (kind == S_CONTEXT ? CTX : kind == S_AMPA ? AMPA : GABA))) continue;
            int which = kind == S_CONTEXT ? job->count_table_of[0] : table_of[2 * c + kind - S_AMPA];
            const int64_t *table = job->count_tables + 256 * (int64_t)which;
            uint32_t stream = (uint32_t)kind * 65536u + (uint32_t)c;
            int n[W], most = 0;
            philox(0, stream, neuron, job->number[sample], job->seed, words);
            for (int i = 0; i < lanes; i++) {
                n[i] = kind == S_CONTEXT && job->context_fixed >= 0 ? job->context_fixed
                                                                    : count_of(table, words[0][i]);
                if (n[i] > most) most = n[i];
            }
            if (most > 3) draw(words, most, stream, neuron, job->number[sample], job->seed);
            for (int i = 0; i < lanes; i++)
                for (int k = 1; k <= n[i]; k++) {
                    int32_t step = kind == S_CONTEXT ? burst_step(words[k][i], job->context_table)
                                                     : uniform_step(words[k][i], job->n_steps);
                    if (step < job->n_steps && add_event(l, b, job->n_steps, step, kind, c, i))
                        return NO_MEMORY;
                }
        }
    return OK;
}

static int fill_events(const Job *job, const Layer *l, int block, int sample)
{
    const Population *p = l->p;
    Block *b = l->blocks + block;
    memset(b->events, 0, sizeof(uint64_t) * (size_t)job->n_steps * l->n_planes);
    memset(b->head, 0xff, sizeof(int32_t) * job->n_steps);
    b->n_extra = 0;
    if (job->generated) return generate(job, l, block, sample);
    for (int kind = 0; kind < 3; kind++)
        for (int64_t e = job->ev_start[kind][sample]; e < job->ev_start[kind][sample + 1]; e++) {
            int i = job->ev_neuron[kind][e] - p->first_neuron - block * W;
            if (i < 0 || i >= W || i + block * W >= p->n) continue;
            if (add_event(l, b, job->n_steps, job->ev_step[kind][e], kind + S_CONTEXT,
                          job->ev_comp[kind][e], i))
                return NO_MEMORY;
        }
    return OK;
}

/* ---- spikes on their way between layers, in lists by step ---- */

static int send(Arrivals *a, int32_t step, int32_t row)
{
    if (a->n == a->max) {
        const int32_t more = 2 * a->max + 4096;
        Arrival *grown = realloc(a->at, more * sizeof(Arrival));
        if (!grown) return NO_MEMORY;
        a->at = grown, a->max = more;
    }
    a->at[a->n] = (Arrival){step, row, -1};
    if (a->first[step] < 0) a->first[step] = a->n;
    else a->at[a->last[step]].next = a->n;
    a->last[step] = a->n++;
    return OK;
}

/* a new sample: what is under way beyond the end of the last one arrives in it, if it is kept */
static void carry_over(Arrivals *a, int32_t n_steps, int32_t horizon, int keep)
{
    const int32_t n = a->n;
    a->n = 0;
    memset(a->first, 0xff, sizeof(int32_t) * horizon);
    for (int32_t e = 0; e < n; e++)
        if (keep && a->at[e].step >= n_steps) send(a, a->at[e].step - n_steps, a->at[e].row);
}

/* send a spike of a cell of a layer, or of an input (-1), along all routes */
static int emit(const Job *job, Layer *layers, int source, int32_t cell, int32_t step)
{
    for (const Route *r = job->routes; r < job->routes + job->n_routes; r++) {
        if (r->source != source) continue;
        Layer *to = layers + r->target;
        const int32_t row = r->first_row + cell;
        if (send(to->p->place[row] < 0 ? &to->currents : &to->openings, step + r->delay, row))
            return NO_MEMORY;
    }
    return OK;
}

/* send the spikes of the inputs in a sample; *first becomes the step of the first, if it is less */
static int feedforward(const Job *job, Layer *layers, int sample, int *first)
{
    U words[MAX_WORDS];
    if (!job->generated) {
        for (int64_t e = job->ff_start[sample]; e < job->ff_start[sample + 1]; e++) {
            if (job->ff_step[e] < *first) *first = job->ff_step[e];
            if (emit(job, layers, -1, job->ff_input[e], job->ff_step[e])) return NO_MEMORY;
        }
        return OK;
    }
    const int n = job->n_inputs;
    const uint8_t *counts = job->counts + (size_t)sample * n;
    int input[W], used = 0;
    for (int i = 0; i <= n; i++) {
        if (i < n && counts[i]) input[used++] = i;
        if (used < W && i < n) continue;
        U neuron = {0};
        int most = 0;
        for (int k = 0; k < used; k++) {
            neuron[k] = (uint32_t)input[k];
            if (counts[input[k]] > most) most = counts[input[k]];
        }
        if (used) draw(words, most, S_FEEDFORWARD, neuron, job->number[sample], job->seed);
        for (int k = 0; k < used; k++)
            for (int j = 1; j <= counts[input[k]]; j++) {
                int32_t step = burst_step(words[j][k], job->feedforward_table);
                if (step >= job->n_steps) continue;
                if (step < *first) *first = step;
                if (emit(job, layers, -1, input[k], step)) return NO_MEMORY;
            }
        used = 0;
    }
    return OK;
}

/* ---- gates ---- */

#if W == 4
#define LANES(f, s) f(0, s), f(1, s), f(2, s), f(3, s)
#elif W == 8
#define LANES(f, s) f(0, s), f(1, s), f(2, s), f(3, s), f(4, s), f(5, s), f(6, s), f(7, s)
#else
#define LANES(f, s) f(0, s), f(1, s), f(2, s), f(3, s), f(4, s), f(5, s), f(6, s), f(7, s), \
                    f(8, s), f(9, s), f(10, s), f(11, s), f(12, s), f(13, s), f(14, s), f(15, s)
#endif
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (M){__VA_ARGS__})
#endif
#define LOW(j, s) (((j) & (s)) ? (j) - (s) + W : (j))
#define HIGH(j, s) (((j) & (s)) ? (j) + W : (j) + (s))
#define STAGE(s) \
    for (int i = 0; i < W; i++) \
        if (!(i & (s))) { \
            V a = r[i], b = r[i + (s)]; \
            r[i] = SHUFFLE(a, b, LANES(LOW, s)); \
            r[i + (s)] = SHUFFLE(a, b, LANES(HIGH, s)); \
        }

INLINE void transpose(V r[W])
{
#pragma GCC unroll 16
    STAGE(1)
#pragma GCC unroll 16
    STAGE(2)
#if W > 4
#pragma GCC unroll 16
    STAGE(4)
#endif
#if W > 8
#pragma GCC unroll 16
    STAGE(8)
#endif
}

/* gates towards their steady states, one lane after the other: a row of the table holds, for W
 * gates at a time, steady states and rates; between rows lie straight lines */
INLINE void step_gates(const Consts *c, const Membrane *k, Mem *m, Cell *cell, int lanes, V v)
{
    const M last = (M){0} + (I)c->last_row;
    const V x = (v - c->table_v0) * c->per_row;
    M i = __builtin_convertvector(x, M);
    i = i & ~(i < 0);
    i = (i & (i < last)) | (last & ~(i < last));
    const V f = x - __builtin_convertvector(i, V);
    cell->vlo = MIN(v, cell->vlo);
    cell->vhi = MAX(v, cell->vhi);
    const int row = k->row;
    I at[W] __attribute__((aligned(ALIGN)));
    R part[W] __attribute__((aligned(ALIGN)));
    *(M *)at = i * (I)(2 * row);
    *(V *)part = f;
    for (int g = 0; g < row; g += W) {
#pragma GCC unroll 1
        for (int l = 0; l < lanes; l++) {
            const V *from = (const V *)(k->table + at[l] + 2 * g);
            const V *to = (const V *)(k->table + at[l] + 2 * g + 2 * row);
            const V inf = from[0] + part[l] * (to[0] - from[0]);
            const V rate = from[1] + part[l] * (to[1] - from[1]);
            V *s = (V *)&m->lane[l][g];
            *s += rate * (inf - *s);
        }
        __asm__ volatile("" ::: "memory"); /* or the compiler keeps all rows in registers, and spills */
        V r[W];
#pragma GCC unroll 16
        for (int l = 0; l < W; l++) r[l] = *(const V *)&m->lane[l][g];
        transpose(r);
#pragma GCC unroll 16
        for (int l = 0; l < W; l++) m->gate[g + l] = r[l];
    }
}

INLINE V power(V x, int n)
{
    V x2 = x * x;
    return n == 1 ? x : n == 2 ? x2 : n == 3 ? x2 * x : x2 * x2;
}

/* conductance and its product with the reversal potential; keeps the calcium current */
INLINE void channels(const Membrane *k, Mem *m, V v, V *g_sum, V *ge_sum)
{
    V ica = {0}, gs = *g_sum, ges = *ge_sum;
    for (int c = 0; c < k->n_channels; c++) {
        const Channel *ch = k->channels + c;
        V g = m->gbar[c];
        if (ch->calcium_gate) g *= m->z;
        else {
            g *= power(m->gate[ch->gate[0]], ch->power[0]);
            if (ch->gate[1] >= 0) g *= power(m->gate[ch->gate[1]], ch->power[1]);
        }
        V e = ch->calcium_reversal ? m->eca : m->erev[c];
        if (ch->calcium_reversal) ica += g * (v - e);
        gs += g;
        ges += g * e;
    }
    m->ica = ica;
    *g_sum = gs;
    *ge_sum = ges;
}

INLINE void step_pool(const Consts *k, Mem *m)
{
    m->cai += m->decay * (m->mincai + m->ica * m->inflow - m->cai);
    const V level = log2v(m->cai);
    m->eca = k->nernst * (k->log2_out - level);
    const V x = exp2v(k->z_hill * (k->log2_half - level));
    m->z += k->z_rate * (RECIPROCAL(1 + x) - m->z);
}

/* ---- a phase: steps s0..s1-1 of one block ---- */

typedef struct {
    const R *scale, *jump_pre, *jump_post; /* n_steps each; see scales() */
    int32_t rebase;
    R rebase_pre, rebase_post;
    int learning;
} Traces;

static int record(Spikes *s, int sample, int neuron, int step)
{
    if (s->n == s->capacity) {
        int64_t more = 2 * s->capacity + 4096;
        int32_t *a = realloc(s->sample, more * 4);
        if (!a) return NO_MEMORY;
        s->sample = a;
        if (!(a = realloc(s->neuron, more * 4))) return NO_MEMORY;
        s->neuron = a;
        if (!(a = realloc(s->step, more * 4))) return NO_MEMORY;
        s->step = a;
        s->capacity = more;
    }
    s->sample[s->n] = sample, s->neuron[s->n] = neuron, s->step[s->n++] = step;
    return OK;
}

/* what a phase holds on to */
typedef struct {
    const Job *job;
    const Consts *k;
    const Traces *tr;
    V product;    /* upost * eps * span of this step */
    int learning;
    R jump_pre;
    size_t ev_stride; /* from a compartment's events to those of the next */
    int lanes;        /* that hold a neuron */
} Step;

/* w' = eta(u_dend) u_pre u_post eps over one step */
INLINE void learn(const Consts *k, Comp *c, V product)
{
    const V ud = c->ud, low = k->w_min - c->w0, high = k->w_max - c->w0;
    const V not_low = BELOW(all(k->theta[1]), ud, all(k->eta[2]), all(k->eta[1]));
    const V eta = BELOW(ud, all(k->theta[0]), all(k->eta[0]), not_low);
    V dw = c->dw + eta * c->up * product;
    dw = MIN(MAX(dw, low), high);
    c->dw = dw;
    c->w = c->w0 + dw;
}

/* the difference of two exponentials: g is what they are now, a what the next step adds */
INLINE void step_receptor(V *g, V *a, V decay, V rise, V jump)
{
    *g = *g * decay + *a;
    *a = *a * rise + jump;
}

/* events of a step: presynaptic traces and synaptic conductances of n compartments.
 * Adds AMPA and GABA to g and ge (uS, nA), and returns NMDA in its unit: jumps of AMPA. */
INLINE void receive(const Step *st, Comp *c, const int n, const uint64_t *ev, const int has,
                    const int zero, V *g, V *ge, V *G)
{
    const Consts *k = st->k;
    const int context = has & CTX, ampa = has & (CTX | AMPA), both = has & BACKGROUND_NMDA;
    const size_t next = st->ev_stride;
    V jA[GROUP], jN[GROUP], jG[GROUP];
    EACH(j, n) jA[j] = jN[j] = jG[j] = (V){0};
    if (context) {
        const V one = all(st->jump_pre);
        uint64_t twice = 0;
        EACH(j, n) jA[j] = KEEP(ev[j * next], c[j].w);
        if (st->tr) EACH(j, n) c[j].up += KEEP(ev[j * next], one);
        EACH(j, n) twice |= ev[j * next];
        if (__builtin_expect((twice & 0xffff0000) != 0, 0)) {
            EACH(j, n) jA[j] += KEEP(ev[j * next] >> 16, c[j].w + c[j].w);
            if (st->tr) EACH(j, n) c[j].up += KEEP(ev[j * next] >> 16, one + one);
        }
        EACH(j, n) jN[j] = both ? jA[j] * k->fN : jA[j];
    }
    if (ampa) {
        const V jump = all(k->bgA), decay = all(k->dA), rise = all(k->rA);
        EACH(j, n) jA[j] += KEEP(ev[j * next] >> 32, jump);
        EACH(j, n) step_receptor(&c[j].gA, &c[j].aA, decay, rise, jA[j]);
        EACH(j, n) g[j] += c[j].gA;
        if (!zero) EACH(j, n) ge[j] += c[j].gA * k->eE;
    }
    if (both) {
        const V jump = all(k->bgN);
        EACH(j, n) jN[j] += KEEP(ev[j * next] >> 32, jump);
    }
    if (has & NMDA) {
        const V decay = all(k->dN), rise = all(k->rN);
        EACH(j, n) step_receptor(&c[j].gN, &c[j].aN, decay, rise, jN[j]);
        EACH(j, n) G[j] = c[j].gN;
    }
    if (has & GABA) {
        const V jump = all(k->bgG), decay = all(k->dG), rise = all(k->rG), e = all(k->eG);
        EACH(j, n) jG[j] = KEEP(ev[j * next] >> 48, jump);
        EACH(j, n) step_receptor(&c[j].gG, &c[j].aG, decay, rise, jG[j]);
        EACH(j, n) g[j] += c[j].gG;
        EACH(j, n) ge[j] += c[j].gG * e;
    }
}

/* Adds NMDA with its block at v to g and ge of n compartments; slope is what it adds to the left side
 * besides. B is the fraction that magnesium leaves open; 1 / (B's unit) is the unit of G. */
INLINE void unblock(const Consts *k, const int n, const V *G, const V *v, const int zero, V *g, V *ge,
                    V *slope)
{
    const V rate = all(k->block_rate), shift = all(k->block_shift), unit = all(k->unit);
    const V steep = all(k->slope), less = all(k->unit_slope);
    V B[GROUP], open[GROUP];
    EACH(j, n) B[j] = v[j] * rate + shift;
    rough_exp2(B, n);
    EACH(j, n) B[j] += unit;
    EACH(j, n) B[j] = ROUGHLY(B[j]);
    EACH(j, n) open[j] = G[j] * B[j];
    EACH(j, n) g[j] += open[j];
    if (!zero) EACH(j, n) ge[j] += open[j] * k->eE;
    EACH(j, n) slope[j] = open[j] * (zero ? v[j] : v[j] - k->eE) * (steep - less * B[j]);
}

/* The equation of a compartment is for the change of its potential: left side times change =
 * current + gc times change of the parent's. It leaves x, the new potential if the parent kept its
 * own, and y, by how much it follows. A rough reciprocal changes only how fast it gets there. */
INLINE void eliminate(Comp *c, const int n, const V *left, const V *current, const V *v)
{
    V inv[GROUP];
    EACH(j, n) inv[j] = ROUGHLY(left[j]);
    EACH(j, n) c[j].x = v[j] + current[j] * inv[j];
    EACH(j, n) c[j].y = c[j].gc * inv[j];
}

/* one step of n dendrites of a star: end of the last step, then events and elimination of this one.
 * Adds to the soma's current and to what its left side loses. */
INLINE void star_group(const Step *st, const Cell *cell, Comp *comp, const int c0, const int n,
                       const int32_t *kind, const uint64_t *ev, const int fixed, const int zero,
                       const int learning, V *n_soma, V *less)
{
    const Consts *k = st->k;
    const V vs = comp[0].v, dvs = cell->dv;
    const int has = fixed >= 0 ? fixed : kind[c0];
    const V keep_ud = all(k->keep_ud);
    Comp *at = comp + c0;
    V v[GROUP], g[GROUP], ge[GROUP], G[GROUP], slope[GROUP];
    EACH(j, n) v[j] = at[j].x + at[j].y * dvs;
    if (has & CTX && st->tr) EACH(j, n) at[j].ud = at[j].ud * keep_ud + v[j];
    EACH(j, n) g[j] = at[j].g0, ge[j] = at[j].cE + at[j].gc * vs, slope[j] = (V){0};
    receive(st, at, n, ev + c0 * st->ev_stride, has, zero, g, ge, G);
    if (has & CTX && learning) EACH(j, n) learn(k, at + j, st->product);
    if (has & NMDA) unblock(k, n, G, v, zero, g, ge, slope);
    EACH(j, n) slope[j] += g[j] + at[j].cdt;
    EACH(j, n) ge[j] -= g[j] * v[j];
    eliminate(at, n, slope, ge, v);
    EACH(j, n) {
        *less += at[j].gc * at[j].y;
        *n_soma += at[j].gc * at[j].x;
    }
}

INLINE V star_step(const Step *st, const Cell *cell, Comp *comp, int n_comp, const int32_t *kind,
                   const uint64_t *ev, const int fixed, const int zero, const int learning, V *n_soma)
{
    V less = {0}, ns = *n_soma;
    int c = 1;
    if (fixed >= 0)
        for (; c + GROUP <= n_comp; c += GROUP)
            star_group(st, cell, comp, c, GROUP, kind, ev, fixed, zero, learning, &ns, &less);
    for (; c < n_comp; c++)
        star_group(st, cell, comp, c, 1, kind, ev, fixed, zero, learning, &ns, &less);
    *n_soma = ns;
    return less;
}

/* the same for any tree: events and elimination from the leaves to the soma ... */
INLINE V tree_step(const Step *st, const Block *b, const Layer *l, const uint64_t *ev, V *less, V *n_sum)
{
    const Consts *k = st->k;
    const Population *p = l->p;
    const uint64_t silence = 0;
    Comp *comp = b->comp;
    Mem *mem = b->mem + l->n_mem;
    for (int c = 0; c < p->n_comp; c++) less[c] = n_sum[c] = (V){0};
    for (int c = p->n_comp - 1; c > 0; c--) {
        Comp *at = comp + c;
        const V v = at->v;
        V g = at->g0, ge = at->cE + n_sum[c] + at->gc * comp[p->parent[c]].v, slope = {0};
        V G;
        const uint64_t *own = l->plane[c] < 0 ? &silence : ev + l->plane[c] * st->ev_stride;
        receive(st, at, 1, own, p->kind[c], 0, &g, &ge, &G);
        if (p->kind[c] & CTX && st->learning) learn(k, at, st->product);
        if (p->membrane[c] >= 0) channels(st->job->membranes + p->membrane[c], --mem, v, &g, &ge);
        if (p->kind[c] & NMDA) unblock(k, 1, &G, &v, 0, &g, &ge, &slope);
        const V left = g + at->cdt + slope - less[c], current = ge - g * v;
        eliminate(at, 1, &left, &current, &v);
        less[p->parent[c]] += at->gc * at->y;
        n_sum[p->parent[c]] += at->gc * at->x;
    }
    return less[0];
}

/* ... and new potentials and states from the soma to the leaves */
INLINE void tree_update(const Step *st, const Block *b, const Population *p, V *change)
{
    Comp *comp = b->comp;
    Mem *mem = b->mem + (p->membrane[0] >= 0);
    change[0] = b->cell->dv;
    for (int c = 1; c < p->n_comp; c++) {
        Comp *at = comp + c;
        const V v = at->x + at->y * change[p->parent[c]];
        change[c] = v - at->v;
        at->v = v;
        if (p->kind[c] & CTX && st->tr) at->ud = at->ud * st->k->keep_ud + v;
        if (p->membrane[c] >= 0) {
            const Membrane *t = st->job->membranes + p->membrane[c];
            if (t->has_pool) step_pool(st->k, mem);
            step_gates(st->k, t, mem, b->cell, st->lanes, v);
            mem++;
        }
    }
}

/* Events of a step that found no place in the planes: what they meet before the step, and what they
 * leave after it. A jump is felt in the next step only, so it may be added late. */
static void meet_extra(const Step *st, const Block *b, int32_t e)
{
    for (; e >= 0; e = b->extra[e].next) {
        Extra *x = b->extra + e;
        if (x->kind != S_CONTEXT) continue;
        x->w = b->comp[x->comp].w[x->lane];
        if (st->tr) b->comp[x->comp].up[x->lane] += st->jump_pre;
    }
}

static void add_extra(const Consts *k, const Block *b, int32_t e, const int32_t *kind)
{
    for (; e >= 0; e = b->extra[e].next) {
        const Extra *x = b->extra + e;
        Comp *c = b->comp + x->comp;
        const int has = kind[x->comp];
        if (x->kind == S_GABA) c->aG[x->lane] += k->bgG;
        else c->aA[x->lane] += x->kind == S_AMPA ? k->bgA : x->w;
        if (x->kind == S_CONTEXT && has & NMDA) c->aN[x->lane] += k->fN * x->w;
        if (x->kind == S_AMPA && has & BACKGROUND_NMDA) c->aN[x->lane] += k->bgN;
    }
}

/* projections' spikes: felt in the next step only, so they may be added when the step is over */
static void open_receptors(const Layer *l, const Block *b, int block, int step)
{
    const size_t width = (size_t)l->n_blocks * W;
    for (int e = l->openings.first[step]; e >= 0; e = l->openings.at[e].next) {
        const int row = l->openings.at[e].row, place = l->p->place[row];
        const V jump = *(const V *)(l->weights + row * width + (size_t)block * W);
        Comp *c = b->comp + place / 2;
        if (place % 2) c->aG += jump;
        else c->aA += jump, c->aN += jump * (R)l->p->nmda[row];
    }
}

static int check_block(const Layer *l, Block *b, M real, int first)
{
    const int star = l->star;
    M bad = {0};
    int code = OK;
    for (int c = 0; c < l->p->n_comp; c++) {
        const V v = star && c ? b->comp[c].x + b->comp[c].y * b->cell->dv : b->comp[c].v;
        bad |= ~((v < (R)1000) & (v > (R)-1000)) & real;
    }
    if (any(bad)) code = DIVERGED;
    else if (l->n_mem) {
        bad = ((b->cell->vlo < l->k.table_low) | (b->cell->vhi > l->k.table_high)) & real;
        if (any(bad)) code = OUT_OF_TABLE;
    }
    for (int i = W - 1; i >= 0; i--)
        if (bad[i]) b->bad_neuron = first + i;
    return code;
}

INLINE int run_phase(const Job *job, const Layer *l, int block, int sample, int s0, int s1,
                     const Traces *tr, const int star, const int fixed, const int zero)
{
    const Population *p = l->p;
    const Consts *k = &l->k;
    const int n_comp = p->n_comp, quiet = sample < 0, first = p->first_neuron + block * W;
    Block *b = l->blocks + block;
    Comp *comp = b->comp;
    Cell *cell = b->cell;
    const int lanes = p->n - block * W < W ? p->n - block * W : W;
    const size_t width = (size_t)l->n_blocks * W;
    M real;
    for (int i = 0; i < W; i++) real[i] = i < lanes ? -1 : 0;
    V d_sum[n_comp], n_sum[n_comp];
    const uint64_t silence = 0;
    const size_t ev_stride = quiet ? 0 : job->n_steps;
    const Membrane *membrane = p->membrane[0] >= 0 ? job->membranes + p->membrane[0] : NULL;
    double *v_out = job->v_out && !quiet
        ? job->v_out + ((size_t)sample * job->n_cells + first) * (job->n_steps + 1)
        : NULL;
    const int learns = tr && tr->learning && !quiet;
    int rebase_in = tr ? s0 % tr->rebase : 0;

    for (int s = s0; s < s1; s++, rebase_in++) {
        const uint64_t *ev = quiet ? &silence : b->events + s;
        Step st = {job, k, tr, {0}, 0, tr && !quiet ? tr->jump_pre[s] : 0, ev_stride, lanes};
        /* crossings at the start of the step */
        const V v = comp[0].v;
        const M up = v > k->threshold, crossed = up & ~cell->above & real;
        cell->above = up;
        if (any(crossed)) {
            for (int i = 0; i < lanes; i++)
                if (crossed[i] && quiet) {
                    b->bad_neuron = first + i;
                    return FIRES_AT_REST;
                } else if (crossed[i] && record(&b->spikes, sample, first + i, s)) return NO_MEMORY;
        }
        /* traces count time from the last rebase, so that their scale stays in range */
        if (tr) {
            if (rebase_in == tr->rebase) {
                rebase_in = 0;
                cell->upost *= tr->rebase_post;
                for (int c = 0; c < n_comp; c++) comp[c].up *= tr->rebase_pre;
            }
            if (!quiet) cell->upost += CHOOSE(crossed, all(tr->jump_post[s]));
        }
        if (v_out)
            for (int i = 0; i < lanes; i++) v_out[(size_t)i * (job->n_steps + 1) + s] = v[i];
        if (learns && tr->scale[s] != 0) {
            st.product = cell->upost * tr->scale[s];
            st.learning = any(st.product != 0);
        }
        const int32_t extra = quiet ? -1 : b->head[s];
        if (extra >= 0) meet_extra(&st, b, extra);
        /* the dendrites */
        V less, n = {0};
        if (!star) {
            less = tree_step(&st, b, l, ev, d_sum, n_sum);
            n = n_sum[0];
        } else if (st.learning)
            less = star_step(&st, cell, comp, n_comp, p->kind, ev, fixed, zero, 1, &n);
        else
            less = star_step(&st, cell, comp, n_comp, p->kind, ev, fixed, zero, 0, &n);
        /* the soma */
        V jump = {0};
        if (!quiet)
            for (int e = l->currents.first[s]; e >= 0; e = l->currents.at[e].next)
                jump += *(const V *)(l->weights + l->currents.at[e].row * width + (size_t)block * W);
        cell->fa = cell->fa * k->ff[0] + jump;
        cell->fb = cell->fb * k->ff[1] + jump;
        V d = comp->g0, slope = {0};
        n += comp->cE + (cell->fb - cell->fa);
        V G;
        receive(&st, comp, 1, l->plane[0] < 0 ? &silence : ev, p->kind[0], 0, &d, &n, &G);
        if (p->kind[0] & CTX && st.learning) learn(k, comp, st.product);
        if (membrane) channels(membrane, b->mem, v, &d, &n);
        if (p->kind[0] & NMDA) unblock(k, 1, &G, &v, 0, &d, &n, &slope);
        cell->dv = (n - d * v) * RECIPROCAL(d + comp->cdt + slope - less);
        const V v_new = comp->v = v + cell->dv;
        if (p->kind[0] & CTX && tr) comp->ud = comp->ud * k->keep_ud + v_new;
        if (membrane) {
            if (membrane->has_pool) step_pool(k, b->mem);
            step_gates(k, membrane, b->mem, cell, lanes, v_new);
        }
        if (!star) tree_update(&st, b, p, d_sum);
        if (extra >= 0) add_extra(k, b, extra, p->kind);
        if (!quiet && l->openings.n) open_receptors(l, b, block, s);
    }
    return check_block(l, b, real, first);
}

static int phase(const Job *job, const Layer *l, int block, int sample, int s0, int s1, const Traces *tr)
{
    const int most = CTX | AMPA | GABA | NMDA;
    if (l->star && l->same_kind == most && job->e_excitatory == 0)
        return run_phase(job, l, block, sample, s0, s1, tr, 1, most, 1);
    if (l->star) return run_phase(job, l, block, sample, s0, s1, tr, 1, -1, 0);
    return run_phase(job, l, block, sample, s0, s1, tr, 0, -1, 0);
}

/* ---- memory ---- */

static void *fresh(size_t bytes)
{
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (!bytes) bytes = ALIGN;
    void *memory = aligned_alloc(ALIGN, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

/* numbers of a block's neurons times a factor */
INLINE V scaled(const double *row, double factor, int n, int block)
{
    V out;
    for (int i = 0; i < W; i++) out[i] = (R)(factor * row[block * W + i < n ? block * W + i : 0]);
    return out;
}

INLINE V lanes_of(const double *row, int n, int block) { return scaled(row, 1, n, block); }

static void free_spikes(Spikes *s)
{
    free(s->sample), free(s->neuron), free(s->step);
    memset(s, 0, sizeof *s);
}

static void close_layer(Layer *l)
{
    for (int i = 0; l->blocks && i < l->n_blocks; i++) {
        free(l->blocks[i].events);
        free(l->blocks[i].head);
        free(l->blocks[i].extra);
        free_spikes(&l->blocks[i].spikes);
    }
    for (int k = 0; k < 2; k++) {
        Arrivals *a = k ? &l->openings : &l->currents;
        free(a->first), free(a->last), free(a->at);
    }
    free(l->blocks), free(l->state), free(l->saved), free(l->weights), free(l->plane);
}

static void open_membrane(const Job *job, const Population *p, Mem *m, int c, int block)
{
    const Membrane *t = job->membranes + p->membrane[c];
    for (int j = 0; j < t->n_channels; j++) {
        const double *ch = p->channel_values + ((size_t)c * MAX_CHANNELS + j) * 2 * p->n;
        m->gbar[j] = lanes_of(ch, p->n, block);
        m->erev[j] = lanes_of(ch + p->n, p->n, block);
    }
    for (int g = 0; g < t->n_gates; g++) {
        m->gate[g] = lanes_of(p->gate_values + ((size_t)c * MAX_GATES + g) * p->n, p->n, block);
        for (int lane = 0; lane < W; lane++) m->lane[lane][g] = m->gate[g][lane];
    }
    const double *pool = p->pool_values + (size_t)c * 5 * p->n;
    m->decay = lanes_of(pool + POOL_DECAY * p->n, p->n, block);
    m->inflow = lanes_of(pool + POOL_INFLOW * p->n, p->n, block);
    m->mincai = lanes_of(pool + POOL_MIN * p->n, p->n, block);
    m->cai = lanes_of(pool + POOL_CAI * p->n, p->n, block);
    m->z = lanes_of(pool + POOL_Z * p->n, p->n, block);
    m->eca = (R)job->nernst * ((R)log2(job->cai_out) - log2v(m->cai));
}

static void open_block(const Job *job, const Population *p, const Consts *constants, Block *b, int block)
{
    Mem *m = b->mem;
    b->cell->vlo = b->cell->vhi = all(-75);
    for (int c = 0; c < p->n_comp; c++) {
        const double *at = p->values + (size_t)c * 6 * p->n;
#define VALUE(k) lanes_of(at + (k) * p->n, p->n, block)
        Comp *k = b->comp + c;
        V g = VALUE(G_LEAK), e = VALUE(E_LEAK);
        k->v = k->x = VALUE(V_INIT);
        k->ud = k->v / (1 - constants->keep_ud);
        k->gc = VALUE(G_COUPLE);
        k->cdt = VALUE(CAPACITANCE) / (R)job->dt;
        k->g0 = c ? g + k->gc : g;
        k->cE = g * e;
        for (int child = c + 1; child < p->n_comp; child++)
            if (p->parent[child] == c)
                k->g0 += lanes_of(p->values + ((size_t)child * 6 + G_COUPLE) * p->n, p->n, block);
        if (p->membrane[c] >= 0) open_membrane(job, p, m++, c, block);
    }
}

static void set_constants(const Job *job, const Population *p, Consts *k)
{
    k->rA = job->ampa[0], k->dA = job->ampa[1];
    k->rN = job->nmda[0], k->dN = job->nmda[1];
    k->rG = job->gaba[0], k->dG = job->gaba[1];
    /* a spike's jump of what the next step adds; NMDA in the unit in which a contextual spike adds as
     * much to it as to AMPA, so that one jump serves both */
    const double jump_ampa = (job->ampa[1] - job->ampa[0]) * job->ampa[2];
    const double jump_nmda = (job->nmda[1] - job->nmda[0]) * job->nmda[2];
    const double ratio = job->nmda_ratio > 0 ? job->nmda_ratio : 1;
    k->in_jumps = jump_ampa;
    k->fN = job->nmda_ratio > 0;
    k->bgA = jump_ampa * p->ampa_weight;
    k->bgN = k->bgA * p->background_ratio / ratio;
    k->bgG = (job->gaba[1] - job->gaba[0]) * job->gaba[2] * p->gaba_weight;
    k->ff[0] = job->ff[0], k->ff[1] = job->ff[1];
    k->eE = job->e_excitatory, k->eG = job->e_gaba;
    k->unit = jump_ampa / (jump_nmda * ratio);
    k->slope = job->mg_slope, k->unit_slope = job->mg_slope * k->unit;
    k->block_rate = -job->mg_slope * 1.44269504088896340736;
    k->block_shift = log2(job->mg_factor * k->unit);
    k->keep_ud = exp(-job->dt / job->tau_dend);
    for (int i = 0; i < 2; i++) k->theta[i] = job->theta[i] / (1 - (double)k->keep_ud);
    for (int i = 0; i < 3; i++) k->eta[i] = job->eta[i] * k->in_jumps;
    k->w_min = job->w_min * k->in_jumps, k->w_max = job->w_max * k->in_jumps;
    k->threshold = job->threshold;
    k->table_v0 = k->table_low = job->table_v0, k->per_row = 1.0 / job->table_step;
    k->table_high = job->table_v0 + (job->table_rows - 1) * job->table_step;
    k->last_row = job->table_rows - 2;
    k->nernst = job->nernst, k->log2_out = log2(job->cai_out);
    k->z_hill = job->z_hill, k->log2_half = log2(job->z_half), k->z_rate = job->z_rate;
}

static int open_arrivals(Arrivals *a, int32_t horizon)
{
    a->first = malloc(sizeof(int32_t) * horizon), a->last = malloc(sizeof(int32_t) * horizon);
    if (!a->first || !a->last) return NO_MEMORY;
    carry_over(a, 0, horizon, 0);
    return OK;
}

static int open_layer(const Job *job, const Population *p, Layer *l, int32_t horizon)
{
    l->p = p;
    l->n_blocks = (p->n + W - 1) / W;
    for (int c = 0; c < p->n_comp; c++) l->n_mem += p->membrane[c] >= 0;
    set_constants(job, p, &l->k);
    l->star = p->n_comp > 1, l->same_kind = p->kind[p->n_comp - 1];
    for (int c = 1; c < p->n_comp; c++) {
        if (p->parent[c] != 0 || p->membrane[c] >= 0) l->star = 0;
        if (p->kind[c] != l->same_kind) l->same_kind = -1;
    }
    if (!(l->plane = malloc(sizeof(int32_t) * p->n_comp))) return NO_MEMORY;
    for (int c = 0; c < p->n_comp; c++) /* stars go through their dendrites without a gap */
        l->plane[c] = l->star || p->kind[c] & (CTX | AMPA | GABA) ? l->n_planes++ : -1;
    const size_t each = sizeof(Cell) + p->n_comp * sizeof(Comp) + l->n_mem * sizeof(Mem);
    const size_t stride = (each + ALIGN - 1) / ALIGN * ALIGN;
    const size_t width = (size_t)l->n_blocks * W;
    l->state_bytes = stride * l->n_blocks;
    l->state = fresh(l->state_bytes), l->saved = fresh(l->state_bytes);
    l->blocks = calloc(l->n_blocks, sizeof(Block));
    l->weights = fresh(sizeof(R) * p->n_sources * width);
    if (!l->state || !l->saved || !l->blocks || !l->weights) return NO_MEMORY;
    if (open_arrivals(&l->currents, horizon) || open_arrivals(&l->openings, horizon)) return NO_MEMORY;
    for (int source = 0; source < p->n_sources; source++)
        for (int i = 0; i < p->n; i++)
            l->weights[source * width + i] = (R)p->weights[(size_t)source * p->n + i];
    for (int i = 0; i < l->n_blocks; i++) {
        Block *b = l->blocks + i;
        b->cell = (Cell *)(l->state + stride * i);
        b->comp = (Comp *)(b->cell + 1);
        b->mem = (Mem *)(b->comp + p->n_comp);
        b->events = fresh(sizeof(uint64_t) * (size_t)job->n_steps * l->n_planes);
        b->head = malloc(sizeof(int32_t) * job->n_steps);
        if (!b->events || !b->head) return NO_MEMORY;
        open_block(job, p, &l->k, b, i);
    }
    return OK;
}

/* ---- a whole run ---- */

enum { SETTLE = -1, BEFORE_ERROR, AFTER_ERROR };

typedef struct {
    Job *job;
    Layer *layers, *layer; /* all; the one that is run */
    int32_t horizon, chunk; /* steps until the last spike arrives; that all layers run at a time */
    Traces traces;
    R *scale, *jump_pre, *jump_post;
    double passed; /* ms from the last rebase to the end of a sample */
    /* what the threads are at */
    int sample, part, s0, s1, fresh_context, restore, begins, ends;
    atomic_int next, idle;
    int quit, n_threads;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    uint64_t round;
} Memory;

static void scales(const Job *job, Memory *m, int s0, int s1, double *eps)
{
    const double k = 1 / job->tau_pre + 1 / job->tau_post;
    const double all3 = k + 1 / job->tau_eps, span = -expm1(-all3 * job->dt) / all3;
    for (int s = s0; s < s1; s++) {
        m->scale[s] = (R)(span * *eps * exp(-k * job->dt * (s % m->traces.rebase)));
        *eps *= exp(-job->dt / job->tau_eps);
    }
}

/* put a block into the state in which a sample starts */
static int start_block(const Memory *m, const Layer *l, int i)
{
    const Job *job = m->job;
    const Population *p = l->p;
    Block *b = l->blocks + i;
    if (m->restore) {
        const size_t stride = l->state_bytes / l->n_blocks;
        memcpy(l->state + stride * i, l->saved + stride * i, stride);
    }
    b->cell->upost *= (R)exp(-m->passed / job->tau_post);
    const double *master = job->master + (size_t)job->context[m->sample] * p->n_comp * p->n;
    const R kept = m->fresh_context ? 0 : (R)exp(-m->passed / job->tau_pre);
    for (int c = 0; c < p->n_comp; c++) {
        if (!(p->kind[c] & CTX)) continue;
        Comp *k = b->comp + c;
        k->w0 = k->w = scaled(master + (size_t)c * p->n, l->k.in_jumps, p->n, i);
        k->dw = (V){0};
        k->up *= kept;
    }
    return fill_events(job, l, i, m->sample);
}

/* add what a sample changed to the master copy of the weights */
static void keep_weights(const Memory *m, const Layer *l, int i)
{
    const Job *job = m->job;
    const Population *p = l->p;
    double *master = job->master + (size_t)job->context[m->sample] * p->n_comp * p->n;
    for (int c = 0; c < p->n_comp; c++) {
        if (!(p->kind[c] & CTX)) continue;
        double *w = master + (size_t)c * p->n + (size_t)i * W;
        const Comp *k = l->blocks[i].comp + c;
        const V low = l->k.w_min - k->w0, high = l->k.w_max - k->w0; /* as in learn() */
        for (int lane = 0; lane < W && i * W + lane < p->n; lane++) {
            const R change = k->dw[lane];
            if (change == 0) continue;
            const double to = w[lane] + change / l->k.in_jumps;
            const int at_low = change <= low[lane] || to < job->w_min;
            const int at_high = change >= high[lane] || to > job->w_max;
            w[lane] = at_low ? job->w_min : at_high ? job->w_max : to;
        }
    }
}

static int run_block(const Memory *m, const Layer *l, int i)
{
    const Traces *tr = m->job->plastic && l == m->layers ? &m->traces : NULL;
    Block *b = l->blocks + i;
    int code = OK;
    if (m->part == SETTLE) return phase(m->job, l, i, -1, 0, m->job->settle_steps, tr);
    if (m->part == BEFORE_ERROR && m->begins) code = start_block(m, l, i);
    b->spikes.n = 0;
    if (!code) code = phase(m->job, l, i, m->sample, m->s0, m->s1, tr);
    if (m->part == AFTER_ERROR && m->ends && tr && m->traces.learning) keep_weights(m, l, i);
    return code;
}

static void take_blocks(Memory *m)
{
    for (;;) {
        const int i = atomic_fetch_add(&m->next, 1);
        if (i >= m->layer->n_blocks) return;
        m->layer->blocks[i].code = run_block(m, m->layer, i);
    }
}

static unsigned flush_subnormals(void)
{
#if defined(__x86_64__)
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

static void restore_subnormals(unsigned before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

static void *worker(void *given)
{
    Memory *m = given;
    uint64_t seen = 0;
    flush_subnormals();
    pthread_mutex_lock(&m->lock);
    for (;;) {
        while (m->round == seen && !m->quit) pthread_cond_wait(&m->begin, &m->lock);
        if (m->quit) break;
        seen = m->round;
        pthread_mutex_unlock(&m->lock);
        take_blocks(m);
        pthread_mutex_lock(&m->lock);
        if (atomic_fetch_add(&m->idle, 1) + 1 == m->n_threads - 1) pthread_cond_signal(&m->end);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* run all blocks of a layer; the first block that failed gives the code */
static int run_layer(Memory *m, Layer *l)
{
    const int helped = m->n_threads > 1 && l->n_blocks > 1;
    m->layer = l;
    atomic_store(&m->next, 0);
    if (helped) {
        pthread_mutex_lock(&m->lock);
        atomic_store(&m->idle, 0);
        m->round++;
        pthread_cond_broadcast(&m->begin);
        pthread_mutex_unlock(&m->lock);
    }
    take_blocks(m);
    if (helped) {
        pthread_mutex_lock(&m->lock);
        while (atomic_load(&m->idle) < m->n_threads - 1) pthread_cond_wait(&m->end, &m->lock);
        pthread_mutex_unlock(&m->lock);
    }
    for (int i = 0; i < l->n_blocks; i++)
        if (l->blocks[i].code) {
            m->job->bad_neuron = l->blocks[i].bad_neuron;
            return l->blocks[i].code;
        }
    return OK;
}

/* keep the spikes that a layer just fired, and send them on */
static int keep_spikes(const Memory *m, int layer)
{
    Job *job = m->job;
    const Layer *l = m->layers + layer;
    for (int i = 0; i < l->n_blocks; i++) {
        const Spikes *s = &l->blocks[i].spikes;
        for (int64_t e = 0; e < s->n; e++) {
            if (record(&job->spikes, s->sample[e], s->neuron[e], s->step[e])) return NO_MEMORY;
            if (emit(job, m->layers, layer, s->neuron[e] - l->p->first_neuron, s->step[e]))
                return NO_MEMORY;
        }
    }
    return OK;
}

static void last_potentials(const Job *job, const Memory *m)
{
    for (const Layer *l = m->layers; job->v_out && l < m->layers + job->n_layers; l++)
        for (int i = 0; i < l->p->n; i++)
            job->v_out[((size_t)m->sample * job->n_cells + l->p->first_neuron + i) * (job->n_steps + 1)
                       + job->n_steps] = l->blocks[i / W].comp[0].v[i % W];
}

/* Run a part of a sample, all layers a chunk at a time: no spike within it that a layer sends back, or
 * to itself, arrives before its end. Spikes sent to layers that run later may. */
static int run_part(Memory *m, int part, int s0, int s1, int opened, int *generated)
{
    Job *job = m->job;
    m->part = part, m->s0 = s0;
    do {
        m->s1 = s1 - m->s0 > m->chunk ? m->s0 + m->chunk : s1;
        m->begins = m->s0 == s0, m->ends = m->s1 == s1;
        for (int layer = 0; layer < job->n_layers; layer++) {
            const int code = run_layer(m, m->layers + layer);
            if (code) return code;
            if (keep_spikes(m, layer)) return NO_MEMORY;
            const Spikes *out = &m->layers[layer].blocks[0].spikes;
            for (int64_t e = 0; layer == job->output && e < out->n; e++) *generated += out->step[e] >= opened;
        }
        m->s0 = m->s1;
    } while (m->s0 < s1);
    return OK;
}

/* one sample: up to the end of the window, the error, the rest */
static int run_sample(Job *job, Memory *m, double *eps)
{
    const int n_steps = job->n_steps;
    for (Layer *l = m->layers; l < m->layers + job->n_layers; l++) {
        carry_over(&l->currents, n_steps, m->horizon, !m->restore);
        carry_over(&l->openings, n_steps, m->horizon, !m->restore);
    }
    int opened = n_steps, error = 0, later = 0;
    int code = feedforward(job, m->layers, m->sample, &opened);
    if (code) return code;
    if (opened == n_steps && job->nominal_onset < n_steps) opened = job->nominal_onset;
    int closed = opened + job->window < n_steps ? opened + job->window : n_steps;
    if (!job->plastic) opened = 0, closed = n_steps;
    if (job->plastic) scales(job, m, 0, closed, eps);
    if ((code = run_part(m, BEFORE_ERROR, 0, closed, opened, &error))) return code;
    error -= job->expected[m->sample];
    if (job->plastic && job->learn) *eps += job->error_scale * error;
    if (job->plastic) scales(job, m, closed, n_steps, eps);
    if ((code = run_part(m, AFTER_ERROR, closed, n_steps, opened, &later))) return code;
    job->error[m->sample] = error;
    last_potentials(job, m);
    return OK;
}

static int run_samples(Job *job, Memory *m)
{
    double eps = 0;
    m->part = SETTLE;
    for (int layer = 0; layer < job->n_layers; layer++) {
        Layer *l = m->layers + layer;
        const int code = run_layer(m, l);
        if (code) return code;
        memcpy(l->saved, l->state, l->state_bytes);
    }
    for (int sample = 0; sample < job->n_samples; sample++) {
        if (job->stop && *job->stop) return STOPPED;
        m->sample = sample;
        m->restore = !job->carry && sample;
        m->fresh_context = !sample || job->context[sample] != job->context[sample - 1];
        if (m->restore) eps = 0;
        const int code = run_sample(job, m, &eps);
        if (code) return code;
        job->done = sample + 1;
    }
    return OK;
}

static int open_memory(Job *job, Memory *m)
{
    m->job = job;
    m->horizon = job->n_steps, m->chunk = job->n_steps;
    for (const Route *r = job->routes; r < job->routes + job->n_routes; r++) {
        if (job->n_steps + r->delay > m->horizon) m->horizon = job->n_steps + r->delay;
        if (r->source >= r->target && r->delay < m->chunk) m->chunk = r->delay;
    }
    if (!(m->layers = calloc(job->n_layers, sizeof(Layer)))) return NO_MEMORY;
    for (int layer = 0; layer < job->n_layers; layer++) {
        if (open_layer(job, job->layers + layer, m->layers + layer, m->horizon)) return NO_MEMORY;
        if (m->layers[layer].n_blocks > m->n_threads) m->n_threads = m->layers[layer].n_blocks;
    }
    if (job->n_threads < m->n_threads) m->n_threads = job->n_threads;
    m->scale = fresh(sizeof(R) * job->n_steps);
    m->jump_pre = fresh(sizeof(R) * job->n_steps);
    m->jump_post = fresh(sizeof(R) * job->n_steps);
    if (!m->scale || !m->jump_pre || !m->jump_post) return NO_MEMORY;
    if (!job->plastic) return OK;
    const double fastest = job->tau_pre < job->tau_post ? job->tau_pre : job->tau_post;
    int rebase = (int)(20 * fastest / job->dt);
    if (rebase < 1) rebase = 1;
    m->traces = (Traces){m->scale, m->jump_pre, m->jump_post, rebase,
                         (R)exp(-rebase * job->dt / job->tau_pre),
                         (R)exp(-rebase * job->dt / job->tau_post), job->learn};
    for (int s = 0; s < job->n_steps; s++) {
        m->jump_pre[s] = (R)(job->c_pre * exp(s % rebase * job->dt / job->tau_pre));
        m->jump_post[s] = (R)(job->c_post * exp(s % rebase * job->dt / job->tau_post));
    }
    m->passed = ((job->n_steps - 1) % rebase + 1) * job->dt;
    return OK;
}

static void close_memory(Memory *m)
{
    for (int layer = 0; m->layers && layer < m->job->n_layers; layer++) close_layer(m->layers + layer);
    free(m->layers);
    free(m->scale), free(m->jump_pre), free(m->jump_post);
}

int network_run(Job *job)
{
    Memory *m = fresh(sizeof *m);
    if (!m) return NO_MEMORY;
    const unsigned before = flush_subnormals();
    int code = open_memory(job, m), started = 0;
    pthread_t threads[m->n_threads > 1 ? m->n_threads : 1];
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->begin, NULL), pthread_cond_init(&m->end, NULL);
    while (!code && started < m->n_threads - 1)
        if (pthread_create(threads + started, NULL, worker, m)) code = NO_THREAD;
        else started++;
    if (!code) code = run_samples(job, m);
    pthread_mutex_lock(&m->lock);
    m->quit = 1;
    pthread_cond_broadcast(&m->begin);
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    pthread_cond_destroy(&m->begin), pthread_cond_destroy(&m->end);
    pthread_mutex_destroy(&m->lock);
    close_memory(m);
    free(m);
    restore_subnormals(before);
    return code;
}

void network_free(Job *job) { free_spikes(&job->spikes); }

/* sizes that Python must agree on */
int network_sizes(int64_t out[4])
{
    out[0] = sizeof(Job), out[1] = sizeof(Population), out[2] = sizeof(Membrane), out[3] = W;
    return REAL_BITS;
}
