// The coloured thumbnails of a batch that was measured (Meter.thumbnails): luma is the grey thumbnail, chroma the mean of
// the small chroma over the same cells. The matrix is in Picture::rgb.
//
// Grid: x = groups of 256 cells; y = pictures. Block: 256 threads. Each thread makes one pixel.
//
//     displayed, 48 x 27         stored, rotated by 90 degrees: 27 x 48 cells of the small chroma
//     +-----------+                  +-----+
//     | x, y      |   stored_of ->   |     |
//     |           |                  |     |
//     +-----------+                  +-----+
#include "cells.h"
#include "pixels.h"

// `thumbs`: the grey thumbnail of picture n is in slot n + 1. `chroma`: that of picture n begins at n * chroma_room.
extern "C" __global__ __launch_bounds__(256) void rgb_thumbnails(const Picture* pictures, const float* thumbs,
                                                                 const uchar2* chroma, int chroma_room, int rotation,
                                                                 uchar3* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, n = blockIdx.y;
    if (i >= THUMB) return;
    const Picture& p = pictures[n];
    bool turned = rotation % 180 != 0;
    int cells_x = turned ? THUMB_H : THUMB_W, cells_y = turned ? THUMB_W : THUMB_H;
    float luma = thumbs[(n + 1) * THUMB + i], u = 0.0f, v = 0.0f;
    if (p.chroma_width > 0) {
        int2 at = stored_of(i % THUMB_W, i / THUMB_W, rotation, cells_x, cells_y);
        Cell across = cell_of(at.x, cells_x, p.chroma_width), down = cell_of(at.y, cells_y, p.chroma_height);
        Chroma mean = chroma_mean(chroma + (long long)n * chroma_room, p.chroma_width, across, down);
        u = (mean.u - 128.0f) / p.unit, v = (mean.v - 128.0f) / p.unit;  // code values of the stored picture
    }
    float colour[3];
    for (int k = 0; k < 3; ++k) colour[k] = bounded(rintf(luma + p.rgb[4 * k + 1] * u + p.rgb[4 * k + 2] * v), 255.0f);
    out[n * THUMB + i] = make_uchar3((unsigned char)colour[0], (unsigned char)colour[1], (unsigned char)colour[2]);
}
