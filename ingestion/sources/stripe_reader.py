"""Asks Stripe's API through the official SDK at one pinned version; gives the text of the answers, word for word.

429, 5xx, lost connections and bodies that are cut or no JSON are tried again: bounded, capped, with jitter, and never
before the time that Stripe asks for in Retry-After (the SDK does not retry 429, so the SDK's retries are off). Every
other refusal, and the last failed try, is `StripePullFailed`, which names object, place, status and request.
"""

from __future__ import annotations

import email.utils
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import cast

import stripe
import tenacity
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.sources import json_text
from ingestion.sources.failures import PullFailed

API_VERSION = "2026-10-28.endive"
PAGE_SIZE = 100
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
GONE = "resource_missing"


class StripePullFailed(PullFailed):
    """A pull that could not be finished: which object, which page, what Stripe said."""


class PositionGone(RuntimeError):
    """The object after which a list should go on is no longer there."""


class StripeSettings(BaseSettings):
    """Environment variables `TIEOUT_STRIPE_*`. The key is a restricted, read-only one."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_STRIPE_", env_ignore_empty=True, extra="ignore")

    api_key: SecretStr
    api_base: str = "https://api.stripe.com"
    api_version: str = API_VERSION
    # Stripe accepts `expand` only for fields it knows at the version asked; a stand-in for Stripe may know fewer.
    expand: bool = True
    attempts: int = Field(default=6, ge=1, le=20)
    longest_wait_seconds: float = Field(default=30, ge=0, le=300)
    timeout_seconds: float = Field(default=60, gt=0, le=300)
    max_pages: int = Field(default=100_000, ge=1)

    @field_validator("api_base")
    @classmethod
    def _encrypted_or_loopback(cls, value: str) -> str:
        if not value.startswith(("https://", *LOOPBACK)):
            raise ValueError("the Stripe API is reached over https, or on this machine")
        return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of one page as text; ``last`` is the id after which the list goes on, None at its end."""

    objects: list[str]
    last: str | None


class Reader:
    """Asks for lists and objects; knows what it is asking for, so that a failure can say so."""

    def __init__(self, settings: StripeSettings) -> None:
        self.settings = settings
        self.requests = 0
        self.about = ""
        self.place = ""
        self._client = stripe.StripeClient(
            settings.api_key.get_secret_value(),
            stripe_version=settings.api_version,
            base_addresses={"api": settings.api_base},
            http_client=stripe.RequestsClient(timeout=settings.timeout_seconds),
            max_network_retries=0,
        )
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_passing),
            stop=self._is_enough,
            wait=self._wait,
            reraise=True,
        )
        self._backoff = tenacity.wait_random_exponential(multiplier=0.5, max=settings.longest_wait_seconds)

    def pages(self, path: str, params: dict[str, str], after: str | None = None) -> Iterator[Page]:
        """The pages of a list from the object ``after`` on, followed to the end.

        Raises StripePullFailed, and PositionGone when ``after`` is not there any more.
        """
        for number in range(1, self.settings.max_pages + 1):
            self.place = f"page {number}" + (f" after {after}" if after else "")
            begin = {"starting_after": after} if after else {}
            body = self._get(path, {"limit": str(PAGE_SIZE), **params, **begin})
            try:
                page = _page(body, after)
            except json_text.JsonTextError as error:
                raise self._unreadable(error) from error
            yield page
            if page.last is None:
                return
            after = page.last
        raise self._unreadable(f"the list has more than {self.settings.max_pages} pages")

    def listed(self, path: str, params: dict[str, str]) -> Iterator[str]:
        """Every object of a list as text."""
        for page in self.pages(path, params):
            yield from page.objects

    def fetched(self, path: str, params: dict[str, str]) -> str | None:
        """One object as text; None when Stripe says that there is no such object."""
        self.place = path.rpartition("/")[2]
        try:
            text = self._get(path, params, may_be_gone=True)
            if text is not None:
                json_text.member(text, "id")
        except json_text.JsonTextError as error:
            raise self._unreadable(error) from error
        return text

    def completed(self, text: str) -> str:
        """The object with every nested list that Stripe cut filled to its end."""
        for _, begin, end in reversed(list(json_text.members(text))):
            value = json_text.parse(text[begin:end])
            if not (isinstance(value, dict) and value.get("object") == "list" and value.get("has_more") is True):
                continue
            rest = ",".join(self.listed(*_address(value["url"])))
            whole = f'{{"object":"list","data":[{rest}],"has_more":false,"url":{json.dumps(value["url"])}}}'
            text = text[:begin] + whole + text[end:]
        return text

    def _get(self, path: str, params: dict[str, str], *, may_be_gone: bool = False) -> str | None:
        self.requests += 1
        try:
            response = self._retrying(self._client.raw_request, "get", path, **params)
        except stripe.InvalidRequestError as error:
            if error.param == "starting_after":
                raise PositionGone(str(params.get("starting_after"))) from error
            if may_be_gone and error.http_status == HTTPStatus.NOT_FOUND and error.code == GONE:
                return None
            raise self._failure(error) from error
        except stripe.StripeError as error:
            raise self._failure(error) from error
        return cast("str", response.body)

    def _failure(self, error: stripe.StripeError) -> StripePullFailed:
        said = error.user_message or type(error).__name__
        if "response body from API" in said:  # the SDK's message repeats the body, which is nobody's business
            said = "the answer is no JSON"
        return StripePullFailed(
            f"Stripe {self.about}, {self.place}: {type(error).__name__}, HTTP {error.http_status or 'none'}, "
            f"request {error.request_id or 'unknown'}: {said}"
        )

    def _unreadable(self, why: object) -> StripePullFailed:
        return StripePullFailed(f"Stripe {self.about}, {self.place}: the response is not readable: {why}")

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return max(self._backoff(state), _retry_after(state))

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        """After the last try, and when Stripe asks for more patience than there is: then the next call goes on."""
        too_long = _retry_after(state) > self.settings.longest_wait_seconds
        return too_long or state.attempt_number >= self.settings.attempts


def _page(body: str | None, after: str | None) -> Page:
    text = body or ""
    found = json_text.array_member(text, "data")
    more = json_text.member(text, "has_more")
    if more is None:
        raise json_text.JsonTextError("the list does not say whether there is more")
    if text[slice(*more)] == "false":
        return Page(found, None)
    last = json_text.parse(found[-1])["id"] if found else None
    if last is None or last == after:
        raise json_text.JsonTextError("the list says there is more but does not move on")
    return Page(found, last)


def _is_passing(error: BaseException) -> bool:
    """Whether trying again can help: the network, Stripe's rate limit, Stripe's own faults, a body cut on its way."""
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
        return True
    if not isinstance(error, stripe.APIError) or error.http_status is None:
        return False
    return error.http_status == HTTPStatus.OK or error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _retry_after(state: tenacity.RetryCallState) -> float:
    """Seconds that the last answer asks to wait, 0 when it does not ask."""
    error = state.outcome.exception() if state.outcome else None
    headers = error.headers if isinstance(error, stripe.StripeError) else None
    asked = str((headers or {}).get("retry-after") or (headers or {}).get("Retry-After") or "")
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        until = email.utils.parsedate_to_datetime(asked)
    except (TypeError, ValueError):
        return 0
    return max(0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The path and the parameters of a nested list's address."""
    path, _, query = url.partition("?")
    return path, dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
