// What the blocks of two pictures say of their fields (kernels/combing.py), in one launch. Matrix: none; luma codes.
//
//     a line x of one picture, with the lines above and below it of the picture that it is woven with:
//
//         a        roughness |2x - a - b|, added up over a block of 16 x 16 for each of four weaves
//         x
//         b
//
// Block: 256 threads, one for each pixel. Grid: x, y = the blocks across and down, which begin at the second line.
#include "pixels.h"
#include "sums.h"

#define SIDE 16
#define PIXELS (SIDE * SIDE)
#define SUMS_OF_A_BLOCK 9

// The limits are those of kernels/combing.py as fractions: 3 / 2, 4 and 3 code values of 8 bits, 7 / 2.
__device__ inline bool rougher(int one, int other, int unit) { return 2 * one > 3 * other + 8 * unit; }

__device__ inline bool doubled(int odd, int even) { return 2 * max(odd, even) > 7 * min(odd, even); }

// `pictures`: two. (left, top) is the first pixel that is looked at, `top` even. `votes`: (7,) int32 in the order of FieldVotes, zeros before.
// `extra_bits`: bits of a sample beyond 8.
extern "C" __global__ __launch_bounds__(BLOCK) void field_votes(const Picture* pictures, int left, int top,
                                                                int extra_bits, int* votes) {
    __shared__ int scratch[WARPS + 1];
    const Plane &first = pictures[0].y, &second = pictures[1].y;
    int x = left + blockIdx.x * SIDE + threadIdx.x % SIDE, row = 1 + blockIdx.y * SIDE + threadIdx.x / SIDE;
    int y = top + row, a[3], b[3], sums[SUMS_OF_A_BLOCK];
    for (int i = 0; i < 3; ++i) {
        a[i] = sample(first, x, y - 1 + i, pictures[0].deep);
        b[i] = sample(second, x, y - 1 + i, pictures[1].deep);
    }
    int first_woven = abs(2 * a[1] - b[0] - b[2]), second_woven = abs(2 * b[1] - a[0] - a[2]);
    sums[0] = abs(2 * a[1] - a[0] - a[2]), sums[1] = abs(2 * b[1] - b[0] - b[2]);
    // An odd line of the first picture lies in the weave with the second's even lines, an even line in the other.
    sums[2] = row % 2 ? first_woven : second_woven, sums[3] = row % 2 ? second_woven : first_woven;
    sums[4] = abs(b[1] - a[1]);
    // Steps from an odd line to the even one below it, and from an even to an odd one.
    int step_a = abs(a[2] - a[1]), step_b = abs(b[2] - b[1]);
    sums[5] = row % 2 ? step_a : 0, sums[6] = row % 2 ? 0 : step_a;
    sums[7] = row % 2 ? step_b : 0, sums[8] = row % 2 ? 0 : step_b;
    for (int k = 0; k < SUMS_OF_A_BLOCK; ++k) sums[k] = block_sum(sums[k], scratch);
    if (threadIdx.x) return;
    if (blockIdx.x == 0 && blockIdx.y == 0) votes[6] = gridDim.x * gridDim.y;
    int unit = PIXELS << extra_bits, best = min(sums[2], sums[3]);
    if (sums[4] <= 3 * unit) return;
    bool even_first = rougher(sums[3], sums[2], unit), odd_first = rougher(sums[2], sums[3], unit);
    if (!even_first && !odd_first) {
        if (rougher(best, max(sums[0], sums[1]), unit)) atomicAdd(votes + 2, 1);
        return;
    }
    atomicAdd(votes + (even_first ? 0 : 1), 1);
    if (rougher(sums[0], best, unit)) atomicAdd(votes + 3, 1);
    if (rougher(sums[1], best, unit)) atomicAdd(votes + 4, 1);
    if (doubled(sums[5], sums[6]) && doubled(sums[7], sums[8])) atomicAdd(votes + 5, 1);
}
