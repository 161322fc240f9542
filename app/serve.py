"""The lessons, served: Voila with a slim page of our own, warm kernels and a locked door.

Voila runs a notebook in a kernel and streams what it displays as a page. We keep that, and change
what makes the stock page slow: its front-end bundle is not sent at all. A page is three things,

1. the head, sent before any kernel is looked for, so that the browser fetches the stage meanwhile;
2. the lesson's first answer, inlined as JSON, so that the first picture needs no websocket;
3. one module, ``page.js``, which draws that answer and then speaks to the kernel.

Kernels are started ahead of their visitors, end when the page goes away, and none outlives the
server. The door: we listen on this machine only, answer only to its own names, and a page may send
a kernel nothing but comm messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import warnings
import webbrowser
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, cast

import tornado.web
from jinja2 import Environment, FileSystemLoader, select_autoescape
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from app.stage import bundle

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "template"
STAGE = HERE / "stage"
ADDRESS = "127.0.0.1"
"""Where we listen. By number: 'localhost' may mean two sockets, one of them another server's."""

FIRST = "coordinates"
"""The lesson that ``/`` opens."""

KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

CHATTER = re.compile(rb'"execution_state": ?"(busy|idle)"')

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
"""What a page may load: what comes from here. Nothing can be fetched from elsewhere by mistake."""


def notebooks_folder() -> Path:
    """Return the folder of lessons: beside ``app`` in a checkout, inside it once installed."""
    beside = HERE.parent / "notebooks"
    return beside if beside.is_dir() else HERE / "notebooks"


def script_json(value: object) -> str:
    """Return ``value`` as JSON for a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


# The assets ---------------------------------------------------------------------------------------


class Assets:
    """What a page loads, under a name that follows the contents: a browser may keep it for ever.

    The many modules go as one file, ``page.js``; the style sheets stand in the page's head. So a
    page costs two requests and a websocket, and a returning reader's one.
    """

    def __init__(self) -> None:
        self._seen: object = None
        self._files: dict[str, bytes] = {}
        self._hash = ""

    def _refresh(self) -> None:
        """Read everything anew if any file changed: an edit shows at the next reload."""
        paths = sorted(path for path in STAGE.iterdir() if path.suffix in {".js", ".css"})
        seen = [(path.name, path.stat().st_mtime_ns) for path in paths]
        if seen == self._seen:
            return
        bundle.module.cache_clear()
        bundle.style.cache_clear()
        files = {"page.js": bundle.module("page.js").encode()}
        files["stage.css"] = bundle.style().encode()
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

    def url(self, base: str) -> str:
        """Return where the page finds its module."""
        return f"{base}natgrad/{self.hash}/page.js"


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
        self.finish(body)


# The pages ----------------------------------------------------------------------------------------


class LessonHandler(TornadoVoilaHandler):
    """One lesson's page: the head at once, then what Voila renders of its notebook."""

    def initialize(self, **kwargs: Any) -> None:
        """Take Voila's settings, and the server that knows the lessons."""
        self.server: LessonServer = kwargs.pop("server")
        super().initialize(**kwargs)

    @property
    def content_security_policy(self) -> str:
        """See POLICY."""
        return POLICY

    async def get(self, path: str | None = None) -> None:
        """Send the page of the lesson of this name."""
        if path not in self.server.lessons():
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        # no-cache, not no-store: a page names its kernel, so it should not come from a cache; but
        # the browser may keep it alive while the reader looks at another page and comes back.
        self.set_header("Cache-Control", "no-cache")
        self.write(self.server.head(path))
        await self.flush()
        try:
            async for part in self.get_generator(f"{path}.ipynb"):
                self.write(part)
                await self.flush()
        except tornado.iostream.StreamClosedError:
            pass  # The reader left before the page was whole.
        except Exception:
            # The head is on its way with status 200, so the trouble has to be said in the page.
            self.log.exception("the lesson %r could not be rendered", path)
            self.write(self.server.render("fault.html", message="The engine could not be started."))

    def set_header(self, name: str, value: Any) -> None:
        """Ignore headers once the head is sent: Voila sets its own later, to no effect."""
        if not self._headers_written:
            super().set_header(name, value)


