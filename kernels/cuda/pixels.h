// Pixels of a stored picture: functions that read a plane, reduce it and convert it to colour.
//
// Every function works on one pixel and has no state, so that the same source runs on the device and, through
// emulation.h, on the host. The formulas are those of kernels/reference.py.
#pragma once

// One plane of samples. `step` is the distance of neighbouring samples: 2 in an interleaved chroma plane.
struct Plane {
    unsigned long long data;
    int pitch_bytes;
    int step;
    int width;
    int height;
};

// How often a plane is halved: both sides at once, then one side alone (one of the two counts is 0).
struct Halving {
    int both;
    int more_x;
    int more_y;
};

// One stored picture with everything that depends on its colour. Filled by kernels/cuda/layout.py.
struct Picture {
    Plane y, u, v;
    Halving luma, chroma;
    int luma_width, luma_height;      // of the halved luma
    int chroma_width, chroma_height;  // of the halved chroma, 0 for a grey picture
    int deep;                         // samples have two bytes
    int aligned;                      // luma rows may be read 16 bytes at a time
    int paired;                       // chroma rows, with U and V interleaved, may be read 16 bytes at a time
    float unit;                       // code values to 8-bit units
    float black, luma_gain, chroma_gain;
    float opponent[4];  // (U, V) to (R-G, (R+G)/2-B), 8-bit units
    float rgb[12];      // (Y, U, V, 1) in code values to R'G'B' 0-255, rows
};

__device__ inline unsigned sample(const Plane& p, int x, int y, int deep) {
    const unsigned char* row = (const unsigned char*)p.data + (long long)y * p.pitch_bytes;
    return deep ? ((const unsigned short*)row)[x * p.step] : row[x * p.step];
}

// The mean of a square of 2^L x 2^L samples, rounded half up after each of its L halvings.
template <int L>
__device__ inline unsigned square_mean(const Plane& p, int x, int y, int deep) {
    unsigned sum = 2;
#pragma unroll
    for (int i = 0; i < 4; ++i) sum += square_mean<L - 1>(p, 2 * x + (i & 1), 2 * y + (i >> 1), deep);
    return sum >> 2;
}

template <>
__device__ inline unsigned square_mean<0>(const Plane& p, int x, int y, int deep) {
    return sample(p, x, y, deep);
}

// Large squares are rare, so a loop is used, which keeps the code small.
template <int L>
__device__ __noinline__ unsigned large_square_mean(const Plane& p, int x, int y, int deep) {
    unsigned sum = 2;
#pragma unroll 1
    for (int i = 0; i < 4; ++i) {
        int cx = 2 * x + (i & 1), cy = 2 * y + (i >> 1);
        if constexpr (L > 3) sum += large_square_mean<L - 1>(p, cx, cy, deep);
        else sum += square_mean<2>(p, cx, cy, deep);
    }
    return sum >> 2;
}

// Not inlined: pixels are read in many places, and all levels at each of them would be a megabyte of code.
__device__ __noinline__ unsigned squares_mean(const Plane& p, int level, int x, int y, int deep) {
    switch (level) {
        case 0: return sample(p, x, y, deep);
        case 1: return square_mean<1>(p, x, y, deep);
        case 2: return square_mean<2>(p, x, y, deep);
        case 3: return large_square_mean<3>(p, x, y, deep);
        case 4: return large_square_mean<4>(p, x, y, deep);
        case 5: return large_square_mean<5>(p, x, y, deep);
        default: return large_square_mean<6>(p, x, y, deep);
    }
}

// One pixel of the halved plane. When only one side is halved, neighbours are paired as a binary counter carries.
__device__ __noinline__ unsigned halved(const Plane& p, const Halving& h, int x, int y, int deep) {
    int more = h.more_x + h.more_y;
    if (more == 0) return squares_mean(p, h.both, x, y, deep);
    unsigned carry[8];
    for (int i = 0; i < (1 << more); ++i) {
        int cx = h.more_x ? (x << more) + i : x, cy = h.more_y ? (y << more) + i : y;
        unsigned value = squares_mean(p, h.both, cx, cy, deep);
        int level = 0;
        for (; (i >> level) & 1; ++level) value = (carry[level] + value + 1) >> 1;
        carry[level] = value;
    }
    return carry[more];
}

