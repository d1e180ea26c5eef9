// Runs CUDA code on the host, one block after the other, for kernels on a few pixels. It tests the arithmetic, the
// indices and the barriers of the .cu files against the reference where there is no GPU.
//
// Every thread of a block is a fiber. At a barrier a fiber waits until all fibers that still run (of the block, or of
// the warp) have reached it. A barrier that some never reach ends the process with a message instead of hanging. Both
// orders of blocks and threads must give the same result: where a barrier is missing, one of them reads too early.
#pragma once
#include <algorithm>
#include <csetjmp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __noinline__ __attribute__((noinline))
#define __shared__ static
#define __launch_bounds__(...)

using std::max;
using std::min;

struct uint3 { unsigned x, y, z; };
struct uint2 { unsigned x, y; };
struct uint4 { unsigned x, y, z, w; };
struct int2 { int x, y; };
struct float3 { float x, y, z; };
struct uchar2 { unsigned char x, y; };
struct uchar3 { unsigned char x, y, z; };
inline int2 make_int2(int x, int y) { return {x, y}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline uchar2 make_uchar2(unsigned char x, unsigned char y) { return {x, y}; }
inline uchar3 make_uchar3(unsigned char x, unsigned char y, unsigned char z) { return {x, y, z}; }

namespace emulation {

constexpr size_t kStackBytes = 128 * 1024;

struct Fiber {
    ucontext_t context;  // for the first switch; later switches are jumps, which are cheaper
    jmp_buf place;
    std::vector<char> stack = std::vector<char>(kStackBytes);
    uint3 thread{};
    bool running = false, begun = false;
    long block_barriers = 0, warp_barriers = 0;
    alignas(16) unsigned char lane_value[16]{};
};

inline std::vector<Fiber> fibers;
inline size_t current = 0, alive = 0;
inline bool backwards = false;  // whether the last block and the last thread of a block run first
inline ucontext_t scheduler;
inline jmp_buf scheduler_place;
inline long block_passed, warp_passed[64];
inline uint3 grid_size, block_size, block_index;
inline void (*body)(void*);
inline void* body_arguments;

inline void enter() {
    body(body_arguments);
    fibers[current].running = false;
    _longjmp(scheduler_place, 1);
}

inline void give_way() {
    if (!_setjmp(fibers[current].place)) _longjmp(scheduler_place, 1);
}

inline void go_on(Fiber& f) {
    if (_setjmp(scheduler_place)) return;
    if (f.begun) _longjmp(f.place, 1);
    f.begun = true;
    swapcontext(&scheduler, &f.context);
}

template <typename Count>
void wait_for(size_t first, size_t last, long& passed, Count count) {
    long mine = ++count(fibers[current]);
    for (long turns = 0; passed < mine; ++turns) {
        size_t i = first;
        while (i < last && (!fibers[i].running || count(fibers[i]) >= mine)) ++i;
        if (i == last) passed = mine;
        if (passed >= mine) return;
        if (turns > 1000000) {
            std::fprintf(stderr, "a barrier is not reached by all threads\n");
            std::abort();
        }
        give_way();
    }
}

inline void block_barrier() {
    wait_for(0, alive, block_passed, [](Fiber& f) -> long& { return f.block_barriers; });
}

inline void warp_barrier() {
    size_t first = current / 32 * 32;
    wait_for(first, std::min(first + 32, alive), warp_passed[current / 32], [](Fiber& f) -> long& { return f.warp_barriers; });
}

inline void run_block() {
    block_passed = 0;
    std::fill(std::begin(warp_passed), std::end(warp_passed), 0);
    for (size_t i = 0; i < alive; ++i) {
        Fiber& f = fibers[i];
        unsigned n = (unsigned)i;
        f.thread = {n % block_size.x, n / block_size.x % block_size.y, n / (block_size.x * block_size.y)};
        f.running = true;
        f.begun = false;
        f.block_barriers = f.warp_barriers = 0;
        getcontext(&f.context);
        f.context.uc_stack.ss_sp = f.stack.data();
        f.context.uc_stack.ss_size = f.stack.size();
        f.context.uc_link = &scheduler;
        makecontext(&f.context, enter, 0);
    }
    for (bool any = true; any;) {
        any = false;
        for (size_t turn = 0; turn < alive; ++turn) {
            current = backwards ? alive - 1 - turn : turn;
            if (!fibers[current].running) continue;
            any = true;
            go_on(fibers[current]);
        }
    }
}

template <typename... A>
struct Call {
    void (*kernel)(A...);
    void** values;
    template <size_t... I>
    void apply(std::index_sequence<I...>) { kernel(*(A*)values[I]...); }
    static void run(void* self) { ((Call*)self)->apply(std::index_sequence_for<A...>()); }
};

template <typename... A>
void launch(void (*kernel)(A...), const unsigned* grid, const unsigned* block, void** values) {
    grid_size = {grid[0], grid[1], grid[2]};
    block_size = {block[0], block[1], block[2]};
    alive = (size_t)block[0] * block[1] * block[2];
    if (fibers.size() < alive) fibers = std::vector<Fiber>(alive);
    static Call<A...> call;
    call = {kernel, values};
    body = &Call<A...>::run;
    body_arguments = &call;
    unsigned blocks = grid[0] * grid[1] * grid[2];
    for (unsigned turn = 0; turn < blocks; ++turn) {
        unsigned n = backwards ? blocks - 1 - turn : turn;
        block_index = {n % grid[0], n / grid[0] % grid[1], n / (grid[0] * grid[1])};
        run_block();
    }
}

}  // namespace emulation

#define threadIdx (emulation::fibers[emulation::current].thread)
#define blockIdx emulation::block_index
#define blockDim emulation::block_size
#define gridDim emulation::grid_size

inline void __syncthreads() { emulation::block_barrier(); }
inline void __threadfence() {}

template <typename T>
T __shfl_down_sync(unsigned, T value, int offset) {
    emulation::Fiber* fibers = emulation::fibers.data();
    size_t me = emulation::current;
    static_assert(sizeof(T) <= sizeof(fibers[me].lane_value));
    *(T*)fibers[me].lane_value = value;
    emulation::warp_barrier();
    size_t from = me % 32 + offset < 32 ? me + offset : me;
    T result = *(T*)fibers[from].lane_value;
    emulation::warp_barrier();
    return result;
}

template <typename T, typename V>
T atomicAdd(T* place, V value) {
    T before = *place;
    *place = before + (T)value;
    return before;
}

inline int atomicMin(int* place, int value) {
    int before = *place;
    *place = min(before, value);
    return before;
}

template <typename T>
T __ldcg(const T* place) { return *place; }

#define EMULATED(kernel)                                                                                      \
    extern "C" void emulate_##kernel(const unsigned* grid, const unsigned* block, void** values, int order) { \
        emulation::backwards = order < 0;                                                                     \
        emulation::launch(kernel, grid, block, values);                                                       \
    }
