"""The lessons, served: Voila with a slim page of our own, warm kernels and access checks.

Voila runs a notebook in a kernel and streams what it displays as a page. We keep that, and change
what makes the stock page slow: its front-end bundle is not sent at all. A page is three things,

1. the head, sent before any kernel is looked for: the browser fetches the front end meanwhile;
2. the lesson's first answer, inlined as JSON, so that the first picture needs no websocket;
3. one module, ``live_page.js``, which draws that answer and then speaks to the kernel.

Kernels are started ahead of their visitors, end when the page goes away, and none outlives the
server. Access checks: we listen on this machine unless ``--host`` says otherwise, answer only to
its own names and those of ``--name``, and of what a page sends only a lesson's asks reach a kernel.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, cast

from natgrad_lecture.extras import needs_extra

__all__ = ["serve", "serve_for_hub"]

# Voila brings jsonschema, which as it is imported builds the grammar of internationalized addresses
# where that package is installed: two thirds of a start, for a check that no schema of the lecture
# asks for. Said to be missing, it is left out.
sys.modules.setdefault("rfc3987_syntax", cast(Any, None))


def serve(**options: Any) -> None:
    """Serve the lessons; the options are LessonServer's."""
    with needs_extra("lecture"):
        from natgrad_lecture.server.server import LessonServer  # Voila costs half a second.

    for noisy in ("tornado.access", "tornado.application", "tornado.general", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    server = LessonServer(**options)
    server.initialize(argv=[])
    server.start()


def serve_for_hub() -> None:
    """Serve as JupyterHub, which started us, says in the environment."""
    with needs_extra("hub"):
        from natgrad_lecture.server.jupyterhub import end_with_the_hub, options

    if "JUPYTERHUB_SERVICE_NAME" in os.environ:
        end_with_the_hub()
    serve(**options(dict(os.environ)))
