// All statistics of a batch of pictures in one launch.
//
// Grid: x = tiles of the analysis picture, then groups of 256 small-chroma pixels; y = pictures. Block: 256 threads.
//
//     A luma block makes 64 x 16 pixels of the analysis picture, and one pixel around them for the gradients:
//
//         +--+----------------+--+      Each thread makes 4 pixels, from loads of up to 16 bytes when rows begin at
//         |  |   halo row     |  |      multiples of 16 bytes (wide.h), else from single samples. If the bilinear step
//         +--+----------------+--+      follows, these are pixels of the halved plane, kept in shared memory.
//         |  | 64 x 16 pixels |  |
//         |  |                |  |      The histogram is in shared memory, gradient sums use warp shuffles, and there
//         +--+----------------+--+      is one atomic add for each block and number.
//
//     Each thread of a chroma block makes one pixel, from loads of up to 16 bytes if U and V are interleaved.
//
// The last block of a picture makes its row (moments, thumbnail, signatures). The last block of the batch compares
// neighbouring pictures: thumbnails, chroma signatures, histograms. Chroma stays in code values; the matrix is in
// Picture::opponent.
#include "cells.h"
#include "pixels.h"
#include "sums.h"
#include "wide.h"

#define TILE_W 64
#define TILE_H 16
#define TILE_PITCH (TILE_W + 8)
// Largest region of the halved plane below a tile and its halo. The halved plane is less than twice as large as the
// analysis picture: 65 and 17 steps of less than two pixels, two more pixels, and columns from a multiple of four on.
#define REGION_W 136
#define REGION_H 36
#define BINS 64
#define HISTOGRAM_SUM 65535.0

// Sums of one picture while it is measured; all zero before and after a launch.
struct Sums {
    long long xx, yy, xy, bend, bend2;
    long long u, v, uu, vv, uv;
    unsigned codes[256];
    unsigned done, spare;
};

// The fields of kernels.stats.ROW after time and frame number, in the same order.
struct Row {
    float luma_mean, luma_std, sobel_energy, laplacian_var, blur_anisotropy, blur_angle_rad, colourfulness;
    float change, chroma_change, tone_change;
    unsigned short histogram[BINS];
    unsigned char signature_y[9 * 16];
    unsigned char signature_uv[2 * 4 * 8];
};

// Sizes of one video's small pictures, in stored orientation, and where intermediate results are.
struct Plan {
    int width, height;   // analysis picture
    int rotation;        // clockwise degrees
    int tiles_x, tiles;  // number of luma blocks; the blocks after them are chroma blocks
    int chroma_room;     // pixels of one picture's small chroma in `chroma`
    int has_before;      // whether slot 0 of `thumbs` and `rows` holds the frame before
};

__device__ inline int to_8_bit(const Picture& p, float code) {
    return p.deep ? (int)fminf(rintf(code * p.unit), 255.0f) : (int)code;
}

// Position of pixel `index` of a line of `length` pixels in a line of `halved` pixels, from the centre of its first.
__device__ inline float place_of(int index, int length, int halved) {
    return bounded((index + 0.5f) * halved / length - 0.5f, halved - 1.0f);
}

// Four pixels of the halved plane; the last column is repeated beyond its end.
__device__ Four halved_luma(const Picture& p, int x, int y, bool wide) {
    if (wide && x + 3 < p.luma_width) return four_codes(p.y, p.luma.both, x, y, p.deep);
    Four out;
    for (int i = 0; i < 4; ++i) {
        out.codes[i] = (unsigned short)halved(p.y, p.luma, min(x + i, p.luma_width - 1), y, p.deep);
    }
    return out;
}

// The tile whose first pixel is (x0, y0): codes[(y + 1) * TILE_PITCH + x + 4] is pixel (x0 + x, y0 + y). Pixels outside
// the picture are left as they are.
struct Tile {
    int x0, y0;
    unsigned char* codes;
};

__device__ void load_tile(const Picture& p, const Plan& plan, const Tile& tile, bool wide) {
    const int groups = TILE_W / 4 + 2;  // the first and the last group have the halo columns
    for (int task = threadIdx.x; task < groups * (TILE_H + 2); task += BLOCK) {
        int group = task % groups, row = task / groups, x = tile.x0 + 4 * group - 4, y = tile.y0 + row - 1;
        if (x < 0 || x >= plan.width || y < 0 || y >= plan.height) continue;
        Four four = halved_luma(p, x, y, wide);
        unsigned char* out = tile.codes + row * TILE_PITCH + 4 * group;
        for (int i = 0; i < 4; ++i) out[i] = (unsigned char)to_8_bit(p, four.codes[i]);
    }
}

