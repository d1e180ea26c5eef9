"""`python -m stream.cli` runs `keyart`."""

from . import main

main()
