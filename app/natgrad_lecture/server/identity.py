"""Who a reader is: nobody in particular. There is nothing to log in to, and nothing to remember."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import IdentityProvider, User


class Nobody(IdentityProvider):
    """Lets everyone read, under one name and without a cookie."""

    @property
    def auth_enabled(self) -> Any:
        """Whether there is anything to log in to."""
        return False

    async def get_user(self, handler: Any) -> User:
        """Return the reader."""
        return User(username="reader")
