"""A hub for the lessons: each user gets a server of their own, or a class shares one.

jupyterhub -f deploy/jupyterhub_config.py
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub's)

# Who may come in is yours to say: replace this line. NATGRAD_AUTHENTICATOR=dummy lets anybody in
# under any name, and is for trying it out on your own machine.
c.JupyterHub.authenticator_class = os.environ.get("NATGRAD_AUTHENTICATOR", "pam")
c.Authenticator.allow_all = True

# A user's server is the lessons, and nothing else: no JupyterLab, no terminal, no files.
c.Spawner.cmd = [sys.executable, "-m", "natgrad_lecture", "hub"]
c.Spawner.default_url = "/"
c.Spawner.http_timeout = 180  # a busy machine imports slowly; a full hall starts many at once
c.Spawner.environment = {
    "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    "NATGRAD_READERS": "4",  # one person's tabs
    "NATGRAD_POOL": "1",
}
# One reader of one lesson; see docs/how-to/class.md. Enforced by spawners that can (Docker,
# Kubernetes, systemd).
c.Spawner.mem_limit = "1G"

if os.environ.get("NATGRAD_SPAWNER") == "simple":  # all users as the one that runs the hub
    c.JupyterHub.spawner_class = "simple"

# A class that shares one server: a kernel a reader, forked from one process, so that a reader costs
# 30 MB, where a server of their own takes 200. NATGRAD_CLASSES=ws26,ss27 makes services/ws26/, ...
# The hub gives a service ten seconds to start, and ends if it takes longer: have it restarted.
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