// The part of the halved plane below a tile.
struct Region {
    int left, top, width, height;
};

__device__ Region region_below(const Picture& p, const Plan& plan, const Tile& tile) {
    int last_x = min(tile.x0 + TILE_W, plan.width - 1), last_y = min(tile.y0 + TILE_H, plan.height - 1);
    int left = (int)place_of(max(tile.x0 - 1, 0), plan.width, p.luma_width) / 4 * 4;
    int top = (int)place_of(max(tile.y0 - 1, 0), plan.height, p.luma_height);
    int right = min((int)place_of(last_x, plan.width, p.luma_width) + 1, p.luma_width - 1);
    int bottom = min((int)place_of(last_y, plan.height, p.luma_height) + 1, p.luma_height - 1);
    return {left, top, right - left + 1, bottom - top + 1};
}

__device__ void load_region(const Picture& p, const Region& region, bool wide, Four* kept) {
    int groups = (region.width + 3) / 4;
    for (int task = threadIdx.x; task < groups * region.height; task += BLOCK) {
        int group = task % groups, row = task / groups;
        kept[row * (REGION_W / 4) + group] = halved_luma(p, region.left + 4 * group, region.top + row, wide);
    }
}

// Fills the tile by bilinear interpolation, from `kept` if the region fits in it, else from the plane.
__device__ void reduce_to_tile(const Picture& p, const Plan& plan, const Tile& tile, const Region& region,
                               const Four* kept, bool there) {
    const unsigned short* codes = kept->codes;
    for (int i = threadIdx.x; i < (TILE_W + 2) * (TILE_H + 2); i += BLOCK) {
        int column = i % (TILE_W + 2), row = i / (TILE_W + 2), x = tile.x0 + column - 1, y = tile.y0 + row - 1;
        if (x < 0 || x >= plan.width || y < 0 || y >= plan.height) continue;
        float sx = place_of(x, plan.width, p.luma_width), sy = place_of(y, plan.height, p.luma_height), code;
        if (there) {
            code = between([&](int cx, int cy) { return codes[(cy - region.top) * REGION_W + cx - region.left]; },
                           p.luma_width, p.luma_height, sx, sy);
        } else {
            code = bilinear(p.y, p.luma, p.luma_width, p.luma_height, sx, sy, p.deep);
        }
        tile.codes[row * TILE_PITCH + column + 3] = (unsigned char)to_8_bit(p, rintf(code));
    }
}

__device__ void make_tile(const Picture& p, const Plan& plan, const Tile& tile) {
    __shared__ Four kept[REGION_H * REGION_W / 4];
    bool wide = p.aligned && p.luma.both <= 3 && p.luma.more_x + p.luma.more_y == 0;
    if (p.luma_width == plan.width && p.luma_height == plan.height) return load_tile(p, plan, tile, wide);
    Region region = region_below(p, plan, tile);
    // It fits unless the picture's geometry differs from the plan's.
    bool fits = region.width <= REGION_W && region.height <= REGION_H;
    if (fits) load_region(p, region, wide, kept);
    __syncthreads();
    reduce_to_tile(p, plan, tile, region, kept, fits);
}

// Not inlined, because it is called for ten sums.
__device__ __noinline__ void add_to(long long* total, long long value, long long* scratch) {
    long long sum = block_sum(value, scratch);
    if (threadIdx.x == 0) atomicAdd((unsigned long long*)total, (unsigned long long)sum);
}

