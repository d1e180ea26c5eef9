"""What serves a run. In: the settings and the machine; out: one device's kit (decoder, kernels, sessions, encoder), and
what `keyart doctor` has to say about the machine."""
