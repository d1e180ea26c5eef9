// The sums of kernels/balance.py, from which composition scores are computed, in one launch. Matrix: none; luma is
// made of R'G'B' with the weights of BT.709.
//
//       n        gradient: half of e - w and half of s - n; at an edge the whole difference to the one neighbour
//     w c e      (`c` is used in place of the neighbour outside)
//       s
#include "sums.h"

__device__ inline float luma_at(const unsigned char* picture, int width, int x, int y) {
    const unsigned char* at = picture + 3 * (y * width + x);
    return 0.2126f * at[0] + 0.7152f * at[1] + 0.0722f * at[2];
}

// `out` is (5,) float64. One block of 256 threads; each thread reads every 256th pixel. The picture has at least two
// rows and two columns.
extern "C" __global__ __launch_bounds__(BLOCK) void balance(const unsigned char* picture, int width, int height,
                                                            int left, int top, int right, int bottom, double* out) {
    __shared__ double scratch[WARPS + 1];
    double sums[5] = {};
    for (int i = threadIdx.x; i < width * height; i += BLOCK) {
        int x = i % width, y = i / width, w = max(x - 1, 0), e = min(x + 1, width - 1);
        int n = max(y - 1, 0), s = min(y + 1, height - 1);
        float c = luma_at(picture, width, x, y);
        float gx = (luma_at(picture, width, e, y) - luma_at(picture, width, w, y)) / (e - w);
        float gy = (luma_at(picture, width, x, s) - luma_at(picture, width, x, n)) / (s - n);
        double slope = sqrtf(gx * gx + gy * gy);
        bool outside = x < left || x >= right || y < top || y >= bottom;
        sums[0] += outside ? slope : 0.0, sums[1] += outside;
        sums[2] += c, sums[3] += (double)c * c;
        sums[4] += (double)c * luma_at(picture, width, width - 1 - x, y);
    }
    for (int k = 0; k < 5; ++k) {
        double sum = block_sum(sums[k], scratch);
        if (threadIdx.x == 0) out[k] = sum;
    }
}