class FirstLesson(JupyterHandler):
    """``/`` leads to the first lesson; a link's state goes along."""

    def initialize(self, server: LessonServer) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    async def get(self) -> None:
        """Redirect."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{self.server.base_url}{self.server.lessons()[0]}{query}")


class Home(JupyterHandler):
    """All lessons, in the lecture's order, each with its first picture in small."""

    def initialize(self, server: LessonServer) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    @property
    def content_security_policy(self) -> str:
        """See POLICY."""
        return POLICY

    async def get(self) -> None:
        """Send the page; its pictures are drawn by the engine, once."""
        loop = asyncio.get_running_loop()
        self.finish(await loop.run_in_executor(None, lambda: self.server.home))


class NotFound(JupyterHandler):
    """Everything else: an error page of our own."""

    def initialize(self, server: LessonServer) -> None:
        """Take the server that knows the lessons."""
        self.server = server

    async def prepare(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse."""
        await ensure_async(super().prepare())
        raise tornado.web.HTTPError(404)


class Channels(VoilaKernelWebsocketHandler):
    """The websocket between a page and its kernel."""

    async def open(self, kernel_id: str) -> None:  # type: ignore[override]
        """Send each message at once.

        A picture follows a small status message, and would wait until the other side acknowledges
        that one, which it puts off for 40 ms (Nagle's algorithm and delayed ACKs).
        """
        self.set_nodelay(True)
        await super().open(kernel_id)

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Pass on what a page reads. Two thirds of all say that the kernel is busy, or idle."""
        if isinstance(message, bytes) and len(message) < 1500 and CHATTER.search(message):
            return None
        return super().write_message(message, binary)


class Goodbye(APIHandler):
    """A page that goes away ends its kernel with a beacon."""

    def check_xsrf_cookie(self) -> None:
        """Ask for our own origin instead: a beacon cannot carry the cookie's twin."""
        if self.request.headers.get("Origin") is None or not self.check_origin():
            raise tornado.web.HTTPError(403, reason="only a page of this server may end a kernel")

    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it still lives."""
        if kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))
        self.set_status(204)
        self.finish()


# The kernels --------------------------------------------------------------------------------------


class OneKernelSpec(KernelSpecManager):
    """The only kernel there is: this Python, without what a page has no use for."""

    name: ClassVar[str] = "python3"

    @cached_property
    def spec(self) -> KernelSpec:
        """The kernel's command line and environment."""
        env = {
            # Frozen modules and no debugger: both only delay the start.
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "NATGRAD_PAGE": "1",
        }
        if (HERE.parent / "pyproject.toml").is_file():  # A checkout works without being installed.
            paths = (str(HERE.parent), os.environ.get("PYTHONPATH"))
            env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        argv = [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--log-level=ERROR",
            "--IPKernelApp.capture_fd_output=False",
            "--HistoryManager.enabled=False",
            "--InteractiveShell.cache_size=0",
            "--IPCompleter.use_jedi=False",
            "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
            "--BaseIPythonApplication.auto_create=False",
        ]
        return KernelSpec(argv=argv, display_name="Python", language="python", env=env)

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the one name."""
        return {self.name: str(HERE)}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel."""
        if kernel_name != self.name:
            raise NoSuchKernel(kernel_name)
        return self.spec

    def get_all_specs(self) -> dict[str, Any]:
        """Return the one kernel, as Voila asks for it."""
        return {self.name: {"resource_dir": str(HERE), "spec": self.spec.to_dict()}}


# The server ---------------------------------------------------------------------------------------


class LessonServer(Voila):
    """Voila, reduced to the lessons. See the head of this module."""

    name = "natgrad"

    def __init__(
        self,
        *,
        folder: Path | None = None,
        port: int = 8866,
        base_url: str = "/",
        pool: int = 2,
        open_browser: bool = True,
        verbose: bool = False,
    ) -> None:
        """Prepare to serve the lessons in ``folder``; ``pool`` kernels wait for visitors."""
        base_url = f"/{base_url.strip('/')}/".replace("//", "/")
        self.assets = Assets()
        super().__init__(
            root_dir=str(folder or notebooks_folder()),
            port=port,
            ip=ADDRESS,
            base_url=base_url,
            open_browser=open_browser,
            config_file_paths=[],  # A reader's voila.json for other pages has no say here.
            log_level=logging.DEBUG if verbose else logging.ERROR,
            config=self._settings(pool, Path(folder or notebooks_folder())),
        )
        # Said of every kernel that ends before its page does; the page says it better.
        self.log.addFilter(lambda record: "restarted failed" not in record.getMessage())
        if not self.lessons():
            raise SystemExit(f"no lesson in {self.root_dir}: a lesson is a notebook, *.ipynb")

    @staticmethod
    def _settings(pool: int, folder: Path) -> Config:
        names = _lessons(folder)
        config = Config()
        config.VoilaConfiguration.template = "natgrad"
        config.VoilaConfiguration.allow_template_override = "NO"
        config.VoilaConfiguration.allow_theme_override = "NO"
        config.VoilaConfiguration.show_tracebacks = True  # Only this machine reads them.
        # While a kernel takes its time, Voila's pulse would call a function of its own front end,
        # which our page lacks. Nothing stands between us and the reader that could lose patience.
        config.VoilaConfiguration.http_keep_alive_timeout = 3600
        config.VoilaConfiguration.preheat_kernel = pool > 0
        config.VoilaConfiguration.default_pool_size = pool
        config.VoilaConfiguration.kernel_spec_manager_class = OneKernelSpec
        config.VoilaExporter.filters = {"script_json": script_json}
        config.VoilaKernelManager.kernel_pools_config = {
            "default": {"pool_size": 0},
            # Each waiting kernel costs memory: most wait for the lesson that `/` opens.
            **{f"{name}.ipynb": {"pool_size": pool // 2} for name in names[1:]},
            **{f"{name}.ipynb": {"pool_size": pool} for name in names[:1]},
        }
        # A new visitor's first seconds belong to the visitor: refill the pool a little later.
        config.VoilaKernelManager.fill_delay = 4.0
        config.MappingKernelManager.cull_idle_timeout = 180
        config.MappingKernelManager.cull_interval = 30
        config.MappingKernelManager.cull_connected = False
        # A page asks anew when it comes back; what was said meanwhile is stale.
        config.MappingKernelManager.buffer_offline_messages = False
        # A kernel that died has lost its lesson; restarting it in place helps nobody: say so.
        config.KernelRestarter.restart_limit = 0
        config.KernelRestarter.time_to_dead = 1.0
        # Forty pictures a second are our traffic, not a runaway print loop; the page paces itself.
        config.ZMQChannelsWebsocketConnection.limit_rate = False
        return config

    def lessons(self) -> list[str]:
        """Return the lessons' names, first the one that ``/`` opens."""
        return _lessons(Path(self.root_dir))

    # Templates

    def setup_template_dirs(self) -> None:
        """Use our folder, where it stands: nothing has to be installed among Jupyter's files."""
        self.template_paths = [str(TEMPLATE)]
        self.static_paths = []

    @cached_property
    def templates(self) -> Environment:
        """Our templates, for the parts that need no notebook."""
        return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())

    def render(self, name: str, **values: object) -> str:
        """Return one of our templates, filled."""
        return self.templates.get_template(name).render(base_url=self.base_url, **values)

    @cached_property
    def home(self) -> str:
        """The page that lists the lessons."""
        from app.lessons import lessons  # the engine, which the pages themselves do not need here

        row = sorted((lessons[n] for n in self.lessons() if n in lessons), key=lambda it: it.order)
        cards = [
            {"name": it.name, "title": it.title, "takeaway": it.takeaway, "picture": it.miniature()}
            for it in row
        ]
        return self.render("home.html", lessons=cards)

    def head(self, lesson: str) -> str:
        """Return the page as far as it is the same for every visitor."""
        return self.render(
            "head.html",
            title=lesson.replace("-", " ").replace("_", " ").capitalize(),
            module=self.assets.url(self.base_url),
            style=self.assets.files["stage.css"].decode(),
        )

    # Handlers

    def init_settings(self) -> Any:
        """Voila's settings, less its openness."""
        settings = cast("dict[str, Any]", super().init_settings())
        settings.update(
            allow_remote_access=False,  # Only our own names: no other site can pose as us.
            local_hostnames=["localhost"],
            compress_response=True,
            websocket_ping_interval=20,
            ws_ping_interval=20_000,
            jinja2_env=self.templates,
            voila_jinja2_env=self.templates,
            log_function=lambda handler: None,
        )
        return settings

    def init_handlers(self) -> Any:
        """Only what a page needs; none of Voila's own bundle, themes, file listing or templates."""
        base = self.base_url
        lesson = {
            "server": self,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        return [
            (rf"{base}api/kernels/{KERNEL_ID}/channels", Channels),
            (rf"{base}voila/api/shutdown/{KERNEL_ID}", Goodbye),
            (rf"{base}natgrad/(\w+)/([\w.-]+)", AssetHandler, {"assets": self.assets}),
            (base, FirstLesson, {"server": self}),
            (rf"{base}home", Home, {"server": self}),
            (rf"{base}([\w-]+)", LessonHandler, lesson),
            (r".*", NotFound, {"server": self}),
        ]

    # Life

    def start(self) -> None:
        """Serve until told to stop (Ctrl-C, SIGTERM)."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()
        _on_signals(stop.set)
        sockets = self._bind()
        self.connection_dir = tempfile.mkdtemp(prefix="natgrad_")
        try:
            settings = self.init_settings()
            self.app = tornado.web.Application(self.init_handlers(), **settings)
            http = HTTPServer(self.app)
            http.add_sockets(sockets)
            print(f"The lessons are at {self.display_url} (Ctrl-C ends them)", flush=True)
            if self.open_browser:
                show = threading.Thread(target=webbrowser.open, args=(self.display_url,))
                show.daemon = True
                show.start()
            await stop.wait()
            http.stop()
            await self._end_kernels()
        finally:
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    def _bind(self) -> list[socket.socket]:
        """Return listening sockets on the first free port from the wished one on; 0 means any."""
        last = min(self.port + self.port_retries, 65535)
        for port in range(self.port, last + 1):
            try:
                sockets = bind_sockets(port, ADDRESS)
            except OSError:
                continue
            if self.port not in (0, port):
                print(f"Port {self.port} is taken; using {port}.", flush=True)
            self.port = sockets[0].getsockname()[1]
            return sockets
        raise SystemExit(f"no free port between {self.port} and {last}: name another with --port")

    async def _end_kernels(self) -> None:
        """End every kernel, those still starting too. They have nothing to save."""
        manager = self.kernel_manager
        for pool in getattr(manager, "_pools", {}).values():
            for task in pool:
                task.cancel()
            pool.clear()
        # A pool's task holds the start it will not come to.
        warnings.filterwarnings("ignore", message=r"coroutine '.*_initialize' was never awaited")
        with contextlib.suppress(Exception):
            await asyncio.wait_for(ensure_async(manager.shutdown_all(now=True)), 10)


def _lessons(folder: Path) -> list[str]:
    names = (path.stem for path in folder.glob("*.ipynb"))
    return sorted(names, key=lambda name: (name != FIRST, name))


def _on_signals(stop: Callable[[], None]) -> None:
    """Call ``stop`` on the first Ctrl-C or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def handle(signum: int) -> None:
        stop()
        signal.signal(signum, signal.SIG_DFL)

    for signum in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(signum, handle, signum)
        except NotImplementedError:  # Windows has no such handlers in its loops.
            signal.signal(signum, lambda number, _frame: loop.call_soon_threadsafe(handle, number))


def serve(**options: Any) -> None:
    """Serve the lessons; the options are LessonServer's."""
    for noisy in ("tornado.access", "tornado.application", "tornado.general", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    server = LessonServer(**options)
    server.initialize(argv=[])
    server.start()
