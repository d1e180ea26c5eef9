// Reads planes in loads of up to 16 bytes, for planes whose rows begin at multiples of 16 bytes. Only samples of the
// wanted pixels are read, never a row's padding. The means equal those of pixels.h exactly.
#pragma once
#include "pixels.h"

// Four neighbouring pixels of a halved plane, in its bit depth.
struct alignas(8) Four {
    unsigned short codes[4];
};

// Sample `index` of a row that is held in 32-bit words.
template <int ITEM>
__device__ inline unsigned sample_of(const unsigned* row, int index) {
    const int a_word = 4 / ITEM;
    return (row[index / a_word] >> (8 * ITEM * (index % a_word))) & (ITEM == 1 ? 0xffu : 0xffffu);
}

// `square_mean` of pixels.h over rows in registers, WORDS words each, taking every STEPth sample from `first` on.
template <int L, int ITEM, int STEP, int WORDS>
__device__ inline unsigned square_in(const unsigned* rows, int x, int y, int first) {
    if constexpr (L == 0) {
        return sample_of<ITEM>(rows + y * WORDS, STEP * x + first);
    } else {
        unsigned sum = 2;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            sum += square_in<L - 1, ITEM, STEP, WORDS>(rows, 2 * x + (i & 1), 2 * y + (i >> 1), first);
        }
        return sum >> 2;
    }
}

template <int BYTES>
__device__ inline void load(const unsigned char* from, unsigned* words) {
    if constexpr (BYTES == 16) {
        uint4 four = *(const uint4*)from;
        words[0] = four.x, words[1] = four.y, words[2] = four.z, words[3] = four.w;
    } else if constexpr (BYTES == 8) {
        uint2 two = *(const uint2*)from;
        words[0] = two.x, words[1] = two.y;
    } else if constexpr (BYTES == 4) {
        words[0] = *(const unsigned*)from;
    } else {
        words[0] = *(const unsigned short*)from;
    }
}

// 2^L rows, BYTES of each.
template <int L, int BYTES>
__device__ inline void load_rows(const unsigned char* from, int pitch_bytes, unsigned* rows) {
    const int words = (BYTES + 3) / 4;
#pragma unroll
    for (int r = 0; r < 1 << L; ++r) load<BYTES>(from + (long long)r * pitch_bytes, rows + r * words);
}

// Four neighbouring pixels of a plane that is halved L times, the first at a multiple of four; ITEM bytes per sample.
// They need 2^L rows, which are read 16 bytes at a time, or completely at once if they are shorter:
//
//     halved         not     once    twice    three times
//     8 bits           4        8       16    2 x 16         bytes of each row for four pixels
//     more             8       16   2 x 16    4 x 16
template <int L, int ITEM>
__device__ inline Four four_pixels(const Plane& p, int x, int y) {
    const int row_bytes = 4 * ITEM << L, load_bytes = row_bytes < 16 ? row_bytes : 16, words = load_bytes / 4;
    const int pixels = load_bytes / (ITEM << L);
    const unsigned char* from =
        (const unsigned char*)p.data + (long long)(y << L) * p.pitch_bytes + (long long)x * (ITEM << L);
    unsigned long long codes = 0;
#pragma unroll 1
    for (int begin = 0; begin < 4; begin += pixels, from += load_bytes) {
        unsigned rows[words << L];
        load_rows<L, load_bytes>(from, p.pitch_bytes, rows);
#pragma unroll
        for (int i = 0; i < pixels; ++i) {
            codes |= (unsigned long long)square_in<L, ITEM, 1, words>(rows, i, 0, 0) << (16 * (begin + i));
        }
    }
    Four out;
    for (int i = 0; i < 4; ++i) out.codes[i] = (unsigned short)(codes >> (16 * i));
    return out;
}

// Not inlined, like `squares_mean`: it holds the code for eight kinds of planes.
__device__ __noinline__ Four four_codes(const Plane& p, int halvings, int x, int y, int deep) {
    switch (2 * halvings + (deep != 0)) {
        case 0: return four_pixels<0, 1>(p, x, y);
        case 1: return four_pixels<0, 2>(p, x, y);
        case 2: return four_pixels<1, 1>(p, x, y);
        case 3: return four_pixels<1, 2>(p, x, y);
        case 4: return four_pixels<2, 1>(p, x, y);
        case 5: return four_pixels<2, 2>(p, x, y);
        case 6: return four_pixels<3, 1>(p, x, y);
        default: return four_pixels<3, 2>(p, x, y);
    }
}

// U and V of one pixel of interleaved chroma that is halved L times, from its first pair of samples on. Squares that do
// not fit into registers are means of four smaller squares (not inlined, because the larger sizes call the smaller):
//
//     halved         not     once    twice    three times    four times
//     8 bits           2        4        8        16         4 x three times    bytes of each row for one pixel
//     more             4        8       16    4 x twice      4 x three times
template <int L, int ITEM>
__device__ __noinline__ uint2 pair_mean(const unsigned char* from, int pitch_bytes) {
    const int bytes = 2 * ITEM << L;
    if constexpr (bytes <= 16) {
        const int words = (bytes + 3) / 4;
        unsigned rows[words << L];
        load_rows<L, bytes>(from, pitch_bytes, rows);
        return uint2{square_in<L, ITEM, 2, words>(rows, 0, 0, 0), square_in<L, ITEM, 2, words>(rows, 0, 0, 1)};
    } else {
        uint2 sum = {2, 2};
#pragma unroll 1
        for (int i = 0; i < 4; ++i) {
            long long below = (long long)(i >> 1 << (L - 1)) * pitch_bytes;
            uint2 quarter = pair_mean<L - 1, ITEM>(from + below + (i & 1) * (bytes / 2), pitch_bytes);
            sum.x += quarter.x, sum.y += quarter.y;
        }
        return uint2{sum.x >> 2, sum.y >> 2};
    }
}

template <int L, int ITEM>
__device__ inline uint2 pair_at(const Plane& u, int x, int y) {
    const unsigned char* row = (const unsigned char*)u.data + (long long)(y << L) * u.pitch_bytes;
    return pair_mean<L, ITEM>(row + (long long)x * (2 * ITEM << L), u.pitch_bytes);
}

// `u`: the plane of U, after whose samples those of V follow; at most four halvings.
__device__ __noinline__ uint2 pair_codes(const Plane& u, int halvings, int x, int y, int deep) {
    switch (2 * halvings + (deep != 0)) {
        case 0: return pair_at<0, 1>(u, x, y);
        case 1: return pair_at<0, 2>(u, x, y);
        case 2: return pair_at<1, 1>(u, x, y);
        case 3: return pair_at<1, 2>(u, x, y);
        case 4: return pair_at<2, 1>(u, x, y);
        case 5: return pair_at<2, 2>(u, x, y);
        case 6: return pair_at<3, 1>(u, x, y);
        case 7: return pair_at<3, 2>(u, x, y);
        case 8: return pair_at<4, 1>(u, x, y);
        default: return pair_at<4, 2>(u, x, y);
    }
}
