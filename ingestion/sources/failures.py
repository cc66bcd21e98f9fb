"""What every source that pulls from an API raises when it cannot finish."""

from __future__ import annotations


class PullFailed(RuntimeError):
    """A pull that could not be finished; nothing of it counts as pulled, and the same call goes on or begins anew.

    The message names the object, the place in it, and what the source said. It holds no key and no payload.
    """
