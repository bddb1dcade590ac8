/* The pass over samples of `hebbian.terms`, without its arrays of all units and samples.

   y_i = relu(g_i (drive_i - x_shift) + b),  o = g_o sum_i y_i / sqrt(k) + b,
   gradient of -1/2 (tanh(o) - target)^2, the mean over samples (Wybo 2022, Eqs 18 and 19). */

#include <math.h>
#include <stdint.h>
#include <string.h>

/* drive [.., k]; index [tasks, n] rows of drive, or NULL: rows 0 .. n - 1 for every task;
   gain [runs, tasks, k]; output_gain [runs, tasks]; x_shift, bias [runs]; target [n] or NULL: no
   gradients; output [runs, tasks, n]; gain_grad, output_grad as the gains. */
void gain_pass(int64_t runs, int64_t tasks, int64_t n, int64_t k, const float *drive,
               const int64_t *index, const float *gain, const float *output_gain,
               const float *x_shift, const float *bias, const float *target, float *output,
               float *gain_grad, float *output_grad)
{
    const float per_root = 1.0f / sqrtf((float)k);
    for (int64_t r = 0; r < runs; r++) {
        const float shift = x_shift[r], b = bias[r];
        for (int64_t t = 0; t < tasks; t++) {
            const int64_t row = r * tasks + t;
            const float *restrict g = gain + row * k;
            const float go = output_gain[row];
            float *restrict into = target ? gain_grad + row * k : NULL;
            float into_output = 0.0f;
            if (target)
                memset(into, 0, (size_t)k * sizeof(float));
            for (int64_t i = 0; i < n; i++) {
                const float *restrict d = drive + (index ? index[t * n + i] : i) * k;
                float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
                for (int64_t j = 0; j < k; j++) {
                    const float a = g[j] * (d[j] - shift) + b;
                    sum += a > 0.0f ? a : 0.0f;
                }
                const float summed = sum * per_root, o = go * summed + b;
                output[row * n + i] = o;
                if (!target)
                    continue;
                const float y = tanhf(o), error = -(y - target[i]) * (1.0f - y * y);
                into_output += error * summed;
                const float e = error * go * per_root;
#pragma omp simd
                for (int64_t j = 0; j < k; j++) {
                    const float q = d[j] - shift;
                    into[j] += g[j] * q + b > 0.0f ? e * q : 0.0f;
                }
            }
            if (!target)
                continue;
            for (int64_t j = 0; j < k; j++)
                into[j] /= (float)n;
            output_grad[row] = into_output / (float)n;
        }
    }
}
