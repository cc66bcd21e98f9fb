"""What the sources share that send their HTTP requests themselves: calls with an end, and tries with an end.

A call ends: connecting, every wait for bytes and the body as a whole have a limit, and so has the body's size. A fault
that may pass (the network, 429, 5xx, a body cut on its way) is `PassingFault` and is tried again: a bounded number of
times, with capped and jittered waits, or the wait the server asked for. Whatever else a server answers is for the
source to name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
LONGEST_BODY = 1 << 30
BLOCK = 1 << 16
LONGEST_SAYING = 300
SHORTEST_SECRET = 4

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class PassingFault(Exception):
    """A fault that may be gone at the next try; ``wait`` is how many seconds the server asked to wait."""

    def __init__(self, said: str, wait: float | None = None) -> None:
        super().__init__(said)
        self.wait = wait


def checked_base(value: str) -> str:
    """The address of an API, without a slash at its end. Raises ValueError unless it is https or on this machine."""
    if not value.startswith(("https://", *LOOPBACK)):
        raise ValueError("an API is reached over https, or on this machine")
    return value.rstrip("/")


class CallSettings(BaseSettings):
    """What can be set of any source that is called; each source has a prefix of its own.

    ``api_base`` is asked instead of the vendor's address: a gateway, or a stand-in on this machine.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    api_base: str | None = None
    max_pages: int = Field(default=100_000, ge=1)
    attempts: int = Field(default=6, ge=1, le=20)
    longest_wait_seconds: float = Field(default=30, ge=0, le=300)
    timeout_seconds: float = Field(default=120, gt=0, le=600)

    @field_validator("api_base")
    @classmethod
    def _encrypted_or_loopback(cls, value: str | None) -> str | None:
        return None if value is None else checked_base(value)


class BoundedSession(requests.Session):
    """A session whose every call comes to an end. With ``stand_in`` all requests go to that address instead.

    Raises PassingFault for whatever the network does, and when a call takes longer than ``timeout_seconds``.
    """

    def __init__(self, timeout_seconds: float, stand_in: str | None = None, longest_body: int = LONGEST_BODY) -> None:
        super().__init__()
        self._timeout_seconds = timeout_seconds
        self._stand_in = stand_in
        self._longest_body = longest_body

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **named: Any) -> requests.Response:
        """As in requests, with the limits; redirects are not followed, since no API here needs one."""
        address = url.decode() if isinstance(url, bytes) else url
        if self._stand_in is not None:
            parts = urlsplit(address)
            address = self._stand_in + parts.path + (f"?{parts.query}" if parts.query else "")
        named |= {"timeout": self._timeout_seconds, "stream": True, "allow_redirects": False}
        end = time.monotonic() + self._timeout_seconds
        try:
            response = super().request(method, address, *args, **named)
            with response:
                # requests offers no limit on a whole body; this is where it keeps one that was read.
                response._content = self._body(response, end)  # noqa: SLF001
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise PassingFault(self._too_slow) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PassingFault(f"the connection failed ({_kind(error)})") from error
        return response

    def _body(self, response: requests.Response, end: float) -> bytes:
        """The body, taken as it arrives: waiting for a block of it would let a trickle last for ever."""
        blocks, size = [], 0
        while block := response.raw.read1(BLOCK, decode_content=True):
            blocks.append(block)
            size += len(block)
            if size > self._longest_body:
                raise PassingFault(f"the answer is longer than {self._longest_body} bytes")
            if time.monotonic() > end:
                raise PassingFault(self._too_slow)
        return b"".join(blocks)

    @property
    def _too_slow(self) -> str:
        return f"no whole answer within {self._timeout_seconds:g} s"


class Patience:
    """How often and how long a call is tried again."""

    def __init__(self, attempts: int, longest_wait_seconds: float) -> None:
        self._longest = longest_wait_seconds
        self._jittered = tenacity.wait_random_exponential(multiplier=0.5, max=longest_wait_seconds)
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(PassingFault),
            stop=tenacity.stop_after_attempt(attempts),
            wait=self._wait,
            reraise=True,
        )

    def __call__(
        self, call: Callable[Parameters, Result], *args: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """The call's result. Raises the PassingFault of the last try, and at once whatever else it raises."""
        return self._retrying(call, *args, **named)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.wait if isinstance(fault, PassingFault) else None
        jittered = float(self._jittered(state))
        return jittered if asked is None else min(max(asked, jittered), self._longest)


def is_passing(status: int) -> bool:
    """Whether this status may be another one at the next try."""
    return status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT} or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def asked_wait(response: requests.Response) -> float | None:
    """Seconds of a Retry-After header."""
    text = response.headers.get("Retry-After", "")
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def server_time(response: requests.Response) -> datetime | None:
    """The server's own clock when it answered, UTC."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return None


def sayable(text: str, secrets: Iterable[str] = ()) -> str:
    """What a server said, fit for an error message: one line, cut, and without any of ``secrets``."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SAYING else text[: LONGEST_SAYING - 1] + "…"


def _kind(error: BaseException) -> str:
    """The innermost cause, by its kind alone: the messages of these errors hold addresses and queries."""
    cause = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return type(cause).__name__
