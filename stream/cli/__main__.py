"""`python -m stream.cli` is `keyart`."""

from . import main

main()
