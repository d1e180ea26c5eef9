// Photographic quality of the middle of a face chip: the formulas of engines/quality.py in one launch. Matrix: none;
// luma is made of R'G'B' with the weights of BT.601.
#include "sums.h"

__device__ inline float luma_at(const unsigned char* chip, int width, int x, int y) {
    const unsigned char* at = chip + 3 * ((long long)y * width + x);
    return 0.299f * at[0] + 0.587f * at[1] + 0.114f * at[2];
}

// `out` is (chips, 6) float32: focus, grain, contrast, share of burnt-out pixels, coherence, mean luma. Block = one chip, 256
// threads; each thread reads every 256th of the side x side pixels from (start, start) on. Side: 3 or more.
extern "C" __global__ __launch_bounds__(BLOCK) void chip_quality(const unsigned char* chips, int width, int start,
                                                                 int side, float* out) {
    __shared__ double scratch[WARPS + 1];
    const unsigned char* chip = chips + 3 * ((long long)blockIdx.x * width * width + (long long)start * width + start);
    double sum = 0, squares = 0, burnt = 0, bend = 0, bend2 = 0, noise = 0, xx = 0, yy = 0, xy = 0;
    for (int i = threadIdx.x; i < side * side; i += BLOCK) {
        int x = i % side, y = i / side;
        float c = luma_at(chip, width, x, y);
        sum += c, squares += (double)c * c, burnt += c >= 248.0f;
        if (x == 0 || y == 0 || x == side - 1 || y == side - 1) continue;
        float w = luma_at(chip, width, x - 1, y), e = luma_at(chip, width, x + 1, y);
        float n = luma_at(chip, width, x, y - 1), s = luma_at(chip, width, x, y + 1);
        float corners = luma_at(chip, width, x - 1, y - 1) + luma_at(chip, width, x + 1, y - 1) +
                        luma_at(chip, width, x - 1, y + 1) + luma_at(chip, width, x + 1, y + 1);
        float cross = n + s + w + e, curve = cross - 4.0f * c, gx = e - w, gy = s - n;
        bend += curve, bend2 += (double)curve * curve, noise += fabsf(corners - 2.0f * cross + 4.0f * c);
        xx += (double)gx * gx, yy += (double)gy * gy, xy += (double)gx * gy;
    }
    double pixels = (double)side * side, inner = (double)(side - 2) * (side - 2);
    sum = block_sum(sum, scratch) / pixels, squares = block_sum(squares, scratch) / pixels;
    burnt = block_sum(burnt, scratch) / pixels, noise = block_sum(noise, scratch) / inner;
    bend = block_sum(bend, scratch) / inner, bend2 = block_sum(bend2, scratch) / inner;
    xx = block_sum(xx, scratch) / inner, yy = block_sum(yy, scratch) / inner, xy = block_sum(xy, scratch) / inner;
    if (threadIdx.x) return;
    float* row = out + 6 * blockIdx.x;
    row[0] = (float)fmax(0.0, bend2 - bend * bend);
    row[1] = (float)(noise * (sqrt(3.14159265358979323846 / 2.0) / 6.0));
    row[2] = (float)sqrt(fmax(0.0, squares - sum * sum));
    row[3] = (float)burnt;
    row[4] = (float)(sqrt((xx - yy) * (xx - yy) + 4.0 * xy * xy) / (xx + yy + 1e-6));
    row[5] = (float)sum;
}
