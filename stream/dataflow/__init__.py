"""What every stage is built from: bounded channels, clocks, the batching service, cancellation. In: items, or a piece
of blocking work; out: the same items in order, or the work's result, with the time it took. Knows no films."""
