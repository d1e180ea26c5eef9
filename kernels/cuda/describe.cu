// The numbers from which a picture's descriptor is made (engines/pooling.py), in one launch. Matrix: none; luma is
// made of R'G'B' with the weights of BT.601.
//
//     numbers of a picture:  deviation | features of 3 x 3 cells, channel by channel | 8 x 8 cells of R', of G', of B'
//
// Block: 256 threads. Grid: x = pictures; y = 0 the deviation, 1 to 8 the rows of colour cells (one warp for each
// cell), then the features (one thread for each number).
#include "cells.h"
#include "sums.h"

#define THUMB_W 48
#define THUMB_H 27
#define THUMB (THUMB_W * THUMB_H)
#define COLOUR_CELLS WARPS
#define COLOURS (3 * COLOUR_CELLS * COLOUR_CELLS)
#define FEATURE_CELLS 3

// Sums over every `step`th pixel of a cell from pixel `begin` on: R', G', B' weighted by the pixel's share in the
// cell, and the weights.
struct Sum {
    float red, green, blue, weight;
};

__device__ inline Sum sum_of(const unsigned char* picture, int width, const Cell& down, const Cell& across, int begin,
                             int step) {
    Sum sum = {0.0f, 0.0f, 0.0f, 0.0f};
    int columns = across.last - across.first + 1, pixels = columns * (down.last - down.first + 1);
    for (int i = begin; i < pixels; i += step) {
        int x = across.first + i % columns, y = down.first + i / columns;
        const unsigned char* at = picture + 3 * ((long long)y * width + x);
        float w = share(across, x) * share(down, y);
        sum.red += w * at[0], sum.green += w * at[1], sum.blue += w * at[2], sum.weight += w;
    }
    return sum;
}

// Standard deviation of luma over a thumbnail.
__device__ void deviation(const unsigned char* picture, int width, int height, float* out) {
    __shared__ float thumb[THUMB];
    __shared__ double scratch[WARPS + 1];
    double sum = 0.0, squares = 0.0;
    for (int i = threadIdx.x; i < THUMB; i += BLOCK) {
        Cell down = cell_of(i / THUMB_W, THUMB_H, height), across = cell_of(i % THUMB_W, THUMB_W, width);
        Sum cell = sum_of(picture, width, down, across, 0, 1);
        thumb[i] = (0.299f * cell.red + 0.587f * cell.green + 0.114f * cell.blue) / cell.weight;
        sum += thumb[i];
    }
    double mean = block_sum(sum, scratch) / THUMB;
    for (int i = threadIdx.x; i < THUMB; i += BLOCK) squares += (thumb[i] - mean) * (thumb[i] - mean);
    squares = block_sum(squares, scratch) / THUMB;
    if (threadIdx.x == 0) *out = (float)sqrt(squares);
}

// One row of colour cells.
__device__ void colours(const unsigned char* picture, int width, int height, int row, float* out) {
    int column = threadIdx.x / 32;
    Cell down = cell_of(row, COLOUR_CELLS, height), across = cell_of(column, COLOUR_CELLS, width);
    Sum cell = sum_of(picture, width, down, across, threadIdx.x % 32, 32);
    float red = warp_sum(cell.red), green = warp_sum(cell.green), blue = warp_sum(cell.blue);
    float weight = warp_sum(cell.weight);
    if (threadIdx.x % 32) return;
    float* at = out + row * COLOUR_CELLS + column;
    at[0] = red / weight;
    at[COLOUR_CELLS * COLOUR_CELLS] = green / weight;
    at[2 * COLOUR_CELLS * COLOUR_CELLS] = blue / weight;
}

// The range of a side that is pooled, in whole features and never empty, rounded as in engines/pooling.py.
__device__ inline int2 stretch_of(int index, int length) {
    int begin = (2 * length * index + FEATURE_CELLS) / (2 * FEATURE_CELLS);
    int end = (2 * length * (index + 1) + FEATURE_CELLS) / (2 * FEATURE_CELLS);
    begin = min(begin, length - 1);
    return make_int2(begin, max(end, begin + 1));
}

// Mean of one channel over one cell. `features` are those of one picture.
__device__ float pooled(const float* features, int channel_step, int row_step, int height, int width, int number) {
    const int cells = FEATURE_CELLS * FEATURE_CELLS;
    const float* channel = features + (long long)(number / cells) * channel_step;
    int2 down = stretch_of(number % cells / FEATURE_CELLS, height), across = stretch_of(number % FEATURE_CELLS, width);
    float sum = 0.0f;
    for (int y = down.x; y < down.y; ++y) {
        for (int x = across.x; x < across.y; ++x) sum += channel[(long long)y * row_step + x];
    }
    return sum / ((down.y - down.x) * (across.y - across.x));
}

// `features`: float32; the steps are the distances, in features, of pictures, channels and rows. `pictures`:
// (N, height, width, 3) uint8. `out`: (N, 1 + 9 * channels + 192) float32.
extern "C" __global__ __launch_bounds__(BLOCK) void picture_numbers(const float* features, int picture_step,
                                                                    int channel_step, int row_step, int channels,
                                                                    int rows, int columns,
                                                                    const unsigned char* pictures, int height,
                                                                    int width, float* out) {
    int n = blockIdx.x, job = (int)blockIdx.y - 1 - COLOUR_CELLS, count = channels * FEATURE_CELLS * FEATURE_CELLS;
    const unsigned char* picture = pictures + 3LL * n * width * height;
    out += (long long)n * (1 + count + COLOURS);
    if (blockIdx.y == 0) return deviation(picture, width, height, out);
    if (job < 0) return colours(picture, width, height, blockIdx.y - 1, out + 1 + count);
    int number = job * BLOCK + threadIdx.x;
    if (number >= count) return;
    out[1 + number] = pooled(features + (long long)n * picture_step, channel_step, row_step, rows, columns, number);
}
