"""python -m mlsysim"""

import sys

from mlsysim.cli import main

if __name__ == "__main__":
    sys.exit(main())
