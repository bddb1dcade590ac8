/* Current-based leaky integrate-and-fire neurons with exponential synapses: one time step is

     1. neurons with v > threshold spike: v = v_reset, refractory counter = refractory_steps
     2. recurrent currents decay by exp(-dt/tau_s); each spike then adds its column of weights
        (J/tau_s, mV/s) at once, without a delay
     3. v += dt (-v/tau_m + mu + current)
     4. the refractory counter counts down; where it is still above zero, v = v_reset

   The spikes of step 1 are found in the pass over the neurons of the step before: one pass a step.
   Units: mV, mV/s and s. */

#include <stdint.h>
#include <string.h>

#define BLOCK 64

typedef struct {
    int64_t n, steps, n_drives, n_recorded, capacity;
    const int64_t *start;      /* n + 1: first synapse of each presynaptic neuron */
    const uint32_t *post;      /* postsynaptic neuron of each synapse */
    const double *jump;        /* what a spike adds to the current (mV/s) */
    const double *threshold;   /* n */
    double *mu;                /* n */
    const double *mu_t;        /* steps x n, in place of mu, or null */
    const double *profile;     /* steps x n_drives */
    const double *pattern;     /* n_drives x n, added to mu with their profiles */
    const double *pre_profile; /* steps, or null: a spike's jumps are scaled by 1 + amp profile */
    const double *pre_amp;     /* n */
    const int64_t *recorded;   /* n_recorded */
    double dt, inv_tau_m, decay, v_reset;
    int32_t refractory_steps;
    double *v, *current;       /* n: the state */
    int32_t *hold;             /* n */
    uint32_t *held;            /* n: work; those with hold > 0 */
    double *mu_now;            /* n: work */
    uint8_t *uniform;          /* a block of neurons: work; 1 where all have one drive */
    uint32_t *spiking;         /* n: work; those above threshold at the start of the next step */
    int64_t n_spiking;
    int32_t *spike_step;       /* capacity */
    uint32_t *spike_id;        /* capacity */
    double *v_out, *current_out; /* n_recorded x steps */
} lif_run;

/* Currents are kept as scale x current, so that their decay is one multiplication a step */
static void deliver(const lif_run *r, uint32_t pre, double factor)
{
    double *restrict current = r->current;
    const uint32_t *restrict post = r->post;
    const double *restrict jump = r->jump;
    const int64_t end = r->start[pre + 1];
    for (int64_t s = r->start[pre]; s < end; s++)
        current[post[s]] += factor * jump[s];
}

/* mu_now = mu + the patterns with their profiles; of a uniform block the first neuron's is enough */
static void drive(const lif_run *r, const double *now)
{
    double *restrict out = r->mu_now;
    const double *restrict mu = r->mu;
    for (int64_t b = 0; b < r->n; b += BLOCK) {
        const int64_t last = b + BLOCK < r->n ? b + BLOCK : r->n;
        const int64_t e = r->uniform[b / BLOCK] ? b + 1 : last;
        for (int64_t i = b; i < e; i++)
            out[i] = mu[i];
        for (int64_t d = 0; d < r->n_drives; d++) {
            const double *restrict pattern = r->pattern + d * r->n;
            const double a = now[d];
            if (a != 0.0)
                for (int64_t i = b; i < e; i++)
                    out[i] += a * pattern[i];
        }
    }
}

/* Steps 3 and 4; returns how many are above threshold then. v is kept as its distance from the
   threshold, and mu is less threshold / tau_m: one array less is read */