__device__ void luma_block(const Picture& p, const Plan& plan, Sums* sums, unsigned char* luma) {
    __shared__ unsigned char tile[(TILE_H + 2) * TILE_PITCH];
    __shared__ unsigned codes[256];
    __shared__ long long scratch[WARPS + 1];
    int x0 = (blockIdx.x % plan.tiles_x) * TILE_W, y0 = (blockIdx.x / plan.tiles_x) * TILE_H;
    codes[threadIdx.x] = 0;
    make_tile(p, plan, {x0, y0, tile});
    __syncthreads();
    long long xx = 0, yy = 0, xy = 0, bend = 0, bend2 = 0;
    for (int i = threadIdx.x; i < TILE_W * TILE_H; i += BLOCK) {
        int x = i % TILE_W, y = i / TILE_W;
        if (x0 + x >= plan.width || y0 + y >= plan.height) continue;
        const unsigned char* c = tile + (y + 1) * TILE_PITCH + x + 4;
        const unsigned char *n = y0 + y > 0 ? c - TILE_PITCH : c, *s = y0 + y + 1 < plan.height ? c + TILE_PITCH : c;
        int w = x0 + x > 0 ? -1 : 0, e = x0 + x + 1 < plan.width ? 1 : 0;  // edges are repeated
        int gx = n[e] + 2 * c[e] + s[e] - n[w] - 2 * c[w] - s[w];
        int gy = s[w] + 2 * s[0] + s[e] - n[w] - 2 * n[0] - n[e];
        int l = n[0] + s[0] + c[w] + c[e] - 4 * c[0];
        xx += gx * gx, yy += gy * gy, xy += gx * gy, bend += l, bend2 += l * l;
        atomicAdd(&codes[c[0]], 1u);
        luma[(long long)(y0 + y) * plan.width + x0 + x] = c[0];
    }
    add_to(&sums->xx, xx, scratch);
    add_to(&sums->yy, yy, scratch);
    add_to(&sums->xy, xy, scratch);
    add_to(&sums->bend, bend, scratch);
    add_to(&sums->bend2, bend2, scratch);
    if (codes[threadIdx.x]) atomicAdd(&sums->codes[threadIdx.x], codes[threadIdx.x]);
}

// U and V of one pixel. Both sides of chroma are always halved together.
__device__ uint2 halved_chroma(const Picture& p, int x, int y) {
    if (p.paired && p.chroma.both <= 4) return pair_codes(p.u, p.chroma.both, x, y, p.deep);
    return uint2{halved(p.u, p.chroma, x, y, p.deep), halved(p.v, p.chroma, x, y, p.deep)};
}

__device__ void chroma_block(const Picture& p, int run, Sums* sums, uchar2* chroma) {
    __shared__ long long scratch[WARPS + 1];
    int i = run * BLOCK + threadIdx.x;
    long long u = 0, v = 0;
    if (i < p.chroma_width * p.chroma_height) {
        int x = i % p.chroma_width, y = i / p.chroma_width;
        uint2 pair = halved_chroma(p, x, y);
        u = to_8_bit(p, (float)pair.x), v = to_8_bit(p, (float)pair.y);
        chroma[i] = make_uchar2((unsigned char)u, (unsigned char)v);
    }
    add_to(&sums->u, u, scratch);
    add_to(&sums->v, v, scratch);
    add_to(&sums->uu, u * u, scratch);
    add_to(&sums->vv, v * v, scratch);
    add_to(&sums->uv, u * v, scratch);
}

// Mean of the analysis luma over one cell of the thumbnail; with `halve` over 2 x 2 means instead of pixels.
__device__ float thumb_cell(const unsigned char* luma, const Plan& plan, int cx, int cy, int cells_x, int cells_y,
                            bool halve) {
    int width = halve ? plan.width / 2 : plan.width, height = halve ? plan.height / 2 : plan.height;
    Cell across = cell_of(cx, cells_x, width), down = cell_of(cy, cells_y, height);
    float sum = 0.0f, weight = 0.0f;
    for (int y = down.first; y <= down.last; ++y) {
        for (int x = across.first; x <= across.last; ++x) {
            const unsigned char* at = luma + (long long)(halve ? 2 * y : y) * plan.width + (halve ? 2 * x : x);
            unsigned code = halve ? (__ldcg(at) + __ldcg(at + 1) + __ldcg(at + plan.width) +
                                     __ldcg(at + plan.width + 1) + 2u) >> 2
                                  : __ldcg(at);
            float w = share(across, x) * share(down, y);
            sum += w * code, weight += w;
        }
    }
    return sum / weight;
}

__device__ void make_thumbnail(const Picture& p, const Plan& plan, const unsigned char* luma, float* thumb) {
    bool turned = plan.rotation % 180 != 0;
    int cells_x = turned ? THUMB_H : THUMB_W, cells_y = turned ? THUMB_W : THUMB_H;
    bool halve = plan.width >= 2 * cells_x && plan.height >= 2 * cells_y;
    for (int i = threadIdx.x; i < THUMB; i += BLOCK) {
        int2 cell = stored_of(i % THUMB_W, i / THUMB_W, plan.rotation, cells_x, cells_y);
        float code = thumb_cell(luma, plan, cell.x, cell.y, cells_x, cells_y, halve);
        thumb[i] = bounded((code - p.black) * p.luma_gain, 255.0f);
    }
}

