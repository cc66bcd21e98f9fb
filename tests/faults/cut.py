"""A proxy before the server that breaks a connection at a chosen moment."""

import select
import socket
import threading

from psycopg.conninfo import conninfo_to_dict

COMMIT = b"COMMIT"


class Cut:
    """Breaks the first connection at a chosen moment, and lets all later ones through.

    ``at`` counts the messages of the client; ``after`` lets the server have the message before the line is cut.
    ``reply_at`` counts the messages of the server, of which that one is the first that does not arrive. With
    ``lost_reply`` it is the answer to that commit that never comes back which follows the manifest row.
    """

    def __init__(self, url, at=None, after=False, lost_reply=False, reply_at=None):
        parts = conninfo_to_dict(url)
        self._server = (parts["host"], int(parts["port"]))
        self.at, self.after, self.lost_reply, self.reply_at = at, after, lost_reply, reply_at
        self.messages = self.replies = 0
        self.cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(f":{parts['port']}/", f":{self._listener.getsockname()[1]}/")
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self._server) as server:
            seen = b""
            drop_replies = False
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    if ready is server:
                        if drop_replies or self._is_lost():
                            self.cut = True
                            return
                        client.sendall(data)
                        continue
                    seen = (seen + data)[-4096:]
                    if not self.cut and self.at is not None:
                        self.messages += 1
                        if self.messages == self.at:
                            self.cut = True
                            if self.after:
                                server.sendall(data)
                            return
                    drop_replies = self.lost_reply and not self.cut and COMMIT in data and b'"loads"' in seen
                    server.sendall(data)

    def _is_lost(self):
        if self.cut or self.reply_at is None:
            return False
        self.replies += 1
        return self.replies == self.reply_at
