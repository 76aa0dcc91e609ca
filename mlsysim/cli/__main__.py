"""python -m mlsysim.cli"""

import sys

from mlsysim.cli import main

if __name__ == "__main__":
    sys.exit(main())
