"""Past one machine: this server as JupyterHub starts it, for a user or for a class.

The hub says by the environment where to listen, under which path, and how to ask who a visitor is;
only whom the hub lets in sees a page. ``python -m natgrad_lecture hub`` is what the hub is to
start, be it as a user's server or as a service.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from traitlets.config import Config

from natgrad_lecture.extras import needs_extra


def options(environment: dict[str, str]) -> dict[str, Any]:
    """Return the server's options as the hub wishes them; SystemExit if no hub speaks."""
    url = environment.get("JUPYTERHUB_SERVICE_URL")
    prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX")
    if not url or not prefix:
        raise SystemExit("`hub` is for JupyterHub to start; for yourself there is `serve`")
    place = urlsplit(url)
    return {
        "host": place.hostname or "127.0.0.1",
        "port": place.port or 80,
        "port_retries": 0,
        "base_url": prefix,
        "names": ("*",),  # The hub's proxy is who calls; it has looked at the name.
        "open_browser": False,
        "hub": True,
        "readers": _count(environment, "NATGRAD_READERS", 0),
        "pool": _count(environment, "NATGRAD_POOL", 1),
        "log": environment.get("NATGRAD_LOG", "").casefold() not in {"", "0", "false", "no", "off"},
    }


def _count(environment: dict[str, str], name: str, default: int) -> int:
    """A number that the environment says; SystemExit if it is none."""
    said = environment.get(name, "").strip()
    try:
        return int(said) if said else default
    except ValueError:
        raise SystemExit(f"natgrad: {name}={said!r} is not a number; take 0 or more") from None


def let_the_hub_say_who(config: Config) -> None:
    """Ask the hub who a visitor is, and whether they may come in."""
    with needs_extra("hub"):
        from jupyterhub.singleuser.extension import (
            JupyterHubAuthorizer,
            JupyterHubIdentityProvider,
        )

    config.Voila.identity_provider_class = JupyterHubIdentityProvider
    config.Voila.authorizer_class = JupyterHubAuthorizer


def end_with_the_hub(every: float = 1.0) -> None:
    """Watch the process that started this one, and end when it has.

    A user's server may outlive a hub that restarts, and is found again. A class's is started again
    each time, and would find its address taken by the old one, whose pass the hub no longer knows.
    """
    hub = os.getppid()

    def watch() -> None:
        while os.getppid() == hub:
            time.sleep(every)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
