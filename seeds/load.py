"""Fill a development database: ``python seeds/load.py ...`` is ``hegel-store seed ...``."""

import sys

from hegel_store.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "seed")
    main()
