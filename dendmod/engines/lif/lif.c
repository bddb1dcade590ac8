/* Current-based leaky integrate-and-fire neurons with exponential synapses: one time step is

     1. neurons with v > threshold spike: v = v_reset, refractory counter = refractory_steps
     2. recurrent currents decay by exp(-dt/tau_s); each spike then adds its column of weights
        (J/tau_s, mV/s) at once, without a delay
     3. v += dt (-v/tau_m + mu + current)
     4. where the refractory counter is above zero, v = v_reset; then it counts down

   The spikes of step 1 are found in the pass over the neurons of the step before: one pass a step.
   Memory is what limits it: synapses are read once, with 16 bits for the neuron that they go to.
   Units: mV, mV/s and s. */

#include <stdint.h>
#include <string.h>

#define BLOCK 64

typedef struct {
    int64_t n, steps, n_drives, n_changes, n_recorded, capacity;
    const int64_t *start;      /* n + 1: first synapse of each presynaptic neuron */
    const void *post;          /* postsynaptic neuron of each synapse, 16 or 32 bits each */
    const double *jump;        /* what a spike adds to the current (mV/s) */
    const double *threshold;   /* n */
    double *mu;                /* n */
    const double *mu_t;        /* steps x n, in place of mu, or null */
    const double *profile;     /* steps x n_drives */
    const double *pattern;     /* n_drives x n, added to mu with their profiles */
    const double *change;      /* n_changes x synapses, added to jump with their profiles */
    const double *change_profile; /* steps x n_changes */
    const uint8_t *changed;    /* n_changes x n: 0 where no synapse of a neuron is changed */
    const uint8_t *apart;      /* n, or null: whose part of the currents is kept apart, too */
    const int64_t *recorded;   /* n_recorded */
    double dt, inv_tau_m, decay, v_reset;
    int32_t refractory_steps, wide; /* wide: 32 bits for `post` */
    double *v, *current, *current_apart; /* n: the state */
    int32_t *hold;             /* n: steps that are left; meanwhile the first step without being held */
    uint32_t *held;            /* n + 1: work; who is refractory, a ring or a list */
    double *mu_now, *base;     /* n: work */
    uint8_t *uniform;          /* blocks: work; 1 where all neurons of a block have one drive; then
                                  n_drives x blocks: 1 where a pattern is not all zero */
    uint32_t *spiking;         /* n: work; those above threshold at the start of the next step */
    int64_t n_spiking;
    int32_t *spike_step;       /* capacity */
    uint32_t *spike_id;        /* capacity */
    double *v_out, *current_out, *apart_out; /* n_recorded x steps */
} lif_run;

/* Currents are kept as scale x current, so that their decay is one multiplication a step */
#define DELIVER(name, type)                                                                       \
    static void name(const lif_run *r, uint32_t pre, const double *table,                         \
                     double *restrict current, double factor)                                     \
    {                                                                                             \
        const type *restrict post = (const type *)r->post + r->start[pre];                        \
        const double *restrict jump = table + r->start[pre];                                      \
        const int64_t n = r->start[pre + 1] - r->start[pre];                                      \
        int64_t s = 0;                                                                            \
        for (; s + 8 <= n; s += 8) { /* unrolled: loads need not wait for the stores before */    \
            type to[8];                                                                           \
            memcpy(to, post + s, sizeof to);                                                      \
            __builtin_prefetch(jump + s + 64);                                                    \
            for (int k = 0; k < 8; k++)                                                           \
                current[to[k]] += factor * jump[s + k];                                           \
        }                                                                                         \
        for (; s < n; s++)                                                                        \
            current[post[s]] += factor * jump[s];                                                 \
    }
DELIVER(deliver_narrow, uint16_t)
DELIVER(deliver_wide, uint32_t)

/* Add the weights of a neuron that spikes, and their changes, to a row of currents */
static void deliver(const lif_run *r, uint32_t pre, int64_t step, double *current, double factor)
{
    void (*add)(const lif_run *, uint32_t, const double *, double *, double) =
        r->wide ? deliver_wide : deliver_narrow;
    add(r, pre, r->jump, current, factor);
    for (int64_t k = 0; k < r->n_changes; k++) {
        const double part = r->change_profile[step * r->n_changes + k];
        if (part != 0.0 && r->changed[k * r->n + pre])
            add(r, pre, r->change + k * r->start[r->n], current, factor * part);
    }
}

/* mu_now = mu + the patterns with their profiles, of which the first `fixed` are as in the step
   before: their sum is kept in `base`, which holds that of the first *kept. A block that a pattern
   does not reach is left alone; of a uniform block the first neuron's drive is enough */
