"""Decoding on the host with FFmpeg, through PyAV. In: a path; out: pictures in host memory."""
