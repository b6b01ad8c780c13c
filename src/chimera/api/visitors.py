"""Who is who in the stalls: a browser is known again by a cookie that says nothing about anybody.

The cookie is drawn by the house and marked, so that nobody makes up others. The log never holds it:
in each conversation the same browser has another name, from which nobody can find the cookie or
the names in other conversations. Who brings none (programs, blocked cookies) counts as the host.
"""

import hashlib
import hmac
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

from chimera.api.limits import Rates, Tally
from chimera.core.events import HOST

#: More new browsers than come to one address by hand.
ADMITTED_PER_MINUTE = 30
KEPT_S = 180 * 24 * 3600
_LONGEST = 100


class Visitors:
    """Knows browsers again, and gives them their names."""

    def __init__(self, secret: str, tally: Tally | None = None) -> None:
        self._secret = secret.encode()
        # Houses on other ports of one machine share its cookies: each has its own.
        self.cookie = f"chimera_viewer_{self._digest('cookie')[:8]}"
        self._admitted = Rates("admitted", ADMITTED_PER_MINUTE, tally)

    def known(self, connection: HTTPConnection) -> str | None:
        """The cookie's value, if the house has given it out."""
        value = connection.cookies.get(self.cookie, "")
        drawn, _, mark = value.partition(".")
        ours = len(value) <= _LONGEST and mark.isascii() and hmac.compare_digest(
            mark, self._digest(f"visitor:{drawn}")
        )  # fmt: skip
        return value if ours else None

    async def admit(self, address: str, now: float) -> str:
        """A cookie for a new browser at that address. Raises RateLimited."""
        await self._admitted.take(address, now)
        return self.draw()

    def draw(self) -> str:
        """A cookie that nobody has yet."""
        drawn = secrets.token_hex(16)
        return f"{drawn}.{self._digest(f'visitor:{drawn}')}"

    def keep(self, response: Response, value: str, *, secure: bool) -> None:
        """Have the browser send that cookie from now on."""
        response.set_cookie(
            self.cookie, value, max_age=KEPT_S, httponly=True, samesite="lax", secure=secure
        )

    def name(self, value: str | None, conversation_id: str) -> str:
        """Under which name a conversation keeps what this browser does."""
        if value is None:
            return HOST.type
        return f"vwr_{self._digest(f'{conversation_id}:{value}')[:20]}"

    def _digest(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]
