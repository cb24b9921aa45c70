"""The child's entry in the tests of the sandbox, as `confined` is in production: this one takes modules of the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from astro_sbi.observations import confined

if __name__ == "__main__":
    confined.main(sys.argv[1:], room="tests.observations.")
