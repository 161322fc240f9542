"""``python -m natgrad_lecture.text`` lists what lags in the translations.

``--accept lessons/newton/text.zh.md`` writes that this file says what the English says today.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from natgrad_lecture.text.translations import accept, pairs_of_files, report


def main(argv: list[str] | None = None) -> int:
    """List what lags, or take over that a file has been looked through; 1 if something lags."""
    options = argparse.ArgumentParser(prog="python -m natgrad_lecture.text", description=__doc__)
    options.add_argument("--accept", type=Path, metavar="FILE", help="a translation that is right")
    wished = options.parse_args(argv).accept
    if wished:
        known = {other: english for english, other in pairs_of_files()}
        fits = [path for path in known if str(path).endswith(f"/{wished}")]
        if len(fits) != 1:
            what = f"{len(fits)} translations are called {wished}" if fits else f"no {wished}"
            there = ", ".join(str(Path(*path.parts[-2:])) for path in known)
            options.error(f"{what}; say which of {there}")
        accept(known[fits[0]], fits[0])
    said = report()
    print(said or "every translation says what the English says")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
