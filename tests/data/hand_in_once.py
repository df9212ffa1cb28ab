"""A process to be killed: hands in the files it is told on the configured database, and says when it begins.

python tests/data/hand_in_once.py FILE...
"""

import sys

from data.__main__ import main

print("begins", flush=True)
sys.exit(main(["--language", "en", "import", *sys.argv[1:]]))
