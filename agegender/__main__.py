"""`python -m agegender` is `agegender`."""

import sys

from agegender.cli import main

sys.exit(main())