__device__ void make_signatures(const Picture& p, const Plan& plan, const float* thumb, const uchar2* chroma,
                                Row* row) {
    for (int i = threadIdx.x; i < 9 * 16; i += BLOCK) {
        float sum = 0.0f;
        for (int k = 0; k < 9; ++k) sum += thumb[(i / 16 * 3 + k / 3) * THUMB_W + i % 16 * 3 + k % 3];
        row->signature_y[i] = (unsigned char)rintf(sum / 9.0f);
    }
    bool turned = plan.rotation % 180 != 0;
    int cells_x = turned ? 4 : 8, cells_y = turned ? 8 : 4;
    for (int i = threadIdx.x; i < 32; i += BLOCK) {
        Chroma mean = {128.0f, 128.0f};
        if (p.chroma_width > 0) {
            int2 at = stored_of(i % 8, i / 8, plan.rotation, cells_x, cells_y);
            Cell across = cell_of(at.x, cells_x, p.chroma_width), down = cell_of(at.y, cells_y, p.chroma_height);
            mean = chroma_mean(chroma, p.chroma_width, across, down);
        }
        row->signature_uv[i] = (unsigned char)bounded(rintf((mean.u - 128.0f) * p.chroma_gain + 128.0f), 255.0f);
        row->signature_uv[32 + i] = (unsigned char)bounded(rintf((mean.v - 128.0f) * p.chroma_gain + 128.0f), 255.0f);
    }
}

__device__ void make_histogram(const Picture& p, const Plan& plan, const Sums* sums, Row* row) {
    __shared__ unsigned bins[BINS];
    __shared__ double scratch[WARPS + 1];
    int code = threadIdx.x;
    if (code < BINS) bins[code] = 0;
    __syncthreads();
    unsigned count = __ldcg(&sums->codes[code]);
    float full = bounded((code - p.black) * p.luma_gain, 255.0f);
    atomicAdd(&bins[min((int)(full * BINS / 256.0f), BINS - 1)], count);
    double pixels = (double)plan.width * plan.height, value = (code - (double)p.black) * p.luma_gain;
    double mean = block_sum(count * value, scratch) / pixels;
    double variance = block_sum(count * (value - mean) * (value - mean), scratch) / pixels;
    if (code < BINS) row->histogram[code] = (unsigned short)rint(bins[code] * (HISTOGRAM_SUM / pixels));
    if (code == 0) row->luma_mean = bounded((float)mean, 255.0f), row->luma_std = (float)sqrt(variance);
}

// Energy, coherence and direction of the structure tensor (Bigun & Granlund 1987), variance of the Laplacian.
__device__ void make_sharpness(const Picture& p, const Plan& plan, const Sums* sums, Row* row) {
    const double pi = 3.14159265358979323846;
    double pixels = (double)plan.width * plan.height, unit = (double)p.luma_gain * p.luma_gain / pixels;
    double xx = (double)__ldcg(&sums->xx), yy = (double)__ldcg(&sums->yy), xy = (double)__ldcg(&sums->xy);
    double bend = (double)__ldcg(&sums->bend), bend2 = (double)__ldcg(&sums->bend2), energy = xx + yy;
    row->sobel_energy = (float)(energy * unit / 64.0);
    row->laplacian_var = (float)(fmax(0.0, bend2 - bend * bend / pixels) * unit);
    row->blur_anisotropy = row->blur_angle_rad = 0.0f;
    if (energy == 0.0) return;
    row->blur_anisotropy = (float)fmin(1.0, sqrt((xx - yy) * (xx - yy) + 4.0 * xy * xy) / energy);
    double angle = fmod(atan2(2.0 * xy, xx - yy) / 2.0 + pi / 2.0 + plan.rotation * pi / 180.0, pi);
    float rounded = (float)(angle < 0.0 ? angle + pi : angle);
    row->blur_angle_rad = rounded < (float)pi ? rounded : 0.0f;
}

