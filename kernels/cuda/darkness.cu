// Rows and columns of the displayed picture, folded over the sampled pictures of a batch: `first` and every
// `stride`th after it. Matrix: none, luma only.
//
// Lines are those of the stored picture, as many as are shown (nearest line when it is shown larger); a line's 16
// parts are measured apart. Block: 16 warps x 32 lanes.
//
//     rows:     block = 1 line, warp = part, lanes walk along the part
//     columns:  block = 32 neighbouring lines, warp = part, lane = line, so that a warp reads 32 neighbouring samples
#include "pixels.h"
#include "sums.h"

#define SEGMENTS 16

__device__ inline float luma_of(const Picture& p, unsigned long long sum, int count) {
    return ((float)sum / count * p.unit - p.black) * p.luma_gain;
}

__device__ inline int stored_line(int line, int lines, int stored) {
    int nearest = (int)((line + 0.5) * ((double)stored / lines));
    return clamped(nearest, stored - 1);
}

// `rows` is (lines, SEGMENTS) float32; grid x = lines.
extern "C" __global__ void darkness_rows(const Picture* pictures, int first, int stride, int count,
                                        float* rows, int lines) {
    int part = threadIdx.x / 32, lane = threadIdx.x % 32, line = blockIdx.x;
    float highest = rows[line * SEGMENTS + part];
    for (int n = first; n < count; n += stride) {
        const Picture& p = pictures[n];
        int y = stored_line(line, lines, p.y.height);
        int begin = part * p.y.width / SEGMENTS, end = max(begin + 1, (part + 1) * p.y.width / SEGMENTS);
        unsigned long long sum = 0;
        for (int x = begin + lane; x < end; x += 32) sum += sample(p.y, x, y, p.deep);
        sum = warp_sum(sum);
        if (lane == 0) highest = fmaxf(highest, luma_of(p, sum, end - begin));
    }
    if (lane == 0) rows[line * SEGMENTS + part] = highest;
}

// `columns` is (lines, SEGMENTS) float32; grid x = lines / 32, rounded up.
extern "C" __global__ void darkness_columns(const Picture* pictures, int first, int stride, int count,
                                           float* columns, int lines) {
    int part = threadIdx.x / 32, line = blockIdx.x * 32 + threadIdx.x % 32;
    if (line >= lines) return;
    float highest = columns[line * SEGMENTS + part];
    for (int n = first; n < count; n += stride) {
        const Picture& p = pictures[n];
        int x = stored_line(line, lines, p.y.width);
        int begin = part * p.y.height / SEGMENTS, end = max(begin + 1, (part + 1) * p.y.height / SEGMENTS);
        unsigned long long sum = 0;
        for (int y = begin; y < end; ++y) sum += sample(p.y, x, y, p.deep);
        highest = fmaxf(highest, luma_of(p, sum, end - begin));
    }
    columns[line * SEGMENTS + part] = highest;
}

// What the profiles prove is told by three limits, so two bits a part reach the host: 0 up to `limits[0]`, 1 below
// `limits[1]`, 3 from `limits[2]`, else 2. Thread = four parts = one byte of the (lines, SEGMENTS / 4) output.
extern "C" __global__ void darkness_grades(const float* lines, int count, const float* limits, unsigned char* out) {
    int place = blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= count * (SEGMENTS / 4)) return;
    unsigned grades = 0;
    for (int i = 0; i < 4; ++i) {
        float value = lines[place * 4 + i];
        unsigned grade = value >= limits[2] ? 3 : value <= limits[0] ? 0 : value < limits[1] ? 1 : 2;
        grades |= grade << (2 * i);
    }
    out[place] = (unsigned char)grades;
}
