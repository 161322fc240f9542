"""The command line: ``serve`` the lessons, ``present`` a talk, ``export`` pages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from natgrad_lecture.extras import MissingExtra, needs_extra


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    whole = argparse.ArgumentParser(
        prog="natgrad", description="An interactive lecture on the natural gradient."
    )
    commands = whole.add_subparsers(dest="command", required=True)
    _options(commands.add_parser("serve", help="open the lessons in the browser"))
    present = commands.add_parser("present", help="present the steps that a page has saved")
    present.add_argument("steps", type=Path, help="the file, steps.json")
    _options(present)
    _export_options(commands.add_parser("export", help="write pages that play without a server"))
    commands.add_parser("hub", help="be the server that JupyterHub starts")
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run one command of the command line; exit with one sentence if an extra is missing."""
    options = vars(parser().parse_args(argv))
    try:
        _run(options.pop("command"), options)
    except MissingExtra as missing:
        sys.exit(f"natgrad: {missing}")
    return 0


def _run(command: str, options: dict[str, Any]) -> None:
    """Run a command. Each imports what it needs, so that ``--help`` does not wait for Voila."""
    if command == "hub":
        from natgrad_lecture.server import serve_for_hub

        serve_for_hub()
    elif command == "export":
        with needs_extra("lecture"):
            from natgrad_lecture.export.static_site import CannotExport, export

        try:
            export(**{**options, "room": options["room"] * 1_000_000})
        except CannotExport as error:
            sys.exit(f"natgrad: {error}")
    else:
        from natgrad_lecture.server import serve

        if command == "present":
            options["page"] = _page(options.pop("steps")) + options["page"]
        serve(**options)


def _options(serve: argparse.ArgumentParser) -> None:
    """What can be said of the server."""
    serve.add_argument("--port", type=int, help="the port (8866 or the next free one; 0: any)")
    serve.add_argument(
        "--base-url", default="/", help="where the pages hang, behind a proxy (default /)"
    )
    serve.add_argument(
        "--pool", type=int, default=2, help="kernels kept warm for visitors (default 2; 0: none)"
    )
    serve.add_argument(
        "--warm",
        metavar="LESSON",
        default="",
        help="the lesson they wait with (the first)",
    )
    serve.add_argument(
        "--no-browser", dest="open_browser", action="store_false", help="only say the address"
    )
    serve.add_argument("--notebooks", dest="folder", type=Path, help="another folder of lessons")
    serve.add_argument(
        "--readers", type=int, default=0, help="readers at once (default: what the machine bears)"
    )
    serve.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: this machine only)"
    )
    serve.add_argument(
        "--name",
        dest="names",
        action="append",
        default=[],
        help="a host name by which readers reach us (again for each; * for any)",
    )
    serve.add_argument(
        "--embed",
        action="append",
        default=[],
        help="an origin whose pages may show ours in a frame, https://lms.example.org",
    )
    serve.add_argument(
        "--gone", type=float, default=30, help="seconds that a kernel outlives its page (30)"
    )
    serve.add_argument(
        "--idle", type=float, default=900, help="seconds until an idle page's kernel goes (900)"
    )
    serve.add_argument(
        "--class",
        dest="page",
        action="store_const",
        const="#class",
        default="",
        help="open the lessons with a class that others follow on their own devices",
    )
    serve.add_argument(
        "--followers", type=int, default=1200, help="devices that may follow classes at once (1200)"
    )
    serve.add_argument("--log", action="store_true", help="log what happens as lines of JSON")
    serve.add_argument("--verbose", action="store_true", help="say everything that happens")


def _export_options(static: argparse.ArgumentParser) -> None:
    """What can be said of the export."""
    static.add_argument("folder", type=Path, help="where to; it is made if need be")
    static.add_argument(
        "--lesson", dest="names", action="append", default=[], help="only this one (repeatable)"
    )
    static.add_argument(
        "--room", type=int, default=40, help="MB of arrays a lesson may take (default 40)"
    )
    static.add_argument("--resume", action="store_true", help="keep the pages that are there")
    static.add_argument(
        "--workers", type=int, default=0, help="pages made at the same time (default: one a core)"
    )
    static.add_argument(
        "--lang",
        dest="languages",
        action="append",
        default=[],
        help="also the lessons in this language, zh say, where they have it (repeatable)",
    )
    static.add_argument("--link", default="", help="where the live lessons are, to lead there")


def _page(file: Path) -> str:
    """The page that presents a file's steps; what cannot be shown is said and left out."""
    with needs_extra("lecture"):
        from natgrad_lecture.talk import BadTalk, read_talk

    try:
        talk, dropped = read_talk(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, BadTalk) as error:
        parser().error(f"{file}: {error}")
    for line in dropped:
        print(f"{file}: {line}", file=sys.stderr)
    return talk.link


if __name__ == "__main__":
    sys.exit(main())
