// The finest detail in each cell of a small picture (kernels/detail.py), in one launch. Matrix: none; luma is made of
// R'G'B' with the weights of BT.709 in 256ths.
//
//       n
//     w c e      |4c - n - e - s - w|, the largest of each cell; at an edge `c` is used in place of the one outside
//       s
//
// Block: 256 threads. Grid: x = as many blocks as give each cell a warp.
#include "sums.h"

__device__ inline int whole_luma(const unsigned char* picture, int width, int x, int y) {
    const unsigned char* at = picture + 3 * (y * width + x);
    return 54 * at[0] + 183 * at[1] + 19 * at[2];
}

// `out` is (rows, columns) int32. Cells begin at whole pixels and have at least one.
extern "C" __global__ __launch_bounds__(BLOCK) void strongest_detail(const unsigned char* picture, int width,
                                                                     int height, int columns, int rows, int* out) {
    int cell = blockIdx.x * WARPS + threadIdx.x / 32;
    if (cell >= columns * rows) return;
    int column = cell % columns, row = cell / columns, strongest = 0;
    int left = column * width / columns, right = max(left + 1, (column + 1) * width / columns);
    int top = row * height / rows, bottom = max(top + 1, (row + 1) * height / rows);
    for (int i = threadIdx.x % 32; i < (right - left) * (bottom - top); i += 32) {
        int x = left + i % (right - left), y = top + i / (right - left);
        int west = max(x - 1, 0), east = min(x + 1, width - 1), north = max(y - 1, 0), south = min(y + 1, height - 1);
        int beside = whole_luma(picture, width, west, y) + whole_luma(picture, width, east, y) +
                     whole_luma(picture, width, x, north) + whole_luma(picture, width, x, south);
        strongest = max(strongest, abs(4 * whole_luma(picture, width, x, y) - beside));
    }
    for (int offset = 16; offset > 0; offset /= 2)
        strongest = max(strongest, __shfl_down_sync(WHOLE_WARP, strongest, offset));
    if (threadIdx.x % 32 == 0) out[cell] = strongest;
}