static void drive(const lif_run *r, const double *now, int64_t fixed, int64_t *kept)
{
    const int64_t blocks = (r->n + BLOCK - 1) / BLOCK;
    const int renew = fixed != *kept;
    double *restrict base = r->base, *restrict out = r->mu_now;
    for (int64_t j = 0; j < blocks; j++) {
        const int64_t b = j * BLOCK, last = b + BLOCK < r->n ? b + BLOCK : r->n;
        const int64_t e = r->uniform[j] ? b + 1 : last;
        const uint8_t *reached = r->uniform + blocks + j; /* of the first pattern */
        if (renew) {
            memcpy(base + b, r->mu + b, (size_t)(e - b) * sizeof *base);
            for (int64_t d = 0; d < fixed; d++)
                if (reached[d * blocks] && now[d] != 0.0)
                    for (int64_t i = b; i < e; i++)
                        base[i] += now[d] * r->pattern[d * r->n + i];
        }
        int first = 1;
        for (int64_t d = fixed; d < r->n_drives; d++) {
            const double *restrict pattern = r->pattern + d * r->n;
            const double *from = first ? base : out;
            if (!reached[d * blocks])
                continue;
            for (int64_t i = b; i < e; i++)
                out[i] = from[i] + now[d] * pattern[i];
            first = 0;
        }
        if (first && renew)
            memcpy(out + b, base + b, (size_t)(e - b) * sizeof *base);
    }
    *kept = fixed;
}

/* Step 3 for some neurons; the sign bit of what is returned is clear where any v is above threshold
   (or at it). v is kept as its distance from the threshold, and mu is less threshold / tau_m: one
   array less is read. `mu` is one number for all, or one for each */
static inline int64_t move(double *restrict v, const double *restrict current,
                           const double *restrict mu, int uniform, int64_t n, double scale,
                           double dt, double inv_tau_m)
{
    const double one = mu[0];
    int64_t signs = -1;
    for (int64_t i = 0; i < n; i++) {
        const double drive = uniform ? one : mu[i];
        const double moved = v[i] + dt * (drive + scale * current[i] - v[i] * inv_tau_m);
        int64_t bits;
        memcpy(&bits, &moved, sizeof bits);
        v[i] = moved;
        signs &= bits;
    }
    return signs;
}

/* Step 3 for all; returns how many are above threshold then and may spike. Where `queue` says so, a
   refractory neuron moves like the others and is reset when it gets to the threshold, or when its
   time ends */
static int64_t advance(const lif_run *r, const double *mu, double scale, int64_t step, int queue)
{
    const double dt = r->dt, inv_tau_m = r->inv_tau_m;
    double *v = r->v, *current = r->current;
    int64_t found = 0;
    for (int64_t b = 0; b < r->n; b += BLOCK) {
        const int64_t e = b + BLOCK < r->n ? b + BLOCK : r->n;
        const int uniform = r->uniform[b / BLOCK];
        int64_t signs; /* a whole block has a length that the compiler knows */
        if (e - b < BLOCK)
            signs = move(v + b, current + b, mu + b, uniform, e - b, scale, dt, inv_tau_m);
        else if (uniform)
            signs = move(v + b, current + b, mu + b, 1, BLOCK, scale, dt, inv_tau_m);
        else
            signs = move(v + b, current + b, mu + b, 0, BLOCK, scale, dt, inv_tau_m);
        if (signs >= 0)
            for (int64_t i = b; i < e; i++)
                if (v[i] > 0.0) {
                    if (queue && r->hold[i] > step)
                        v[i] = r->v_reset - r->threshold[i];
                    else
                        r->spiking[found++] = (uint32_t)i;
                }
    }
    return found;
}

/* Step 4 with a queue: reset those whose last step of being held this is */
static void release(const lif_run *r, int64_t step, int64_t *head, int64_t tail)
{
    while (*head != tail && r->hold[r->held[*head]] <= step + 1) {
        const uint32_t i = r->held[*head];
        if (r->hold[i] == step + 1)
            r->v[i] = r->v_reset - r->threshold[i];
        *head = *head == r->n ? 0 : *head + 1;
    }
}

/* Step 4 without: reset all that are held, a list of *n_held; returns how many may spike then */
static int64_t reset_held(const lif_run *r, int64_t step, int64_t found, int64_t *n_held)
{
    double *v = r->v;
    int64_t kept = 0;
    int again = 0;
    for (int64_t k = 0; k < *n_held; k++) {
        const uint32_t i = r->held[k];
        if (r->hold[i] > step) {
            const double reset = r->v_reset - r->threshold[i];
            again |= (v[i] > 0.0) != (reset > 0.0);
            v[i] = reset;
            if (r->hold[i] > step + 1)
                r->held[kept++] = i;
        }
    }
    *n_held = kept;
    if (again) { /* one that is held was counted, or should have been: look at all */
        found = 0;
        for (int64_t i = 0; i < r->n; i++)
            if (v[i] > 0.0)
                r->spiking[found++] = (uint32_t)i;
    }
    return found;
}

/* List who is refractory at the start, first those whose time ends first; say whether a queue will
   do: nobody spikes while held, and those who spike later are held longer */
static int list_held(const lif_run *r, int64_t *tail)
{
    int queue = 1;
    for (int64_t i = 0; i < r->n; i++) {
        queue &= r->v_reset <= r->threshold[i] && r->hold[i] <= r->refractory_steps;
        queue &= !(r->hold[i] > 0 && r->v[i] > r->threshold[i]);
        if (r->hold[i] <= 0)
            continue;
        int64_t k = (*tail)++;
        for (; k > 0 && r->hold[r->held[k - 1]] > r->hold[i]; k--)
            r->held[k] = r->held[k - 1];
        r->held[k] = (uint32_t)i;
    }
    return queue;
}