static int64_t advance(const lif_run *r, const double *restrict mu, double scale, int64_t *n_held)
{
    const int64_t n = r->n;
    const double dt = r->dt, inv_tau_m = r->inv_tau_m;
    double *restrict v = r->v;
    const double *restrict current = r->current;
    uint32_t *restrict spiking = r->spiking;
    int64_t found = 0, held = 0, again = 0;

    for (int64_t b = 0; b < n; b += BLOCK) {
        const int64_t e = b + BLOCK < n ? b + BLOCK : n;
        int64_t signs = -1; /* its sign bit is cleared by any v above threshold (or at it) */
        if (r->uniform[b / BLOCK]) {
            const double one = mu[b];
            for (int64_t i = b; i < e; i++) {
                const double moved = v[i] + dt * (one + scale * current[i] - v[i] * inv_tau_m);
                v[i] = moved;
                int64_t bits;
                memcpy(&bits, &moved, sizeof bits);
                signs &= bits;
            }
        } else {
            for (int64_t i = b; i < e; i++) {
                const double moved = v[i] + dt * (mu[i] + scale * current[i] - v[i] * inv_tau_m);
                v[i] = moved;
                int64_t bits;
                memcpy(&bits, &moved, sizeof bits);
                signs &= bits;
            }
        }
        if (signs >= 0)
            for (int64_t i = b; i < e; i++)
                if (v[i] > 0.0)
                    spiking[found++] = (uint32_t)i;
    }
    for (int64_t k = 0; k < *n_held; k++) {
        const uint32_t i = r->held[k];
        if (--r->hold[i] > 0) {
            const double reset = r->v_reset - r->threshold[i];
            again |= (v[i] > 0.0) != (reset > 0.0);
            v[i] = reset;
            r->held[held++] = i;
        } else {
            r->hold[i] = 0;
        }
    }
    *n_held = held;
    if (again) { /* one that is held was counted, or should have been: look at all */
        found = 0;
        for (int64_t i = 0; i < n; i++)
            if (v[i] > 0.0)
                spiking[found++] = (uint32_t)i;
    }
    return found;
}

/* Find blocks whose neurons share one drive at all times: these need not read it, and the state fits
   the cache */
static void find_uniform(const lif_run *r)
{
    for (int64_t b = 0; b < r->n; b += BLOCK) {
        const int64_t e = b + BLOCK < r->n ? b + BLOCK : r->n;
        int differ = r->mu_t != 0;
        for (int64_t d = -1; d < r->n_drives; d++) {
            const double *part = d < 0 ? r->mu : r->pattern + d * r->n;
            for (int64_t i = b; i < e; i++)
                differ |= part[i] != part[b];
        }
        r->uniform[b / BLOCK] = !differ;
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
    int64_t n_held = 0, n_spikes = 0;
    double scale = 1.0;
    for (int64_t i = 0; i < n; i++) {
        if (hold[i] > 0)
            r->held[n_held++] = (uint32_t)i;
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
            scale = 1.0;
        }
        for (int64_t k = 0; k < r->n_spiking; k++) {
            const uint32_t pre = r->spiking[k];
            const double more = r->pre_profile ? r->pre_amp[pre] * r->pre_profile[step] : 0.0;
            v[pre] = r->v_reset - threshold[pre];
            if (r->refractory_steps > 0 && hold[pre] <= 0)
                r->held[n_held++] = pre;
            hold[pre] = r->refractory_steps;
            r->spike_step[n_spikes] = (int32_t)step;
            r->spike_id[n_spikes++] = pre;
            deliver(r, pre, (1.0 + more) / scale);
        }

        const double *now_mu = mu;
        if (r->mu_t) {
            timed(r, r->mu_t + step * n);
            now_mu = r->mu_now;
        } else if (r->n_drives) {
            const double *now = r->profile + step * r->n_drives;
            int changed = step == 0;
            for (int64_t d = 0; d < r->n_drives; d++)
                changed |= step > 0 && now[d] != now[d - r->n_drives];
            if (changed)
                drive(r, now);
            now_mu = r->mu_now;
        }
        for (int64_t k = 0; k < r->n_recorded; k++)
            r->current_out[k * r->steps + step] = scale * current[r->recorded[k]];
        r->n_spiking = advance(r, now_mu, scale, &n_held);
        for (int64_t k = 0; k < r->n_recorded; k++)
            r->v_out[k * r->steps + step] = v[r->recorded[k]] + threshold[r->recorded[k]];
    }
    for (int64_t i = 0; i < n; i++) {
        v[i] += threshold[i];
        mu[i] += threshold[i] * r->inv_tau_m;
        current[i] *= scale;
    }
    return n_spikes;
}
