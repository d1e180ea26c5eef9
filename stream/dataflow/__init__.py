"""What any stage is made of: bounded channels, clocks, the batching service, cancellation. In: what a stage is given;
out: the same, later, counted and timed. Knows no film."""