/* Find blocks whose neurons share one drive at all times (these need not read it, and the state fits
   the cache), and those that a pattern reaches */
static void find_uniform(const lif_run *r)
{
    const int64_t blocks = (r->n + BLOCK - 1) / BLOCK;
    for (int64_t j = 0; j < blocks; j++) {
        const int64_t b = j * BLOCK, e = b + BLOCK < r->n ? b + BLOCK : r->n;
        int differ = r->mu_t != 0;
        for (int64_t d = -1; d < r->n_drives; d++) {
            const double *part = d < 0 ? r->mu : r->pattern + d * r->n;
            int reached = 0;
            for (int64_t i = b; i < e; i++) {
                differ |= part[i] != part[b];
                reached |= part[i] != 0.0;
            }
            if (d >= 0)
                r->uniform[(1 + d) * blocks + j] = (uint8_t)reached;
        }
        r->uniform[j] = !differ;
    }
}

/* mu_now = mu_t of this step less threshold / tau_m */
static void timed(const lif_run *r, const double *restrict mu_t)
{
    double *restrict out = r->mu_now;
    const double *restrict threshold = r->threshold;
    for (int64_t i = 0; i < r->n; i++)
        out[i] = mu_t[i] - threshold[i] * r->inv_tau_m;
}

/* Returns the number of spikes, or -1 - step where the room for spikes ended. */
int64_t lif_simulate(lif_run *r)
{
    const int64_t n = r->n;
    double *restrict v = r->v;
    double *restrict current = r->current;
    int32_t *restrict hold = r->hold;
    const double *restrict threshold = r->threshold;
    double *restrict mu = r->mu;
    int64_t head = 0, tail = 0, kept = -1, n_spikes = 0;
    double scale = 1.0;
    const int queue = list_held(r, &tail);
    for (int64_t i = 0; i < n; i++) {
        v[i] -= threshold[i];
        mu[i] -= threshold[i] * r->inv_tau_m;
    }
    find_uniform(r);

    for (int64_t step = 0; step < r->steps; step++) {
        if (n_spikes + r->n_spiking > r->capacity)
            return -1 - step;
        scale *= r->decay;
        if (scale < 1e-100) {
            for (int64_t i = 0; i < n; i++)
                current[i] *= scale;
            for (int64_t i = 0; r->apart && i < n; i++)
                r->current_apart[i] *= scale;
            scale = 1.0;
        }
        for (int64_t k = 0; k < r->n_spiking; k++) {
            const uint32_t pre = r->spiking[k];
            v[pre] = r->v_reset - threshold[pre];
            if (queue || (r->refractory_steps > 0 && hold[pre] <= step)) {
                r->held[tail++] = pre;
                if (queue && tail > n)
                    tail = 0;
            }
            hold[pre] = (int32_t)step + r->refractory_steps;
            r->spike_step[n_spikes] = (int32_t)step;
            r->spike_id[n_spikes++] = pre;
            deliver(r, pre, step, current, 1.0 / scale);
            if (r->apart && r->apart[pre])
                deliver(r, pre, step, r->current_apart, 1.0 / scale);
        }

        const double *now_mu = mu;
        if (r->mu_t) {
            timed(r, r->mu_t + step * n);
            now_mu = r->mu_now;
        } else if (r->n_drives) {
            const double *now = r->profile + step * r->n_drives;
            int64_t fixed = 0; /* drives that are as they were, up to the first that is not */
            while (step > 0 && fixed < r->n_drives && now[fixed] == now[fixed - r->n_drives])
                fixed++;
            if (fixed < r->n_drives)
                drive(r, now, fixed, &kept);
            now_mu = r->mu_now;
        }
        for (int64_t k = 0; k < r->n_recorded; k++) {
            r->current_out[k * r->steps + step] = scale * current[r->recorded[k]];
            if (r->apart)
                r->apart_out[k * r->steps + step] = scale * r->current_apart[r->recorded[k]];
        }
        r->n_spiking = advance(r, now_mu, scale, step, queue);
        if (queue)
            release(r, step, &head, tail);
        else
            r->n_spiking = reset_held(r, step, r->n_spiking, &tail);
        for (int64_t k = 0; k < r->n_recorded; k++) {
            const int64_t i = r->recorded[k];
            const double held = r->v_reset - threshold[i];
            r->v_out[k * r->steps + step] = (hold[i] > step ? held : v[i]) + threshold[i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        hold[i] = hold[i] > r->steps ? hold[i] - (int32_t)r->steps : 0;
        if (hold[i] > 0)
            v[i] = r->v_reset - threshold[i];
        v[i] += threshold[i];
        mu[i] += threshold[i] * r->inv_tau_m;
        current[i] *= scale;
        if (r->apart)
            r->current_apart[i] *= scale;
    }
    return n_spikes;
}
