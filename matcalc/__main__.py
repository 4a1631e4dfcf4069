"""`python -m matcalc`: the command line."""

import sys

from matcalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
