"""`python -m benchmarks.gpu_check`."""

import sys

from .run import main

sys.exit(main())
