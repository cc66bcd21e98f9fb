"""One writer at a time, and the second one learns who the first is."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import psycopg
import pytest

from warehouse.connection import connect
from warehouse.errors import WriterBusy
from warehouse.lock import current_holder, hold_load_lock, writer_lock

pytestmark = pytest.mark.warehouse


def test_the_second_writer_is_told_who_writes_and_since_when(warehouse):
    with writer_lock(holder="make demo (pid 4711)"):
        with pytest.raises(WriterBusy) as busy, writer_lock(holder="tieout build"):
            pass
        assert re.search(
            r"make demo \(pid 4711\) has been writing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", str(busy.value)
        )


def test_the_lock_is_free_again_afterwards_and_after_an_error(warehouse):
    with pytest.raises(ZeroDivisionError), writer_lock(holder="a"):
        _ = 1 / 0
    with writer_lock(warehouse, holder="b") as connection:
        assert "b has been writing" in str(current_holder(connection))
    with psycopg.connect(warehouse) as connection:
        assert current_holder(connection) is None


def test_a_killed_holder_holds_nothing(warehouse):
    code = (
        "import sys, time; from warehouse.lock import writer_lock\n"
        "with writer_lock(sys.argv[1], holder='doomed'):\n    print('held', flush=True); time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code, warehouse], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WriterBusy, match="doomed"), writer_lock(holder="next"):
            pass
        holder.kill()
    with writer_lock(holder="next", wait_seconds=60):
        pass


def test_who_waits_gets_the_lock_when_it_comes_free(warehouse):
    release = threading.Event()
    held = threading.Event()

    def first() -> None:
        with writer_lock(warehouse, holder="first"):
            held.set()
            release.wait(60)

    worker = threading.Thread(target=first)
    worker.start()
    held.wait(60)
    threading.Timer(0.3, release.set).start()
    with writer_lock(holder="second", wait_seconds=60):
        pass
    worker.join()


def test_a_name_of_any_length_and_language_is_shortened_and_not_refused(warehouse):
    with writer_lock(holder="Zoë " * 100) as connection:
        assert str(current_holder(connection)).startswith("Zo? Zo? ")


def test_writers_of_two_warehouses_on_one_server_do_not_meet(warehouse, module_warehouse):
    with writer_lock(warehouse, holder="one"), writer_lock(module_warehouse, holder="two"):
        pass


def test_the_lock_for_load_numbers_ends_with_the_transaction(warehouse):
    with connect("loader") as one, connect("loader") as two:
        hold_load_lock(one)
        two.execute("set lock_timeout to '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            hold_load_lock(two)
        two.rollback()
        one.commit()
        hold_load_lock(two)
