// A line of pixels divided into equal cells, whose borders may lie inside pixels.
#pragma once

// Size of the thumbnails, displayed.
#define THUMB_W 48
#define THUMB_H 27
#define THUMB (THUMB_W * THUMB_H)

// Cell `index` of `cells` equal cells of a line of `length` pixels, and the first and last pixel it touches.
struct Cell {
    float begin, end;
    int first, last;
};

__device__ inline Cell cell_of(int index, int cells, int length) {
    float begin = (float)index * length / cells, end = (float)(index + 1) * length / cells;
    return {begin, end, (int)floorf(begin), min((int)ceilf(end), length) - 1};
}

// The share of pixel `at` in a cell.
__device__ inline float share(const Cell& cell, int at) { return fminf(cell.end, at + 1.0f) - fmaxf(cell.begin, at); }

struct Chroma {
    float u, v;
};

// Mean of a picture's small chroma, `width` pixels wide, over one cell.
__device__ inline Chroma chroma_mean(const uchar2* chroma, int width, const Cell& across, const Cell& down) {
    float u = 0.0f, v = 0.0f, weight = 0.0f;
    for (int y = down.first; y <= down.last; ++y) {
        for (int x = across.first; x <= across.last; ++x) {
            uchar2 c = __ldcg(chroma + y * width + x);
            float w = share(across, x) * share(down, y);
            u += w * c.x, v += w * c.y, weight += w;
        }
    }
    return {u / weight, v / weight};
}
