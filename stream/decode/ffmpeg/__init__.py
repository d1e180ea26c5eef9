"""FFmpeg's decoders, through PyAV. In: a path; out: pictures in host memory."""
