// A line of pixels divided into equal cells, whose borders may lie inside pixels.
#pragma once

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
