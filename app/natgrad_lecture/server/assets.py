"""What a page loads, under names that a browser may keep for ever."""

from __future__ import annotations

import gzip
from functools import lru_cache
from hashlib import sha256

import tornado.web

from natgrad_lecture.server.paths import STAGE
from natgrad_lecture.stage import bundle


class Assets:
    """What a page loads, under a name that follows the contents: a browser may keep it for ever.

    The many modules go as one file, ``live_page.js``; the style sheets are in the page's head. So
    a page costs two requests and a websocket, and a returning reader's one. ``plotly.js`` is
    fetched by the pages that have a chart, when they have one to draw.
    """

    def __init__(self) -> None:
        self._seen: object = None
        self._files: dict[str, bytes] = {}
        self._hash = ""

    def _refresh(self) -> None:
        """Read everything anew if any file changed: an edit shows at the next reload."""
        paths = sorted(path for path in STAGE.rglob("*") if path.suffix in {".js", ".css"})
        seen = [(str(path), path.stat().st_mtime_ns) for path in paths]
        if seen == self._seen:
            return
        bundle.module.cache_clear()
        bundle.style.cache_clear()
        names = ("live_page.js", "home.js", "waiting_page.js")
        files = {name: bundle.module(f"entry/{name}").encode() for name in names}
        files["stage.css"] = bundle.style().encode()
        files["plotly.js"] = bundle.plotly()
        digest = sha256(repr(sorted(files.items())).encode())
        self._seen, self._files, self._hash = seen, files, digest.hexdigest()[:16]

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

    @lru_cache(maxsize=8)  # noqa: B019 -- one shelf, as long as its server
    def packed(self, digest: str, name: str) -> bytes:
        """The file as it is sent to nearly everybody: compressed once, not for each reader."""
        return gzip.compress(self.files[name], mtime=0)

    def url(self, base: str, name: str = "live_page.js") -> str:
        """Return where a page finds its module, ``name``."""
        return f"{base}natgrad/{self.hash}/{name}"


class AssetHandler(tornado.web.RequestHandler):
    """Serves one asset, to be kept for ever if its name still fits its contents."""

    def initialize(self, assets: Assets) -> None:
        """Take the shelf to serve from."""
        self.assets = assets

    def get(self, digest: str, name: str) -> None:
        """Send the file; an outdated name gets today's file, but may not be kept."""
        body = self.assets.files.get(name)
        if body is None:
            raise tornado.web.HTTPError(404, reason=f"no asset {name!r}")
        fresh = digest == self.assets.hash
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        keep = "public, max-age=31536000, immutable" if fresh else "no-cache"
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.set_header("Cache-Control", keep)
        self.set_header("X-Content-Type-Options", "nosniff")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            body = self.assets.packed(self.assets.hash, name)
        self.finish(body)
