"""What a page loads, under names that a browser may keep for ever."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

import tornado.web

from natgrad_lecture.static_files import STATIC, plotly

_KINDS = {".css": "text/css", ".js": "text/javascript", ".map": "application/json"}


class Assets:
    """What a page loads, under a name that follows the contents: a browser may keep it for ever.

    The many modules go as one file, ``live_page.js``; the style sheets are in the page's head. So
    a page costs two requests and a websocket, and a returning reader's one. What few need is
    fetched when it is wanted: ``plotly_charts.js`` by the pages that have a chart, and
    ``plotly.js`` when one is seen; ``makers.js``, which makes files of a picture, compares a
    pinned run and edits a talk; ``model_picture.js`` when a picture has a model beside its planes;
    ``zh.js``, say, by those who read in that language; ``offline.js``, which keeps the page for a
    time without the server, once the page rests.
    """

    def __init__(self) -> None:
        self._seen: object = None
        self._files: dict[str, bytes] = {}
        self._packed: dict[str, bytes] = {}
        self._hash = ""

    def _refresh(self) -> None:
        """Read the bundles again if one changed: a rebuilt one is served at the next reload."""
        paths = sorted(STATIC.iterdir())
        seen = [(path.name, path.stat().st_mtime_ns) for path in paths]
        if seen == self._seen:
            return
        files = {path.name: path.read_bytes() for path in paths}
        files["plotly.js"] = plotly()
        digest = sha256(repr(sorted(files.items())).encode())
        self._seen, self._files, self._hash = seen, files, digest.hexdigest()[:16]
        self._packed = {}

    @property
    def files(self) -> dict[str, bytes]:
        """The files by name."""
        self._refresh()
        return self._files

    @property
    def hash(self) -> str:
        """The digest of them all."""
        self._refresh()
        return self._hash

    def packed(self, name: str) -> bytes:
        """The file as it is sent to nearly everybody: compressed once, not for each reader."""
        files = self.files
        if name not in self._packed:
            self._packed[name] = gzip.compress(files[name], mtime=0)
        return self._packed[name]

    def url(self, base: str, name: str = "live_page.js") -> str:
        """Return where a page finds its module, ``name``."""
        return f"{base}natgrad/{self.hash}/{name}"


class AssetHandler(tornado.web.RequestHandler):
    """Serves one asset, to be kept for ever if its name still fits its contents."""

    def initialize(self, assets: Assets) -> None:
        """Set the assets to serve from."""
        self.assets = assets

    def get(self, digest: str, name: str) -> None:
        """Send the file; an outdated name gets today's file, but may not be kept."""
        body = self.assets.files.get(name)
        if body is None:
            raise tornado.web.HTTPError(404, reason=f"no asset {name!r}")
        fresh = digest == self.assets.hash
        kind = _KINDS[Path(name).suffix]
        keep = "public, max-age=31536000, immutable" if fresh else "no-cache"
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.set_header("Cache-Control", keep)
        self.set_header("X-Content-Type-Options", "nosniff")
        if f"{name}.map" in self.assets.files:  # on the machine that built it
            self.set_header("SourceMap", f"{name}.map")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            body = self.assets.packed(name)
        self.finish(body)
