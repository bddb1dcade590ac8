/* A run: steps of implicit Euler on the tree, in NEURON's order. Included below the generated membrane. */

#if LAYOUT == VARIANTS
#define COUPLING(i) ((const V *)j->coupling)[i]
#elif LAYOUT == TRIALS
#define COUPLING(i) all(j->coupling[i])
#else
#define COUPLING(i) j->coupling[i]
#endif

/* Voltage of all nodes at t + dt from left and right side at t. The unknown is the change of the potential. Neighbours in
 * the order do not wait for each other; a node takes from its children what they leave. */
static void solve(const Job *j)
{
  N *const v = (N *)j->v, *const d = (N *)j->d, *const r = (N *)j->r;
  const int32_t *const order = j->order, *const parent = j->parent, *const first = j->first,
    *const children = j->children;
  for (int p = j->n_nodes - 1; p >= 0; p--) {
    const int i = order[p];
    const N u = v[i];
    N left = d[i], right = r[i];
    for (int c = first[p]; c < first[p + 1]; c++) {
      const int child = children[c];
      const N g = COUPLING(child);
      left = fma_n(-g, d[child], left);
      right = fma_n(g, r[child] - (u - v[child]), right);
    }
    if (p) {
      const N g = COUPLING(i), inverse = 1 / left;
      d[i] = g * inverse;
      r[i] = fma_n(g, v[parent[p]] - u, right) * inverse;
    } else
      r[i] = right / left;
  }
  v[order[0]] += r[order[0]];
  for (int p = 1; p < j->n_nodes; p++) {
    const int i = order[p];
    const N change = fma_n(d[i], r[parent[p]], r[i]);
    r[i] = change;
    v[i] += change;
  }
}

static void keep(const Job *j, int step, const real *const *from, int n, int at)
{
  N *const row = (N *)j->record + (size_t)(j->n_fresh + j->n_stale) * step + at;
  for (int k = 0; k < n; k++) row[k] = *(const N *)from[k];
}

/* An event reaches its synapse. */
INLINE void receive(const Job *j, int e)
{
  const int n = j->n_raised, train = j->event_train[e] * n;
  for (int k = train; k < train + n; k++) *j->raised[k] += j->raised_by[k];
}

/* The current clamps and the voltage clamp of the step that begins. */
static void clamps(const Job *j, int step)
{
  for (int k = 0; k < j->n_clamps; k++)
    ((N *)j->r)[j->clamp_node[k]] += ((const N *)j->clamp_amp)[(size_t)k * j->n_steps + step];
  if (j->clamped < 0) return;
  /* the clamp's own deviation is small and is kept as such, so that its current has all digits */
  N *const apart = (N *)j->apart;
  const N *const hold = (const N *)j->hold;
  if (step) *apart += hold[step] - hold[step - 1];
  const N current = *apart * j->hold_g[step];
  ((N *)j->d)[j->clamped] += j->hold_g[step];
  ((N *)j->r)[j->clamped] += current;
  if (j->hold_i && !step) *(N *)j->hold_i = current;
}

/* What the voltage clamp sees when the potential has moved. */
static void follow(const Job *j, int step)
{
  N *const apart = (N *)j->apart;
  *apart -= ((N *)j->r)[j->clamped];
  if (j->hold_g[step] != 0) ((N *)j->v)[j->clamped] = ((const N *)j->hold)[step] - *apart;
  if (j->hold_i) ((N *)j->hold_i)[step + 1] = *apart * j->hold_g[step];
}

int batch_run(const Job *j)
{
#if defined(__x86_64__)
  const unsigned csr = _mm_getcsr();
  _mm_setcsr(csr | 0x8040); /* subnormal numbers count as zero */
#endif
  int stopped = 0;
  membranes(j, 0);
  if (j->record) keep(j, 0, j->stale, j->n_stale, j->n_fresh);
  for (int step = 0, e = j->event_start ? j->event_start[0] : 0; step < j->n_steps && !stopped; step++) {
    if (j->record) keep(j, step, j->fresh, j->n_fresh, 0);
    if (j->event_start)
      for (; e < j->event_start[step + 1]; e++) receive(j, e);
    synapses(j);
    clamps(j, step);
    solve(j);
    if (j->clamped >= 0) follow(j, step);
    if (j->record) keep(j, step + 1, j->stale, j->n_stale, j->n_fresh);
    membranes(j, 1);
    stopped = (step & 255) == 255 && j->stop && *j->stop;
  }
  if (j->record) keep(j, j->n_steps, j->fresh, j->n_fresh, 0);
#if defined(__x86_64__)
  _mm_setcsr(csr);
#endif
  return stopped;
}

void batch_sizes(int64_t *out)
{
  out[0] = sizeof(Job);
  out[1] = sizeof(Population);
  out[2] = W;
  out[3] = L;
}
