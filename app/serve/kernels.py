"""The kernels: how one is started."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import Any, ClassVar

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from app.serve.places import APP


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
        if (APP.parent / "pyproject.toml").is_file():  # A checkout works without being installed.
            paths = (str(APP.parent), os.environ.get("PYTHONPATH"))
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
        return {self.name: str(APP)}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel."""
        if kernel_name != self.name:
            raise NoSuchKernel(kernel_name)
        return self.spec

    def get_all_specs(self) -> dict[str, Any]:
        """Return the one kernel, as Voila asks for it."""
        return {self.name: {"resource_dir": str(APP), "spec": self.spec.to_dict()}}
