// Parts of a picture as R'G'B': by the fast filter, by Lanczos, and as chips of faces. Matrix and range: Picture::rgb.
#include "pixels.h"

// Maps output pixels to a plane: the plane is halved, then position = output * scale + offset (pixel centres).
struct Sampling {
    Halving halving;
    int width, height;  // of the halved plane
    float scale_x, offset_x, scale_y, offset_y;
};

__device__ inline float sampled(const Plane& p, const Sampling& s, int x, int y, int cubic, int deep) {
    float at_x = x * s.scale_x + s.offset_x, at_y = y * s.scale_y + s.offset_y;
    float value = cubic ? bicubic(p, s.halving, s.width, s.height, at_x, at_y, deep)
                        : bilinear(p, s.halving, s.width, s.height, at_x, at_y, deep);
    return to_code(value, deep);
}

__device__ inline float neutral(const Picture& p) { return 128.0f / p.unit; }

__device__ inline void store(unsigned char* out, long long pixel, uchar3 rgb) {
    out[3 * pixel] = rgb.x, out[3 * pixel + 1] = rgb.y, out[3 * pixel + 2] = rgb.z;
}

// How one picture is converted; (stored_width, stored_height) is the output's size before it is rotated.
struct ConvertParams {
    Sampling luma, chroma;
    int cubic, rotation, stored_width, stored_height;
};

// Each thread makes one displayed pixel of the (pictures, height, width, 3) output; block 32 x 8, grid z = pictures.
extern "C" __global__ void convert(const Picture* pictures, const ConvertParams* params, unsigned char* out, int width,
                                   int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y, n = blockIdx.z;
    if (x >= width || y >= height) return;
    const Picture& p = pictures[n];
    const ConvertParams& how = params[n];
    int2 at = stored_of(x, y, how.rotation, how.stored_width, how.stored_height);
    float luma = sampled(p.y, how.luma, at.x, at.y, how.cubic, p.deep), u = neutral(p), v = u;
    if (p.u.data) {
        u = sampled(p.u, how.chroma, at.x, at.y, how.cubic, p.deep);
        v = sampled(p.v, how.chroma, at.x, at.y, how.cubic, p.deep);
    }
    store(out, ((long long)n * height + y) * width + x, to_rgb(p.rgb, luma, u, v));
}

// First pass of the Lanczos filter: rows. Each thread makes one sample of the (planes, count, pitch) float output.
// `first` and `weights` (count, taps) come from kernels.resample.taps, one set for luma and one for chroma.
struct Taps {
    unsigned long long first_y, weights_y, first_x, weights_x;
    int taps_y, taps_x;
};

extern "C" __global__ void lanczos_rows(const Picture* pictures, const Taps* taps, float* out, int pitch, int count) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y, plane = blockIdx.z;
    const Picture& p = pictures[0];
    const Plane& from = plane == 0 ? p.y : plane == 1 ? p.u : p.v;
    if (x >= from.width || row >= count) return;
    const Taps& t = taps[plane > 0];
    int first = ((const int*)t.first_y)[row];
    const float* weights = (const float*)t.weights_y + (long long)row * t.taps_y;
    float sum = 0.0f;
    for (int i = 0; i < t.taps_y; ++i) {
        sum += weights[i] * sample(from, x, clamped(first + i, from.height - 1), p.deep);
    }
    out[((long long)plane * count + row) * pitch + x] = sum;
}

__device__ inline float across(const float* line, const Taps& t, int x, int width, int deep) {
    int first = ((const int*)t.first_x)[x];
    const float* weights = (const float*)t.weights_x + (long long)x * t.taps_x;
    float sum = 0.0f;
    for (int i = 0; i < t.taps_x; ++i) sum += weights[i] * line[clamped(first + i, width - 1)];
    return to_code(sum, deep);
}

// Second pass: columns, colour and rotation. Each thread makes one displayed pixel from `rows`, the output of the first
// pass. `out`: the plane of R', then those of G' and B', as encoders expect them.
extern "C" __global__ void lanczos_columns(const Picture* pictures, const Taps* taps, const float* rows, int pitch,
                                           int rotation, int stored_width, int stored_height, unsigned char* out,
                                           int width, int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const Picture& p = pictures[0];
    int2 at = stored_of(x, y, rotation, stored_width, stored_height);
    const float* line = rows + (long long)at.y * pitch;
    long long plane = (long long)stored_height * pitch;
    float luma = across(line, taps[0], at.x, p.y.width, p.deep), u = neutral(p), v = u;
    if (p.u.data) {
        u = across(line + plane, taps[1], at.x, p.u.width, p.deep);
        v = across(line + 2 * plane, taps[1], at.x, p.v.width, p.deep);
    }
    uchar3 rgb = to_rgb(p.rgb, luma, u, v);
    long long pixel = (long long)y * width + x, pixels = (long long)width * height;
    out[pixel] = rgb.x, out[pixels + pixel] = rgb.y, out[2 * pixels + pixel] = rgb.z;
}

