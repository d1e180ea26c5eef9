// Mean luma of the parts of rows and columns of the sampled pictures of a batch: picture `first` and every `stride`th
// picture after it; and what follows from them along the borders. Matrix: none, luma only.
//
// Lines are rows or columns of the stored picture, as many as are displayed (the nearest line when the picture is
// enlarged). Each line has 16 parts, which are measured separately. Block: 16 warps x 32 lanes.
//
//     rows:     block = 1 line, warp = part, lanes read the part's samples in turn
//     columns:  block = 32 neighbouring lines, warp = part, lane = line, so that a warp reads 32 neighbouring samples
#include "pixels.h"
#include "sums.h"

// The constants of kernels/bars.py, which gives the reasons.
#define SEGMENTS 16
#define BLACK 8.0
#define LIT 24.0
#define PEDESTAL_MAX 20.0
#define LEAST_LIVE 4

__device__ inline float luma_of(const Picture& p, unsigned long long sum, int count) {
    return fmaxf(0.0f, ((float)sum / count * p.unit - p.black) * p.luma_gain);
}

__device__ inline int stored_line(int line, int lines, int stored) {
    int nearest = (int)((line + 0.5) * ((double)stored / lines));
    return clamped(nearest, stored - 1);
}

// `rows` is (grid y, lines, SEGMENTS) float32; grid x = lines, grid y = sampled pictures.
extern "C" __global__ void darkness_rows(const Picture* pictures, int first, int stride, float* rows, int lines) {
    int part = threadIdx.x / 32, lane = threadIdx.x % 32, line = blockIdx.x;
    const Picture& p = pictures[first + blockIdx.y * stride];
    int y = stored_line(line, lines, p.y.height);
    int begin = part * p.y.width / SEGMENTS, end = max(begin + 1, (part + 1) * p.y.width / SEGMENTS);
    unsigned long long sum = 0;
    for (int x = begin + lane; x < end; x += 32) sum += sample(p.y, x, y, p.deep);
    sum = warp_sum(sum);
    if (lane == 0) rows[(blockIdx.y * lines + line) * SEGMENTS + part] = luma_of(p, sum, end - begin);
}

// `columns` is (grid y, lines, SEGMENTS) float32; grid x = lines / 32, rounded up, grid y = sampled pictures.
extern "C" __global__ void darkness_columns(const Picture* pictures, int first, int stride, float* columns,
                                           int lines) {
    int part = threadIdx.x / 32, line = blockIdx.x * 32 + threadIdx.x % 32;
    if (line >= lines) return;
    const Picture& p = pictures[first + blockIdx.y * stride];
    int x = stored_line(line, lines, p.y.width);
    int begin = part * p.y.height / SEGMENTS, end = max(begin + 1, (part + 1) * p.y.height / SEGMENTS);
    unsigned long long sum = 0;
    for (int y = begin; y < end; ++y) sum += sample(p.y, x, y, p.deep);
    columns[(blockIdx.y * lines + line) * SEGMENTS + part] = luma_of(p, sum, end - begin);
}

// Median of the 16 parts of a line.
__device__ inline float middle_of(const float* line) {
    float low = 0.0f, high = 0.0f;
    for (int i = 0; i < SEGMENTS; ++i) {
        int rank = 0;
        for (int j = 0; j < SEGMENTS; ++j) rank += line[j] < line[i] || (line[j] == line[i] && j < i);
        if (rank == SEGMENTS / 2 - 1) low = line[i];
        if (rank == SEGMENTS / 2) high = line[i];
    }
    return (low + high) / 2.0f;
}

__device__ inline bool agree(int parts, int count) { return 4 * parts >= 3 * count; }

// Class of a line as in classify_lines of kernels/cpu_borders.py: 0 neither, 1 dark, 2 bright. `outer` has a bit for
// each part.
__device__ inline unsigned kind_of(const float* line, const int* live, int lives, unsigned outer, int outers,
                                   float black, float lit) {
    int bright = 0, bright_outer = 0, dark_outer = 0;
    for (int part = 0; part < SEGMENTS; ++part) {
        if (!live[part]) continue;
        bool at_end = outer >> part & 1;
        bright += line[part] >= lit, bright_outer += at_end && line[part] >= lit;
        dark_outer += at_end && line[part] <= black;
    }
    if (agree(bright, lives) && agree(bright_outer, outers)) return 2;
    return agree(dark_outer, outers);
}

// Classifies all lines and keeps what each picture shows along its borders. Grid x: 0 = rows, 1 = columns; grid y =
// sampled pictures. `out` of each picture, for its rows, then for its columns, as in BORDERS of kernels/bars.py: lines
// outside the outermost bright one from the first line and from the last, lines that are dark from the first line and
// from the last, then 1 if any part reached LIT.
extern "C" __global__ void line_borders(const float* rows, int row_count, const float* columns, int column_count,
                                       int* out) {
    __shared__ int live[SEGMENTS], any_lit, any_kind, nearest[4];
    int count = blockIdx.x ? column_count : row_count;
    const float* profile = (blockIdx.x ? columns : rows) + blockIdx.y * count * SEGMENTS;
    out += (blockIdx.y * 2 + blockIdx.x) * 5;
    double ends = fminf(middle_of(profile), middle_of(profile + (count - 1) * SEGMENTS));
    double pedestal = fmin(PEDESTAL_MAX, ends);
    float black = (float)(pedestal + BLACK), lit = (float)(pedestal + LIT);
    if (threadIdx.x < SEGMENTS) live[threadIdx.x] = 0;
    if (threadIdx.x < 4) nearest[threadIdx.x] = count;
    if (threadIdx.x == 0) any_lit = any_kind = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < count * SEGMENTS; i += blockDim.x) {  // all threads that write write the same value
        if (profile[i] >= lit) live[i % SEGMENTS] = 1;
        if (profile[i] >= (float)LIT) any_lit = 1;
    }
    __syncthreads();
    int lives = 0, seen = 0;
    for (int part = 0; part < SEGMENTS; ++part) lives += live[part];
    int at_ends = max(1, lives / 8);
    unsigned outer = 0;
    for (int part = 0; part < SEGMENTS; ++part) {
        if (live[part] && (seen < at_ends || seen >= lives - at_ends)) outer |= 1u << part;
        seen += live[part];
    }
    for (int line = threadIdx.x; line < count && lives >= LEAST_LIVE; line += blockDim.x) {
        unsigned kind = kind_of(profile + line * SEGMENTS, live, lives, outer, 2 * at_ends, black, lit);
        if (kind) any_kind = 1;
        if (kind == 2) atomicMin(&nearest[0], line), atomicMin(&nearest[1], count - 1 - line);
        if (kind != 1) atomicMin(&nearest[2], line), atomicMin(&nearest[3], count - 1 - line);
    }
    __syncthreads();
    if (threadIdx.x < 4) out[threadIdx.x] = threadIdx.x < 2 || any_kind ? nearest[threadIdx.x] : count;
    if (threadIdx.x == 0) out[4] = any_lit;
}
