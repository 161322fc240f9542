"""The notebooks as Voila reads them: the lessons, and no other file."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import tornado.web
from jupyter_server.services.contents.largefilemanager import LargeFileManager

from natgrad_lecture.server.fork_client import ForkClient
from natgrad_lecture.server.kernel_provisioner import NETS, PLANE
from natgrad_lecture.server.paths import notebooks


class Lessons(LargeFileManager):
    """Reads lessons, each with the kernel that fits it."""

    def __init__(self, fork_client: ForkClient | None, **kwargs: Any) -> None:
        """Take the process that knows which lessons load torch, where there is one."""
        super().__init__(**kwargs)
        self.fork_client = fork_client

    def get(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """Return the notebook; its kernel's name is ours to say."""
        name = PurePosixPath(path)
        if name.parent != PurePosixPath() or name.suffix != ".ipynb" or not self._known(name.stem):
            raise tornado.web.HTTPError(404)
        model = super().get(path, *args, **kwargs)
        nets = self.fork_client is not None and name.stem in self.fork_client.net_lessons
        model["content"].metadata.kernelspec.name = NETS if nets else PLANE
        return model

    def _known(self, name: str) -> bool:
        from pathlib import Path

        return name in notebooks(Path(self.root_dir))
