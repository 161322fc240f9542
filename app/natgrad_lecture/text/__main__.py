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
        path = next((p for p in known if str(p).endswith(f"/{wished}")), None)
        if path is None:
            there = ", ".join(str(Path(*p.parts[-2:])) for p in known)
            options.error(f"no translation {wished}; there are {there}")
        accept(known[path], path)
    said = report()
    print(said or "every translation says what the English says")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
