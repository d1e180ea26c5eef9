// Runs CUDA code on the host, one block after the other, for kernels on a few pixels. It tests the arithmetic, the
// indices and the barriers of the .cu files against the reference where there is no GPU.
//
// Every thread of a block is a fiber. At a barrier a fiber waits until all fibers that still run (of the block, or of
// the warp) have reached it. A barrier that some never reach ends the process with a message instead of hanging. Both
// orders of blocks and threads must give the same result: where a barrier is missing, one of them reads too early.
#pragma once
#include <algorithm>
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

constexpr size_t kStackBytes = 128 * 1024 + 5 * 64;  // no power of two, or all stacks would share a few cache lines

struct Barrier {
    long running = 0, arrived = 0, passed = 0;  // threads that still run, those of them that wait, barriers behind them
    void release_if_all_wait() {
        if (arrived < running) return;
        arrived = 0;
        ++passed;
    }
};

using Place = void* [5];  // of the compiler's own setjmp: the library's knows of clean-ups and signals, and takes its time

struct Fiber {
    Place place;
    uint3 thread{};
    bool running = false, begun = false;
    Barrier* waits_at = nullptr;
    long until = 0;  // so many are behind it
    alignas(16) unsigned char lane_value[16]{};
    bool waits() const { return waits_at && waits_at->passed < until; }
};

inline std::vector<Fiber> fibers;
inline std::vector<char> stacks;
inline size_t current = 0, alive = 0;
inline bool backwards = false;  // whether the last block and the last thread of a block run first
inline ucontext_t scheduler;
inline Place scheduler_place;
inline Barrier of_block, of_warp[64];
inline uint3 grid_size, block_size, block_index;
inline void (*body)(void*);
inline void* body_arguments;

// Not inline, because the compiler's own jump must not be in the function that it leads to.
[[noreturn, gnu::noinline]] inline void jump(Place& place) { __builtin_longjmp(place, 1); }

[[gnu::noinline]] inline void give_way() {
    if (!__builtin_setjmp(fibers[current].place)) jump(scheduler_place);
}

inline void end_thread() {
    fibers[current].running = false;
    for (Barrier* barrier : {&of_block, &of_warp[current / 32]}) {
        --barrier->running;
        barrier->release_if_all_wait();
    }
}

// One thread after the other, each of another block.
inline void enter() {
    for (;;) {
        body(body_arguments);
        end_thread();
        give_way();
    }
}

[[gnu::noinline]] inline void go_on(Fiber& f) {
    if (__builtin_setjmp(scheduler_place)) return;
    if (f.begun) jump(f.place);
    f.begun = true;
    static ucontext_t first;  // later switches are jumps
    getcontext(&first);
    first.uc_stack.ss_sp = stacks.data() + kStackBytes * current;
    first.uc_stack.ss_size = kStackBytes;
    first.uc_link = &scheduler;
    makecontext(&first, enter, 0);
    swapcontext(&scheduler, &first);
}

inline void wait_at(Barrier& barrier) {
    Fiber& f = fibers[current];
    f.waits_at = &barrier;
    f.until = barrier.passed + 1;
    ++barrier.arrived;
    barrier.release_if_all_wait();
    if (f.waits()) give_way();
}

inline void block_barrier() { wait_at(of_block); }

inline void warp_barrier() { wait_at(of_warp[current / 32]); }

inline void run_block() {
    of_block = {(long)alive};
    for (size_t warp = 0; warp * 32 < alive; ++warp) of_warp[warp] = {(long)std::min<size_t>(32, alive - warp * 32)};
    for (size_t i = 0; i < alive; ++i) {
        unsigned n = (unsigned)i;
        fibers[i].thread = {n % block_size.x, n / block_size.x % block_size.y, n / (block_size.x * block_size.y)};
        fibers[i].running = true;
        fibers[i].waits_at = nullptr;
    }
    while (of_block.running) {
        bool any = false;
        for (size_t turn = 0; turn < alive; ++turn) {
            current = backwards ? alive - 1 - turn : turn;
            if (!fibers[current].running || fibers[current].waits()) continue;
            any = true;
            go_on(fibers[current]);
        }
        if (!any) {
            std::fprintf(stderr, "a barrier is not reached by all threads\n");
            std::abort();
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
    if (fibers.size() < alive) {
        fibers = std::vector<Fiber>(alive);
        stacks = std::vector<char>(alive * kStackBytes);
    }
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
