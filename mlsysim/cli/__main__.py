"""python -m mlsysim.cli"""

import sys

from mlsysim.cli import main

sys.exit(main())
