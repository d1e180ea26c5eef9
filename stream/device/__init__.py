"""Chooses the device of a run. In: the settings and the machine; out: the kit of one device (decoder, kernels,
sessions, encoder), and what `keyart doctor` reports about the machine."""