__device__ inline int clamped(int value, int last) { return value < 0 ? 0 : value > last ? last : value; }

__device__ inline float bounded(float value, float top) { return fminf(fmaxf(value, 0.0f), top); }

// Bilinear value at (x, y) between pixels that `code(x, y)` returns. (x, y) is measured from the centre of the first
// pixel; edges are repeated.
template <typename Code>
__device__ inline float between(Code code, int width, int height, float x, float y) {
    float left = floorf(x), upper = floorf(y), fx = x - left, fy = y - upper;
    int x0 = clamped((int)left, width - 1), x1 = clamped((int)left + 1, width - 1);
    int y0 = clamped((int)upper, height - 1), y1 = clamped((int)upper + 1, height - 1);
    float above = code(x0, y0) * (1.0f - fx) + code(x1, y0) * fx;
    float below = code(x0, y1) * (1.0f - fx) + code(x1, y1) * fx;
    return above * (1.0f - fy) + below * fy;
}

// Bilinear value of the halved plane at (x, y).
__device__ __noinline__ float bilinear(const Plane& p, const Halving& h, int width, int height, float x, float y,
                                       int deep) {
    return between([&](int cx, int cy) { return halved(p, h, cx, cy, deep); }, width, height, x, y);
}

// Weights of the four neighbours for Keys' cubic with a = -0.75, the one OpenCV uses.
__device__ inline void cubic_weights(float t, float w[4]) {
    const float a = -0.75f;
    float s = 1.0f - t;
    w[0] = ((a * (t + 1.0f) - 5.0f * a) * (t + 1.0f) + 8.0f * a) * (t + 1.0f) - 4.0f * a;
    w[1] = ((a + 2.0f) * t - (a + 3.0f)) * t * t + 1.0f;
    w[2] = ((a + 2.0f) * s - (a + 3.0f)) * s * s + 1.0f;
    w[3] = 1.0f - w[0] - w[1] - w[2];
}

__device__ __noinline__ float bicubic(const Plane& p, const Halving& h, int width, int height, float x, float y, int deep) {
    float left = floorf(x), upper = floorf(y), wx[4], wy[4], sum = 0.0f;
    cubic_weights(x - left, wx);
    cubic_weights(y - upper, wy);
    for (int j = 0; j < 4; ++j) {
        int row = clamped((int)upper - 1 + j, height - 1);
        float line = 0.0f;
        for (int i = 0; i < 4; ++i) {
            line += wx[i] * halved(p, h, clamped((int)left - 1 + i, width - 1), row, deep);
        }
        sum += wy[j] * line;
    }
    return sum;
}

// The code value nearest to an interpolated value.
__device__ inline float to_code(float value, int deep) { return bounded(rintf(value), deep ? 65535.0f : 255.0f); }

// R'G'B' of one pixel from its code values; `rgb` is Picture::rgb.
__device__ inline uchar3 to_rgb(const float* m, float y, float u, float v) {
    float r = m[0] * y + m[1] * u + m[2] * v + m[3];
    float g = m[4] * y + m[5] * u + m[6] * v + m[7];
    float b = m[8] * y + m[9] * u + m[10] * v + m[11];
    return make_uchar3((unsigned char)bounded(rintf(r), 255.0f), (unsigned char)bounded(rintf(g), 255.0f),
                       (unsigned char)bounded(rintf(b), 255.0f));
}

// Stored position of a displayed pixel, for pictures that are rotated clockwise; (width, height) is the stored size.
__device__ inline int2 stored_of(int x, int y, int rotation, int width, int height) {
    if (rotation == 90) return make_int2(y, height - 1 - x);
    if (rotation == 180) return make_int2(width - 1 - x, height - 1 - y);
    if (rotation == 270) return make_int2(width - 1 - y, x);
    return make_int2(x, y);
}
