"""A proxy before the server that breaks a connection at a chosen message of Postgres' protocol."""

import selectors
import socket
import struct
import threading
import time

from psycopg.conninfo import conninfo_to_dict

COMMIT = b"COMMIT"
# A client may ask for encryption before it says who it is; the server answers with one byte.
ASKS_FOR_ENCRYPTION = (80877103, 80877104)
LENGTH_BYTES = 4
DATA_ROW = b"D"
LONGEST_GOODBYE = 30  # seconds


class Messages:
    """Cuts one direction of a connection into whole messages; what is not whole yet waits.

    Until ``typed`` a message of the client has no type before its length; ``single`` counts the answers of one byte
    that the server owes.
    """

    def __init__(self, typed: bool) -> None:
        self.typed = typed
        self.single = 0
        self._rest = b""

    def of(self, data: bytes) -> list[bytes]:
        self._rest += data
        found = []
        while (size := self._size()) and size <= len(self._rest):
            message, self._rest = self._rest[:size], self._rest[size:]
            found.append(message)
        return found

    def _size(self) -> int:
        if self.single and self._rest:
            self.single -= 1
            return 1
        before = 1 if self.typed else 0
        if len(self._rest) < before + LENGTH_BYTES:
            return 0
        return before + struct.unpack_from("!I", self._rest, before)[0]


class Cut:
    """Breaks the first connection at a chosen moment, and lets all later ones through.

    ``at`` counts the messages of the client; ``after`` lets the server have the message before the line is cut.
    ``reply_at`` counts the messages of the server, rows of one result as one; that one is the first that does not
    arrive. With ``lost_reply`` it is the answer to that commit that never comes back which follows the manifest row.
    """

    def __init__(self, url, at=None, after=False, lost_reply=False, reply_at=None):
        parts = conninfo_to_dict(url)
        self._server = (parts["host"], int(parts["port"]))
        self.at, self.after, self.lost_reply, self.reply_at = at, after, lost_reply, reply_at
        self.messages = self.replies = 0
        self.cut = False
        self._lines = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{parts['port']}/", f":{self._listener.getsockname()[1]}/")
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a client
        self._listener.close()

    def settle(self):
        """Wait until every connection has ended: a client's goodbye is a message too, to which nobody answers."""
        deadline = time.monotonic() + LONGEST_GOODBYE
        for line in self._lines:
            line.join(max(deadline - time.monotonic(), 0))
            assert not line.is_alive(), "a connection outlives its client"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            line = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._lines.append(line)
            line.start()

    def _serve(self, client):
        with client, socket.create_connection(self._server) as server:
            for one in (client, server):  # a message does not wait for the next one
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(self, client, server)
            with selectors.DefaultSelector() as talking:
                talking.register(client, selectors.EVENT_READ, line.asked)
                talking.register(server, selectors.EVENT_READ, line.answered)
                while True:
                    for ready, _ in talking.select():
                        data = ready.fileobj.recv(1 << 16)
                        if not data or not ready.data(data):
                            return


class _Line:
    """One connection through the proxy; its methods say whether the line still stands."""

    def __init__(self, cut, client, server):
        self._cut, self._client, self._server = cut, client, server
        self._asked, self._answered = Messages(typed=False), Messages(typed=True)
        self._seen = self._last = b""
        self._drops_replies = False

    def asked(self, data):
        return self._passed_on(self._asked.of(data), self._server, self._cuts_question)

    def answered(self, data):
        return self._passed_on(self._answered.of(data), self._client, self._is_lost)

    def _passed_on(self, messages, receiver, cuts):
        """Send the messages up to the first that is cut; whether there was none."""
        whole = []
        for message in messages:
            if cuts(message):
                self._cut.cut = True
                receiver.sendall(b"".join([*whole, message] if self._cut.after else whole))
                return False
            whole.append(message)
        receiver.sendall(b"".join(whole))
        return True

    def _cuts_question(self, message):
        cut = self._cut
        if not self._asked.typed:
            wants = struct.unpack_from("!I", message, LENGTH_BYTES)[0]
            self._answered.single += wants in ASKS_FOR_ENCRYPTION
            self._asked.typed = wants not in ASKS_FOR_ENCRYPTION
        self._seen = (self._seen + message)[-4096:]
        self._drops_replies = cut.lost_reply and not cut.cut and COMMIT in message and b'"loads"' in self._seen
        if cut.cut or cut.at is None:
            return False
        cut.messages += 1
        return cut.messages == cut.at

    def _is_lost(self, message):
        cut, before, self._last = self._cut, self._last, message[:1]
        if self._drops_replies:
            return True
        if cut.cut or cut.reply_at is None or (self._last == before == DATA_ROW):
            return False
        cut.replies += 1
        return cut.replies == cut.reply_at