// One chip: `back` maps its pixels (centres at whole numbers) to stored luma pixels.
struct Chip {
    float back[6];
    int step_log2;  // how often the luma is halved first
    int picture;    // index of the picture it is cut from
};

// R'G'B' of one pixel of the luma halved `level` times; black outside.
__device__ float3 halved_rgb(const Picture& p, int level, int x, int y) {
    int width = max(1, p.y.width >> level), height = max(1, p.y.height >> level);
    if (x < 0 || y < 0 || x >= width || y >= height) return make_float3(0.0f, 0.0f, 0.0f);
    // A side that is shorter than one square of the halving is read without halving.
    Halving whole = {(p.y.width >> level) && (p.y.height >> level) ? level : 0, 0, 0};
    float luma = (float)halved(p.y, whole, x, y, p.deep), u = neutral(p), v = u;
    if (p.u.data) {
        float sx = (float)p.u.width / p.y.width, sy = (float)p.u.height / p.y.height;
        int less = level - (sx < 0.75f && sy < 0.75f);
        Halving h = {max(0, less), 0, 0};
        while (h.both > 0 && !((p.u.width >> h.both) && (p.u.height >> h.both))) --h.both;
        float zoom = ldexpf(1.0f, level - h.both);
        float cx = (x + 0.5f) * zoom * sx - 0.5f, cy = (y + 0.5f) * zoom * sy - 0.5f;
        int cw = p.u.width >> h.both, ch = p.u.height >> h.both;
        u = to_code(bilinear(p.u, h, cw, ch, cx, cy, p.deep), p.deep);
        v = to_code(bilinear(p.v, h, cw, ch, cx, cy, p.deep), p.deep);
    }
    uchar3 rgb = to_rgb(p.rgb, luma, u, v);
    return make_float3(rgb.x, rgb.y, rgb.z);
}

// Each thread makes one pixel of the (chips, size, size, 3) output; block 16 x 16, grid z = chips.
extern "C" __global__ void warp(const Picture* pictures, const Chip* chips, unsigned char* out, int size) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= size || y >= size) return;
    const Chip& chip = chips[blockIdx.z];
    float zoom = ldexpf(1.0f, -chip.step_log2);
    float lx = (chip.back[0] * x + chip.back[1] * y + chip.back[2] + 0.5f) * zoom - 0.5f;
    float ly = (chip.back[3] * x + chip.back[4] * y + chip.back[5] + 0.5f) * zoom - 0.5f;
    float left = floorf(lx), upper = floorf(ly), fx = lx - left, fy = ly - upper;
    float3 sum = make_float3(0.0f, 0.0f, 0.0f);
    for (int i = 0; i < 4; ++i) {
        float w = (i & 1 ? fx : 1.0f - fx) * (i >> 1 ? fy : 1.0f - fy);
        float3 c = halved_rgb(pictures[chip.picture], chip.step_log2, (int)left + (i & 1), (int)upper + (i >> 1));
        sum.x += w * c.x, sum.y += w * c.y, sum.z += w * c.z;
    }
    uchar3 rgb = make_uchar3((unsigned char)rintf(sum.x), (unsigned char)rintf(sum.y), (unsigned char)rintf(sum.z));
    store(out, ((long long)blockIdx.z * size + y) * size + x, rgb);
}

// Network input: (count, channels, side_h, side_w) float32 planes from (count, height, width, 3) R'G'B'. A channel
// is the product of a row of `mix` with (R', G', B'), times `scale`, plus `bias`. The picture lies at (left, top);
// the rest is `fill` before scaling. Each thread makes one pixel.
struct Normalise {
    float mix[9], scale[3], bias[3], fill;
    int left, top, channels;
};

extern "C" __global__ void engine_input(const unsigned char* pictures, int width, int height, const Normalise* how,
                                        float* out, int side_w, int side_h) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y, n = blockIdx.z;
    if (x >= side_w || y >= side_h) return;
    int px = x - how->left, py = y - how->top;
    bool inside = px >= 0 && py >= 0 && px < width && py < height;
    const unsigned char* at = pictures + (((long long)n * height + py) * width + px) * 3;
    for (int c = 0; c < how->channels; ++c) {
        const float* mix = how->mix + 3 * c;
        float value = inside ? mix[0] * at[0] + mix[1] * at[1] + mix[2] * at[2] : how->fill;
        out[(((long long)n * how->channels + c) * side_h + y) * side_w + x] = value * how->scale[c] + how->bias[c];
    }
}
