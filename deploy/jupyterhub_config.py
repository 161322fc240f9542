"""JupyterHub for the lessons: each user gets a server of their own, or a class shares one.

jupyterhub -f deploy/jupyterhub_config.py
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub's)

# Replace this line by your authenticator. NATGRAD_AUTHENTICATOR=dummy admits anybody under any
# name: use it only to try the hub on your own machine.
c.JupyterHub.authenticator_class = os.environ.get("NATGRAD_AUTHENTICATOR", "pam")
c.Authenticator.allow_all = True

# A user's server has the lessons only: no JupyterLab, no terminal, no files.
c.Spawner.cmd = [sys.executable, "-m", "natgrad_lecture", "hub"]
c.Spawner.default_url = "/"
c.Spawner.http_timeout = 180  # many servers may start at once, and a busy machine imports slowly
c.Spawner.environment = {
    "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    "NATGRAD_READERS": "4",  # one person's tabs
    "NATGRAD_POOL": "1",
}
# For one user; see docs/how-to/class.md. Docker, Kubernetes and systemd spawners enforce it.
c.Spawner.mem_limit = "2G"

if os.environ.get("NATGRAD_SPAWNER") == "simple":  # all servers run as the hub's own user
    c.JupyterHub.spawner_class = "simple"

# A class shares one server. Each reader has a kernel forked from one process, of 30 to 90 MB; a
# server per user takes 290 MB. NATGRAD_CLASSES=ws26,ss27 makes services/ws26/ and services/ss27/.
# The hub exits if a service needs more than ten seconds to start: run it under a supervisor.
classes = [name for name in os.environ.get("NATGRAD_CLASSES", "").split(",") if name]
c.JupyterHub.services = [
    {
        "name": name,
        "url": f"http://127.0.0.1:{int(os.environ.get('NATGRAD_CLASS_PORT', '10101')) + number}",
        "command": [sys.executable, "-m", "natgrad_lecture", "hub"],
        "environment": {
            "PYTHONPATH": c.Spawner.environment["PYTHONPATH"],
            "NATGRAD_POOL": os.environ.get("NATGRAD_CLASS_POOL", "8"),
        },
        "oauth_no_confirm": True,
    }
    for number, name in enumerate(classes)
]
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "scopes": ["self", *(f"access:services!service={name}" for name in classes)],
    }
]

c.JupyterHub.bind_url = os.environ.get("NATGRAD_HUB_URL", "http://127.0.0.1:8000/")
c.JupyterHub.hub_port = int(os.environ.get("NATGRAD_HUB_PORT", "8081"))
c.ConfigurableHTTPProxy.api_url = os.environ.get("NATGRAD_PROXY_API", "http://127.0.0.1:8001")
if command := os.environ.get("NATGRAD_PROXY"):
    c.ConfigurableHTTPProxy.command = [command]