// Hasler & Suesstrunk 2003; both opponent axes are linear in (U, V).
__device__ float colourfulness(const Picture& p, const Sums* sums) {
    double pixels = (double)p.chroma_width * p.chroma_height;
    if (pixels == 0.0) return 0.0f;
    double u = __ldcg(&sums->u) / pixels, v = __ldcg(&sums->v) / pixels;
    double uu = __ldcg(&sums->uu) / pixels - u * u, vv = __ldcg(&sums->vv) / pixels - v * v;
    double uv = __ldcg(&sums->uv) / pixels - u * v, variance = 0.0, offset = 0.0;
    for (int axis = 0; axis < 2; ++axis) {
        double a = p.opponent[2 * axis], b = p.opponent[2 * axis + 1], mean = a * (u - 128.0) + b * (v - 128.0);
        variance += a * a * uu + 2.0 * a * b * uv + b * b * vv;
        offset += mean * mean;
    }
    return (float)(sqrt(fmax(0.0, variance)) + 0.3 * sqrt(offset));
}

__device__ void clear(Sums* sums) {
    sums->codes[threadIdx.x] = 0;
    if (threadIdx.x == 0) {
        sums->xx = sums->yy = sums->xy = sums->bend = sums->bend2 = 0;
        sums->u = sums->v = sums->uu = sums->vv = sums->uv = 0;
        sums->done = 0;
    }
}

// Sums of absolute differences between two rows: histograms in the low 32 bits, chroma signatures in the high 32 bits.
__device__ long long row_step(const Row& before, const Row& now) {
    int i = threadIdx.x;
    long long tones = i < BINS ? abs((int)__ldcg(now.histogram + i) - (int)__ldcg(before.histogram + i)) : 0;
    long long chroma = i < 64 ? abs((int)__ldcg(now.signature_uv + i) - (int)__ldcg(before.signature_uv + i)) : 0;
    return tones + (chroma << 32);
}

// Changes from each picture to the next. Picture n is in slot n + 1; the last one is kept in slot 0 for the next batch.
__device__ void compare_neighbours(const Plan& plan, int pictures, float* thumbs, Row* rows) {
    __shared__ float scratch[WARPS + 1];
    __shared__ long long whole[WARPS + 1];
    for (int n = 0; n < pictures; ++n) {
        const float *before = thumbs + n * THUMB, *now = before + THUMB;
        float sum = 0.0f;
        for (int i = threadIdx.x; i < THUMB; i += BLOCK) sum += fabsf(__ldcg(now + i) - __ldcg(before + i));
        sum = block_sum(sum, scratch);
        long long steps = block_sum(row_step(rows[n], rows[n + 1]), whole);
        if (threadIdx.x != 0) continue;
        Row& row = rows[n + 1];
        row.change = row.chroma_change = row.tone_change = 0.0f;
        if (n == 0 && !plan.has_before) continue;
        row.change = sum / THUMB;
        row.chroma_change = (float)(steps >> 32) / 64.0f;
        row.tone_change = (float)((steps & 0xffffffffLL) / (2.0 * HISTOGRAM_SUM));
    }
    for (int i = threadIdx.x; i < THUMB; i += BLOCK) thumbs[i] = __ldcg(thumbs + pictures * THUMB + i);
    __syncthreads();
    int words = sizeof(Row) / 4;
    for (int i = threadIdx.x; i < words; i += BLOCK) ((int*)rows)[i] = __ldcg((const int*)(rows + pictures) + i);
}

extern "C" __global__ __launch_bounds__(BLOCK) void measure(const Picture* pictures, const Plan* plans, Sums* sums,
                                                            unsigned char* luma, uchar2* chroma, float* thumbs,
                                                            Row* rows, unsigned* batch_done) {
    __shared__ unsigned flag;
    const Plan& plan = *plans;
    int n = blockIdx.y, run = (int)blockIdx.x - plan.tiles;
    const Picture& p = pictures[n];
    luma += (long long)n * plan.width * plan.height;
    chroma += (long long)n * plan.chroma_room;
    if (run < 0) luma_block(p, plan, sums + n, luma);
    else chroma_block(p, run, sums + n, chroma);
    if (!comes_last(&sums[n].done, gridDim.x, &flag)) return;
    float* thumb = thumbs + (n + 1) * THUMB;
    Row* row = rows + n + 1;
    make_histogram(p, plan, sums + n, row);
    make_thumbnail(p, plan, luma, thumb);
    __syncthreads();
    make_signatures(p, plan, thumb, chroma, row);
    if (threadIdx.x == 0) {
        make_sharpness(p, plan, sums + n, row);
        row->colourfulness = colourfulness(p, sums + n);
    }
    __syncthreads();
    clear(sums + n);
    if (!comes_last(batch_done, gridDim.y, &flag)) return;
    compare_neighbours(plan, gridDim.y, thumbs, rows);
    if (threadIdx.x == 0) *batch_done = 0;
}
