"""Files to pictures. In: the path of a film; out: `VideoInfo`, and its pictures in presentation order (`FrameBatch`) or
at one time. One Protocol (`decoder.Decoder`), two decoders behind it: `ffmpeg/` on the host, `nvdec/` on the GPU."""
