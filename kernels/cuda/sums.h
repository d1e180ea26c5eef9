// Sums: within a warp by shuffles, within a block through shared memory, between blocks by atomics on integers. Integer
// sums do not depend on the order, so the same input always gives the same output.
#pragma once

#define BLOCK 256
#define WARPS (BLOCK / 32)
#define WHOLE_WARP 0xffffffffu

template <typename T>
__device__ inline T warp_sum(T value) {
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_down_sync(WHOLE_WARP, value, offset);
    return value;
}

// The block's sum, returned in every thread. `scratch` has WARPS + 1 entries. All threads of the block must call it.
template <typename T>
__device__ inline T block_sum(T value, T* scratch) {
    value = warp_sum(value);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
        T total = scratch[0];
        for (int warp = 1; warp < WARPS; ++warp) total += scratch[warp];
        scratch[WARPS] = total;
    }
    __syncthreads();
    T total = scratch[WARPS];
    __syncthreads();
    return total;
}

// True in all threads of the last of `count` blocks to call it. That block sees what the others wrote before if it
// reads past the L1 cache (__ldcg).
__device__ inline bool comes_last(unsigned* counter, unsigned count, unsigned* shared_flag) {
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) *shared_flag = atomicAdd(counter, 1u) == count - 1;
    __syncthreads();
    bool last = *shared_flag != 0;
    __syncthreads();
    return last;
}
