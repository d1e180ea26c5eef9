"""Decodes films. In: the path of a film; out: its `VideoInfo`, and its pictures: all in presentation order
(`FrameBatch`) or those at given times. Two decoders implement `decoder.Decoder`: `ffmpeg/` on the host, `nvdec/` on the
GPU."""
