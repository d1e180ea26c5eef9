"""The parts that every stage uses: bounded channels, clocks, the batching service, cancellation. Nothing here knows of
films."""
