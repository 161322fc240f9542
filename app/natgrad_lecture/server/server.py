"""The server: Voila, reduced to the lessons. See the head of this package."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import importlib.util
import logging
import math
import os
import shutil
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import tornado.web
from jinja2 import Environment, FileSystemLoader, select_autoescape
from jupyter_core.utils import ensure_async
from tornado.netutil import bind_sockets
from traitlets.config import Config
from voila.app import Voila

from natgrad_lecture.classroom.hub import FOLLOWERS, Hub
from natgrad_lecture.machine_limits import memory_left
from natgrad_lecture.server.ask_socket import path_of
from natgrad_lecture.server.assets import Assets
from natgrad_lecture.server.class_handlers import (
    ClassLesson,
    ClassPage,
    ClassProcess,
    FollowLine,
    LeadLine,
    LessonTexts,
)
from natgrad_lecture.server.connections import BoundedServer
from natgrad_lecture.server.context import Connection, Context
from natgrad_lecture.server.fork_client import ForkClient
from natgrad_lecture.server.identity import Nobody
from natgrad_lecture.server.jupyterhub import let_the_hub_say_who
from natgrad_lecture.server.kernel_client import PageClient, connect_soon
from natgrad_lecture.server.kernel_pool import REFILL, KernelPool
from natgrad_lecture.server.kernel_provisioner import (
    FORKS,
    PLANE,
    Forked,
    Specs,
    Starts,
    offer_forks,
)
from natgrad_lecture.server.link_preview import preview
from natgrad_lecture.server.monitoring import Watch
from natgrad_lecture.server.notebook_contents import Lessons
from natgrad_lecture.server.page_handlers import (
    PULSE,
    Asset,
    FirstLesson,
    GlossaryPage,
    Home,
    LessonHandler,
    NotFound,
    OfflineHead,
    OfflineWorker,
    PreviewImage,
    Robots,
    Root,
    Thumbnail,
    addresses,
    script_json,
)
from natgrad_lecture.server.paths import ADDRESS, TEMPLATE, complete, notebooks, notebooks_folder
from natgrad_lecture.server.preview_images import PreviewImages
from natgrad_lecture.server.request_filter import MOST_BYTES
from natgrad_lecture.server.sessions import GONE, IDLE, Readers
from natgrad_lecture.server.startup_checks import (
    check_machine,
    check_options,
    checked_base_url,
    checked_names,
    path_pattern,
    refuse,
)
from natgrad_lecture.server.status_handlers import Healthz, Metrics, Readyz
from natgrad_lecture.server.temporary_folder import make_folder
from natgrad_lecture.server.thumbnails import Drawing
from natgrad_lecture.server.waiting_line import (
    MEGABYTES,
    MEGABYTES_OF_NETS,
    WaitingLine,
    room,
    room_now,
)
from natgrad_lecture.server.websocket import ASLEEP, GOING_AWAY, SERVICE_RESTART, Channels, Goodbye
from natgrad_lecture.text.languages import home_languages
from natgrad_lecture.text.page_words import page_words

PORT = 8866
"""The port, unless another is asked for."""

CANARY_HOLDS, CANARY_WITHIN = 10.0, 20.0
"""Seconds that the outcome of a trial holds, and in which a kernel has to answer it."""

AHEAD = 10.0
"""Seconds after the start at which the home page is made and torch is loaded, before anybody asks
for it: the first visitor's lesson comes first.
"""

ROOM_FOR_TORCH = 2 * 2**30
"""Bytes of memory that must be left for torch to be loaded ahead: it takes a sixth of that."""

BACKLOG = 1024
"""Connections that may wait until they are accepted; the system's own limit holds too. A class that
opens its pages at once takes several each, and those beyond would be tried again after a second.
"""

PING = 20.0
"""Seconds between two pings of a websocket, so that no proxy takes it for idle; one whose page
answers none for three times as long is dropped: the device sleeps, or its network is gone.
"""

SILENT = 90.0
"""Seconds after which a kernel that owes an answer is ended: none computes for so long."""

KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


class LessonServer(Voila):
    """Voila, reduced to the lessons. See the head of this package."""

    name = "natgrad"

    def __init__(
        self,
        *,
        folder: Path | None = None,
        port: int | None = None,
        base_url: str = "/",
        pool: int = 2,
        warm: str = "",
        readers: int = 0,
        host: str = ADDRESS,
        names: Sequence[str] = (),
        embed: Sequence[str] = (),
        gone: float = GONE,
        idle: float = IDLE,
        log: bool = False,
        hub: bool = False,
        port_retries: int = 50,
        open_browser: bool = True,
        verbose: bool = False,
        page: str = "",
        followers: int = FOLLOWERS,
    ) -> None:
        """Prepare to serve the lessons in ``folder``; ``pool`` kernels wait for visitors, with the
        lesson ``warm`` (the first) open.

        At most ``readers`` are inside (0: as many as this machine serves well). ``host`` is the
        address to listen on, ``names`` the host names by which readers call us, ``embed`` the
        origins whose pages may show ours in a frame. A kernel ends ``gone`` seconds after its page
        went, and is let go after ``idle`` seconds without an ask. The browser is sent to ``page``.
        Of all classes together ``followers`` may follow at once.
        """
        self.page = page
        if folder is None:
            folder = notebooks_folder()
            try:
                complete(folder)
            except OSError as error:
                raise refuse(
                    f"{folder} lacks a lesson's notebook and cannot be written ({error.strerror}); "
                    "name a folder that has them all with --notebooks"
                ) from None
        self.wanders = port is None  # to the next free one, if nobody asked for this one
        port = PORT if port is None else port
        check_options(
            port=port,
            pool=pool,
            readers=readers,
            gone=gone,
            idle=idle,
            embed=embed,
            followers=followers,
        )
        names = checked_names(names, host)
        base_url = checked_base_url(base_url)
        open_many_files()
        check_machine()
        self.assets = Assets()
        self.readers = Readers(gone, idle)
        self.line = WaitingLine()
        self.together = Hub(LessonTexts(), followers)
        self.limit = readers or room()
        self.an_address = max(4, self.limit // 2)
        self._canary = asyncio.Lock()
        self._built, self._not_built, self._trouble = -math.inf, -math.inf, ""
        self.names, self.embed = tuple(names), tuple(embed)
        self.metrics_token = os.environ.get("NATGRAD_METRICS_TOKEN", "")
        names_here = notebooks(folder)
        if warm and warm not in names_here:
            raise SystemExit(f"no lesson {warm!r} to wait with; there are {', '.join(names_here)}")
        self.pool = KernelPool(
            lambda: self.kernel_manager,
            f"{warm or (names_here or [''])[0]}.ipynb",
            min(pool, self.limit),
            self.free,
        )
        self._homes: dict[tuple[str, bool], str] = {}
        self._drawing: Drawing | None = None
        self._lines: dict[str, Connection] = {}
        self.watch = Watch(log)
        self.previews = PreviewImages(self.watch.fault)
        for name, say, read in (
            ("readers", "Readers inside", lambda: self.inside),
            ("readers_limit", "Readers there is room for", lambda: self.limit),
            ("waiting", "Visitors in the line", lambda: len(self.line)),
            ("lines", "Websockets open", lambda: len(self._lines)),
            ("kernels", "Kernels that live", lambda: len(self.kernel_manager.list_kernel_ids())),
            ("classes", "Classes that are led", lambda: len(self.together.rooms)),
            ("followers", "Devices that follow a class", self.together.count),
            ("pool", "Kernels that wait for a visitor", lambda: len(self.pool.waiting())),
        ):
            self.watch.gauge(name, say, read)
        super().__init__(
            root_dir=str(folder),
            port=port,
            port_retries=port_retries if self.wanders else 0,
            ip=host,
            base_url=base_url,
            open_browser=open_browser,
            config_file_paths=[],  # A reader's voila.json for other pages has no say here.
            log_level=logging.DEBUG if verbose else logging.ERROR,
            config=self._settings(hub),
        )
        self.hub = hub
        self.config.VoilaExporter.filters = {
            "admitted": lambda page: self._admitted(page),  # copied, which a bound method is not
            "script_json": script_json,
            "unforeseen": lambda said: self._unforeseen(said),
        }
        # Said of every kernel that ends before its page does; the page says it better.
        self.log.addFilter(lambda record: "restarted failed" not in record.getMessage())
        if not self.lessons():
            raise SystemExit(f"no lesson in {self.root_dir}: a lesson is a notebook, *.ipynb")

    def _settings(self, hub: bool) -> Config:
        config, pool = Config(), self.pool.size
        config.Voila.identity_provider_class = Nobody
        if hub:
            let_the_hub_say_who(config)
        config.VoilaConfiguration.template = "natgrad"
        config.VoilaConfiguration.allow_template_override = "NO"
        config.VoilaConfiguration.allow_theme_override = "NO"
        config.VoilaConfiguration.show_tracebacks = True  # of which a page says the last line
        # While a kernel takes its time, Voila's pulse would call a function of its own front end,
        # which our page lacks. To us it says when to look whether the kernel still lives.
        config.VoilaConfiguration.http_keep_alive_timeout = PULSE
        config.VoilaConfiguration.preheat_kernel = pool > 0
        config.VoilaConfiguration.default_pool_size = pool
        config.VoilaConfiguration.kernel_spec_manager_class = Specs
        config.VoilaKernelManager.kernel_pools_config = {
            # Each waiting kernel costs memory, and where they are forked a start takes no time:
            # they wait with one lesson only.
            "default": {"pool_size": 0 if FORKS else pool // 2},
            self.pool.notebook: {"pool_size": pool},
        }
        config.VoilaKernelManager.fill_delay = REFILL  # of the others
        # A class that comes at once keeps this process busy for longer than the four seconds after
        # which what a cell displayed is given up as lost, and the page would come without it.
        config.NotebookClient.iopub_timeout = 300
        config.NotebookClient.startup_timeout = 300
        config.KernelManager.client_factory = PageClient
        config.MappingKernelManager.cull_idle_timeout = 0  # See _sweep.
        # A page asks again when it comes back; what was said meanwhile is stale.
        config.MappingKernelManager.buffer_offline_messages = False
        # A kernel that died has lost its lesson; restarting it in place helps nobody: say so.
        config.KernelRestarter.restart_limit = 0
        config.KernelRestarter.time_to_dead = 1.0
        # Forty pictures a second are our traffic, not a runaway print loop; the page paces itself.
        config.ZMQChannelsWebsocketConnection.limit_rate = False
        return config

    def lessons(self) -> list[str]:
        """Return the lessons' names, first the one that ``/`` opens."""
        return notebooks(Path(self.root_dir))

    # Templates

    def setup_template_dirs(self) -> None:
        """Use our folder, where it stands: nothing has to be installed among Jupyter's files."""
        self.template_paths = [str(TEMPLATE)]
        self.static_paths = []

    @cached_property
    def templates(self) -> Environment:
        """Our templates, for the parts that need no notebook."""
        return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())

    def render(self, name: str, language: str, /, **values: object) -> str:
        """Return one of our templates, filled, with the words of our pages in a language."""
        own = {"say": page_words(language), "language": language, **values}
        return self.templates.get_template(name).render(base_url=self.base_url, **own)

    def home(self, language: str, asked: bool = False) -> str:
        """The lecture's map: its sections, its lessons, where to start.

        Its links keep a language that the reader ``asked`` for; otherwise their browser says it.
        """
        if (language, asked) not in self._homes:
            self._homes[language, asked] = self._make_home(language, asked)
        return self._homes[language, asked]

    def _make_home(self, language: str, asked: bool) -> str:
        from natgrad_lecture.lecture_map import home

        # The engine, which the pages themselves do not need here.
        from natgrad_lecture.lessons import lessons

        here = {name: lessons[name] for name in self.lessons() if name in lessons}
        script = {"src": self.assets.url(self.base_url, "home.js")}
        address = addresses(language if asked else "")
        shown = home(here, lambda it: f"home/{it.name}.svg", address, language)
        return self.render("home.html", language, script=script, **shown)

    async def _make_ahead(self) -> None:
        """Make the home page, and load what the lessons on nets need, before anybody asks for it:
        who opens the first of these would wait for seconds.
        """
        await asyncio.sleep(AHEAD)
        await asyncio.to_thread(self._make_homes)
        if FORKS and memory_left() > ROOM_FOR_TORCH and self._needs_torch():
            with contextlib.suppress(RuntimeError, OSError):  # a reader who needs it is told
                await Forked.fork_clients[True].open({**os.environ, **Specs().env})

    def _needs_torch(self) -> bool:
        """Whether a lesson here needs torch, and it is installed."""
        from natgrad_lecture.lessons import lessons

        slow = any(lessons[name].slow for name in self.lessons() if name in lessons)
        return slow and importlib.util.find_spec("torch") is not None

    def _make_homes(self) -> None:
        """Make the home page in every language.

        What is there then stays. A full pass of the garbage collector over it would hold up every
        reader's answer for 30 ms and more, so it is left out from then on.
        """
        for language in home_languages():
            self.home(language)
        gc.collect()
        gc.freeze()

    def glossary(self, language: str, asked: bool = False) -> str:
        """The page of the glossary in one of the home page's languages."""
        # What reads Markdown, which the other pages do not need here.
        from natgrad_lecture.text.glossary import glossary_page

        script = {"src": self.assets.url(self.base_url, "home.js")}
        shown = glossary_page(addresses(language if asked else ""), language)
        return self.render("glossary.html", language, script=script, **shown)

    @property
    def drawing(self) -> Drawing:
        """What draws the thumbnails."""
        if self._drawing is None:
            from natgrad_lecture.lessons import lessons

            names = [name for name in self.lessons() if name in lessons]
            self._drawing = Drawing(names, self.watch.fault)
        return self._drawing

    def head(self, lesson: str, image: str, language: str) -> str:
        """Return the page as far as it needs no kernel, in one of the lesson's languages; ``image``
        is where its picture is.
        """
        shown = preview(lesson, language)
        return self.render(
            "head.html",
            language,
            title=shown.title,
            description=shown.description,
            image=image,
            module=self.assets.url(self.base_url),
            style=self.assets.files["lesson.css"].decode(),
        )

    def class_page(self, data: dict[str, Any], language: str) -> str:
        """Return the page of those who follow a class."""
        say = page_words(language)
        head = self.render(
            "head.html",
            language,
            title=say["class"],
            description=say["follow"],
            module=self.assets.url(self.base_url),
            style=self.assets.files["lesson.css"].decode(),
        )
        return head + self.render("class.html", language, data=script_json(data))

    # Readers

    def _admitted(self, page: dict[str, Any]) -> dict[str, Any]:
        """Return the page's data with its pass to its kernel."""
        if FORKS:
            Forked.starts.done(page["kernel"])
        return {**page, "pass": self.readers.admit(page["kernel"], page["comm"])}

    def _unforeseen(self, said: str) -> str:
        """Log what a notebook's cell failed at; returns the name of what the page says of it."""
        self.page_failed("a lesson's cell", RuntimeError(said))
        return "lesson"

    @property
    def inside(self) -> int:
        """How many readers there are, those included whose page is being made."""
        return self.pool.making + len(
            self.readers.handed & set(self.kernel_manager.list_kernel_ids())
        )

    def free(self, lesson: str = "") -> int:
        """How many more may come in, to this lesson."""
        plane = Forked.fork_clients.get(False)
        nets = plane is not None and lesson in plane.net_lessons
        return room_now(self.limit, self.inside, MEGABYTES_OF_NETS if nets else MEGABYTES)

    def making(self) -> AbstractContextManager[None]:
        """While a page is made, its reader has a place, and no kernel is started for the next."""
        return self.pool.closed()

    def lives(self, kernel: str) -> bool:
        """Whether a kernel is there and has not ended."""
        if kernel not in self.kernel_manager:
            return False
        child = getattr(self.kernel_manager.get_kernel(kernel).provisioner, "child", None)
        return not FORKS or (child is not None and child.code is None)

    def purge_the_pool(self) -> None:
        """Forget kernels that died while they waited for a visitor."""
        self.pool.purge(self.lives)

    def page_failed(self, lesson: str, error: BaseException) -> None:
        """Say what kept a page from being made, where the page says that more is said."""
        self.log.error("the page %r could not be made: %r", lesson, error)
        self.watch.fault(lesson, error)

    def open_line(self, kernel: str, line: Connection) -> None:
        """A page's websocket opened; a page has one, so an older one is a leftover."""
        self.readers.open_line(kernel)
        older, self._lines[kernel] = self._lines.get(kernel), line
        if older is not None:
            older.hang_up(1000, "opened again", at_once=True)

    def close_line(self, kernel: str, line: Connection) -> None:
        """A page's websocket closed."""
        self.readers.close_line(kernel)
        if self._lines.get(kernel) is line:
            del self._lines[kernel]

    async def end_kernel(self, kernel: str, reason: str = "left") -> None:
        """End a kernel that nobody needs any more."""
        self.readers.forget(kernel)
        if kernel in self.kernel_manager:
            self.purge_the_pool()  # Voila looks through it, and stumbles over a start that failed
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel, now=True))
            self.watch.ended(reason)

    async def _sweep(self, stop: asyncio.Event) -> None:
        """End what is not needed, until told to stop: what fails is said, and tried again.

        It is never broken off, for a kernel that is half ended keeps a socket open, and the
        interpreter waits for that without end.
        """
        pause = max(0.1, min(5.0, self.readers.gone / 4, self.readers.idle / 4))
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            if stop.is_set():
                return
            try:
                live = self.kernel_manager.list_kernel_ids()
                self.purge_the_pool()
                for kernel, line in list(self._lines.items()):
                    if line.silent() > SILENT:  # its page gets another, and keeps its state
                        line.hang_up(SERVICE_RESTART, "the kernel did not answer")
                        with contextlib.suppress(Exception):
                            await self.end_kernel(kernel, "silent")
                for kernel, reason in self.readers.unneeded(live, self.pool.waiting()):
                    if reason == "idle" and kernel in self._lines:
                        self._lines[kernel].hang_up(ASLEEP, "let go while idle")
                    with contextlib.suppress(Exception):
                        await self.end_kernel(kernel, reason)
                self.pool.fill()
                self.together.sweep()
            except Exception:
                self.log.exception("kernels that nobody needs could not be ended")

    async def ready(self) -> str:
        """Empty if a page can be made now, else what stands in the way.

        It can be if one was made just now; otherwise a kernel is started for the trying, of which
        the outcome holds for a while.
        """
        async with self._canary:
            now = time.monotonic()
            if now - max(self._built, self._not_built) < CANARY_HOLDS:
                return self._trouble
            try:
                async with asyncio.timeout(CANARY_WITHIN):
                    await self._try_a_kernel()
            except Exception as error:
                self._not_built = time.monotonic()
                self._trouble = "no kernel can be started"
                self.watch.fault("canary", error)
            else:
                self.page_built()
            return self._trouble

    async def _try_a_kernel(self) -> None:
        """Start a kernel, wait for its first word, and end it."""
        manager = self.kernel_manager
        kernel = await ensure_async(manager.start_kernel(kernel_name=PLANE, env=dict(os.environ)))
        try:
            client = manager.get_kernel(kernel).client()
            client.start_channels(stdin=False, hb=False)
            try:
                await client.wait_for_ready()
            finally:
                client.stop_channels()
        finally:
            await self.end_kernel(kernel, "canary")

    def page_built(self) -> None:
        """A page was made, or could have been."""
        self._built, self._trouble = time.monotonic(), ""

    async def well(self) -> bool:
        """Whether kernels can be started."""
        return not FORKS or await Forked.fork_clients[False].alive()

    @property
    def address(self) -> str:
        """Where the lessons are, by a name that we answer to. Open to other machines, we would be
        called by this one's own name otherwise, which nobody said.
        """
        host = self.ip
        if host in ("0.0.0.0", "::"):
            host = next((name for name in self.names if name != "*"), socket.gethostname())
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}{self.base_url}"

    # Handlers

    def init_settings(self) -> Any:
        """Voila's settings, less its openness."""
        settings = cast("dict[str, Any]", super().init_settings())
        lessons = Lessons(Forked.fork_clients.get(False), parent=self)
        self.contents_manager = lessons
        # One context serves all kernels' sockets, five each and more.
        self.kernel_manager.context.max_sockets = 16_384
        connect_soon(self.kernel_manager.context)
        settings.update(
            contents_manager=lessons,
            allow_remote_access="*" in self.names,  # Only our own names: no site can pose as us.
            local_hostnames=["localhost", *self.names],
            natgrad_refused=self.watch.refused,
            natgrad_embed=self.embed,
            websocket_max_message_size=MOST_BYTES,
            compress_response=True,
            ws_ping_interval=round(1000 * PING),
            ws_ping_timeout=round(3000 * PING),
            jinja2_env=self.templates,
            voila_jinja2_env=self.templates,
            log_function=lambda handler: None,
        )
        return settings

    def init_handlers(self) -> Any:
        """Only what a page needs; none of Voila's own bundle, themes, file listing or templates."""
        base = path_pattern(self.base_url)
        context: Context = self
        lesson = {
            "server": context,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        callback = self.identity_provider.get_handlers() if self.hub else []
        return [
            *((rf"{base}{path.lstrip('/')}", *rest) for path, *rest in callback),
            (rf"{base}api/kernels/{KERNEL_ID}/channels", Channels, {"server": context}),
            (rf"{base}voila/api/shutdown/{KERNEL_ID}", Goodbye, {"server": context}),
            (rf"{base}healthz", Healthz, {"server": context}),
            (rf"{base}readyz", Readyz, {"server": context}),
            (rf"{base}robots\.txt", Robots, {"base_url": self.base_url}),
            (rf"{base}metrics", Metrics, {"server": context}),
            (rf"{base}natgrad/(\w+)/([\w.-]+)", Asset, {"assets": self.assets}),
            (base, FirstLesson, {"server": context}),
            *([(base[:-1], Root, {"url": self.base_url})] if base != "/" else []),
            (rf"{base}offline_worker\.js", OfflineWorker, {"assets": self.assets}),
            (rf"{base}offline/([\w-]+)", OfflineHead, {"server": context}),
            (rf"{base}home", Home, {"server": context}),
            (rf"{base}glossary", GlossaryPage, {"server": context}),
            (rf"{base}home/([\w-]+)\.svg", Thumbnail, {"server": context}),
            (rf"{base}preview/([\w-]+)\.png", PreviewImage, {"server": context}),
            (rf"{base}class/?", ClassPage, {"server": context}),
            (rf"{base}class/lead", LeadLine, {"server": context}),
            (rf"{base}class/lesson/([\w-]+)", ClassLesson),
            (rf"{base}class/(\w+)/line", FollowLine, {"server": context}),
            (rf"{base}class/(\w+)/process", ClassProcess, {"server": context}),
            (rf"{base}class/([^/]{{1,40}})", ClassPage, {"server": context}),
            (rf"{base}([\w-]+)", LessonHandler, lesson),
            (r".*", NotFound, {"server": context}),
        ]

    # Life

    def start(self) -> None:
        """Serve until told to stop (Ctrl-C, SIGTERM)."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()

        def on_signal() -> None:
            self._end_in_time()
            stop.set()

        _on_signals(on_signal)
        sockets = self._bind()
        self.connection_dir = self._make_folder()
        self._choose_kernels()
        sweep = ahead = None
        try:
            settings = self.init_settings()
            self.app = tornado.web.Application(self.init_handlers(), **settings)
            http = BoundedServer(
                self.app,
                max_body_size=MOST_BYTES,
                max_header_size=32 * 1024,
                refused=lambda reason: self.watch.refused(f"connection: {reason}"),
                # A hall may share one address: its readers, and all who follow.
                an_address=4 * self.limit + 2 * self.together.followers + 64,
            )
            http.add_sockets(sockets)
            sweep = asyncio.create_task(self._sweep(stop))
            ahead = asyncio.create_task(self._make_ahead())
            address = self.address + self.page
            print(f"The lessons are at {address} (Ctrl-C ends them)", flush=True)
            if self.open_browser:
                show = threading.Thread(target=webbrowser.open, args=(address,))
                show.daemon = True
                show.start()
            await stop.wait()
            self.log.disabled = True  # kernels that were starting now say that they could not
            http.stop()
        finally:
            stop.set()
            self.together.close()
            for line in list(self._lines.values()):
                line.hang_up(GOING_AWAY, "the server ends")
            if ahead is not None:
                ahead.cancel()
            if sweep is not None:
                await asyncio.wait([sweep], timeout=10)
            if self._drawing is not None:
                await self._drawing.close()
            await self.previews.close()
            await self._end_kernels()
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    def _end_in_time(self, seconds: float = 3.0) -> None:
        """End the process after so long, should anything keep it: a handshake, a thread, a loop.

        The kernels end with the processes that they were forked from.
        """

        def end() -> None:
            for fork_client in Forked.fork_clients.values():
                if fork_client.process is not None:
                    fork_client.process.kill()
            if self.connection_dir:
                shutil.rmtree(self.connection_dir, ignore_errors=True)
            os._exit(0)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()

    def _make_folder(self) -> str:
        """Return the folder of the kernels' files, where Jupyter's own go too: no home is needed,
        and none that is there is written to.
        """
        try:
            folder = str(make_folder())
        except OSError as error:
            raise refuse(f"no temporary folder can be made; set TMPDIR ({error})") from None
        for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
            os.environ[name] = folder
        return folder

    def _choose_kernels(self) -> None:
        """Fork kernels, and speak to them through files, where that is possible."""
        longest = path_of("ipc", str(Path(self.connection_dir, f"kernel-{'0' * 36}-ipc")))
        if hasattr(socket, "AF_UNIX") and len(str(longest)) < 100:  # what a socket's path may be
            self.config.ConnectionFileMixin.transport = "ipc"
        if FORKS:
            Forked.fork_clients = {nets: ForkClient(nets) for nets in (False, True)}
            Forked.starts = Starts()
            offer_forks()
        else:
            self.watch.event("kernels are launched one by one: this system cannot fork them")

    def _bind(self) -> list[socket.socket]:
        """Return listening sockets on the first free port from the wished one on; 0 means any."""
        last = min(self.port + self.port_retries, 65535)
        for port in range(self.port, last + 1):
            try:
                sockets = bind_sockets(port, self.ip, backlog=BACKLOG)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise refuse(f"cannot listen on {self.ip} port {port}: {error.strerror}") from None
            if self.port not in (0, port):
                print(f"Port {self.port} is taken; using {port}.", flush=True)
            self.port = sockets[0].getsockname()[1]
            return sockets
        if last == self.port:
            raise refuse(f"port {self.port} is taken; name another with --port (0: any)")
        raise refuse(f"no free port between {self.port} and {last}; name another with --port")

    async def _end_kernels(self) -> None:
        """End every kernel, those still starting too. They have nothing to save."""
        self.pool.end()
        for fork_client in Forked.fork_clients.values():
            await fork_client.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(ensure_async(self.kernel_manager.shutdown_all(now=True)), 10)


def _on_signals(stop: Callable[[], None]) -> None:
    """Call ``stop`` on the first Ctrl-C or SIGTERM; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def handle(signum: int) -> None:
        stop()
        signal.signal(signum, signal.SIG_DFL)

    # SIGHUP: the terminal was closed, or its connection lost.
    for signum in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        try:
            loop.add_signal_handler(signum, handle, signum)
        except NotImplementedError:  # Windows has no such handlers in its loops.
            signal.signal(signum, lambda number, _frame: loop.call_soon_threadsafe(handle, number))


def open_many_files() -> None:
    """Allow as many open files as we may: a reader costs a dozen, and the default is a thousand."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
