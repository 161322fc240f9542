"""The unit for systemd and the file for Docker Compose say what the server understands.

systemd's own check of the unit runs where systemd-analyze is; no container is started here.
"""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from natgrad_lecture.__main__ import parser
from tests.support.servers import ROOT

UNIT = ROOT / "deploy/natgrad.service"


def service() -> dict[str, str]:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT, encoding="utf-8")
    return dict(unit["Service"])


def composed() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))["services"]


@pytest.mark.parametrize(
    "command",
    [shlex.split(service()["ExecStart"]), composed()["lessons"]["command"]],
    ids=["systemd", "compose"],
)
def test_the_command_is_one_that_the_server_takes(command: list[str]) -> None:
    options = parser().parse_args(command[1:])
    assert options.command == "serve"
    assert options.base_url == "/natgrad/"
    assert options.open_browser is False
    assert f"location {options.base_url} " in (ROOT / "deploy/nginx.conf").read_text()
    (name,) = options.names
    assert f"server_name {name};" in (ROOT / "deploy/nginx.conf").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    program = shlex.split(service()["ExecStart"])[0]
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace(program, shutil.which("true") or ""), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_has_room_for_a_class_and_no_right_to_write() -> None:
    said = service()
    assert int(said["TasksMax"]) >= 10 * 120
    assert int(said["LimitNOFILE"]) >= 65536
    assert int(said["TimeoutStopSec"]) >= 2 * 5, "the server ends within five seconds"
    assert said["DynamicUser"] == "yes"
    assert said["ProtectSystem"] == "strict"
    assert "MemoryDenyWriteExecute" not in said, "machine code is written as it is needed"


def test_what_compose_names_is_there_and_the_proxy_waits_for_a_healthy_server() -> None:
    lessons, proxy = composed()["lessons"], composed()["proxy"]
    assert (ROOT / "deploy" / lessons["build"]["context"] / lessons["build"]["dockerfile"]).exists()
    assert lessons["read_only"] is True
    assert lessons["healthcheck"]["test"][-1].count("/natgrad/healthz") == 1
    assert proxy["depends_on"]["lessons"]["condition"] == "service_healthy"
    assert proxy["network_mode"] == "service:lessons"
    inside = [volume.split(":")[1] for volume in proxy["volumes"]]
    conf = (ROOT / "deploy/nginx.conf").read_text()
    assert all(path in conf for path in inside if path.startswith("/etc/ssl"))
