"""``make bench``: measure, write build/bench.json, and print a table of ratios."""

import argparse
import sys
import tempfile
from pathlib import Path

from . import __doc__ as what_is_measured
from .load import LoadError, check_wrk
from .measure import Bench, Extent, WrongAnswerError
from .process import ServerError
from .report import FILE, table, write

QUICK = Extent(rounds=3, seconds=1, tenants=1000, million=100_000, starts=3)
FULL = Extent(rounds=9, seconds=3, tenants=1000, million=1_000_000, starts=7)


def main() -> int:
    """Run the benchmark; return 1 if an answer was wrong, whatever the times are."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=what_is_measured,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="about 12 minutes instead of 3, and a million tenants instead of 100,000",
    )
    extent = FULL if parser.parse_args().full else QUICK
    try:
        check_wrk()
        with tempfile.TemporaryDirectory() as folder:
            figures = Bench(Path(folder), extent).run()
    except (WrongAnswerError, ServerError, LoadError) as error:
        print(error, file=sys.stderr)
        return 1
    write(figures)
    print(f"{table(figures)}\n\nWritten to {FILE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
