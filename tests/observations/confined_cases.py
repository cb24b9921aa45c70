"""What a child does in the tests of the sandbox: the request names a function of this file and its argument."""

import contextlib
import ctypes
import errno
import io
import json
import os
import socket
import stat
import sys
import time
from pathlib import Path

import numpy as np

from astro_sbi.observations.observation import ObservationError

LIBC = ctypes.CDLL(None, use_errno=True)


def answer(request: bytes) -> bytes:
    name, _, argument = request.partition(b" ")
    return globals()[f"do_{name.decode()}"](argument)


def libc(name: str, *arguments: object) -> int:
    """What a function of the C library returns, past Python and its audit hooks.

    Raises:
        OSError: if it is below zero.
    """
    result = getattr(LIBC, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def do_echo(argument: bytes) -> bytes:
    return argument


def do_sleep(argument: bytes) -> bytes:
    time.sleep(float(argument))
    return b""


def do_spin(_: bytes) -> bytes:
    while True:
        pass


def do_allocate(argument: bytes) -> bytes:
    return np.ones(int(argument), dtype=np.uint8)[:1].tobytes()


def do_allocate_in_pieces(_: bytes) -> bytes:
    pieces = []
    while True:
        pieces.append(bytearray(b"1") * 10**7)


def do_endless_output(argument: bytes) -> bytes:
    """Find the channel and write to it, first what the request says."""
    channel = next(descriptor for descriptor in range(3, 20) if is_pipe(descriptor))
    os.write(channel, argument)
    while True:
        os.write(channel, bytes([255]) * (1 << 16))


def is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def do_endless_chatter(_: bytes) -> bytes:
    while True:
        os.write(2, b"word " * 1000 + b"\n")


def do_large(argument: bytes) -> bytes:
    return bytes(int(argument))


def do_crash(_: bytes) -> bytes:
    return ctypes.string_at(0)


def do_quit(argument: bytes) -> bytes:
    os._exit(int(argument))


def do_close_and_sleep(_: bytes) -> bytes:
    os.closerange(0, 30)
    time.sleep(1000)
    return b""


def do_garbage(argument: bytes) -> bytes:
    LIBC.puts(b"HDF5-DIAG: garbage")
    LIBC.fflush(None)
    os.write(1, b"garbage")
    return argument


def do_fork(_: bytes) -> bytes:
    return str(os.fork()).encode()


def do_fork_in_c(argument: bytes) -> bytes:
    """Leave a few sleeping children that hold every pipe open."""
    for _ in range(5):
        if libc("fork") == 0:
            time.sleep(1000)
    return argument


def do_program(_: bytes) -> bytes:
    return str(os.system("true")).encode()


def do_program_in_c(_: bytes) -> bytes:
    libc("execv", b"/bin/sh", (ctypes.c_char_p * 4)(b"sh", b"-c", b"exit 0", None))
    return b"never"


def do_read(argument: bytes) -> bytes:
    return Path(os.fsdecode(argument)).read_bytes()


def do_read_in_c(argument: bytes) -> bytes:
    return os.read(libc("open", argument, 0), 100)


def do_list(argument: bytes) -> bytes:
    return " ".join(os.listdir(os.fsdecode(argument))).encode()


def do_write(argument: bytes) -> bytes:
    return str(Path(os.fsdecode(argument)).write_bytes(b"x")).encode()


def do_write_in_c(argument: bytes) -> bytes:
    return str(os.write(libc("open", argument, os.O_CREAT | os.O_WRONLY, 0o600), b"x")).encode()


def do_remove_in_c(argument: bytes) -> bytes:
    return str(libc("unlink", argument)).encode()


def do_connect(argument: bytes) -> bytes:
    socket.create_connection(("127.0.0.1", int(argument)), timeout=5).sendall(b"secret")
    return b"connected"


def do_connect_in_c(argument: bytes) -> bytes:
    address = socket.AF_INET.to_bytes(2, sys.byteorder) + int(argument).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    handle = libc("socket", int(socket.AF_INET), int(socket.SOCK_STREAM), 0)
    libc("connect", handle, address, len(address))
    libc("send", handle, b"secret", 6, 0)
    return b"connected"


def do_kill_in_c(argument: bytes) -> bytes:
    return str(libc("kill", int(argument), 0)).encode()


def do_environment(_: bytes) -> bytes:
    return json.dumps(dict(os.environ)).encode()


def do_descriptors(_: bytes) -> bytes:
    """Device and inode of every open file."""
    seen = []
    for descriptor in range(100):
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            seen.append([status.st_dev, status.st_ino])
    return json.dumps(seen).encode()


def do_limits(_: bytes) -> bytes:
    import resource

    names = ("CPU", "AS", "FSIZE", "NOFILE", "CORE")
    return json.dumps({name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in names}).encode()


def do_refuse(argument: bytes) -> bytes:
    raise ObservationError(argument.decode())


def do_fail(argument: bytes) -> bytes:
    raise KeyError(argument.decode())


def do_recurse(argument: bytes) -> bytes:
    return do_recurse(argument)


def do_unpickle(argument: bytes) -> bytes:
    import pickle

    return str(pickle.loads(argument)).encode()  # noqa: S301


def do_attempts(argument: bytes) -> bytes:
    """Try several of these functions, a line each, and say what came of it."""
    results = {}
    for line in argument.decode().splitlines():
        try:
            results[line] = answer(line.encode()).decode("utf-8", "replace")[:50]
        except OSError as error:
            results[line] = errno.errorcode.get(error.errno or 0, repr(error))
    return json.dumps(results).encode()


def do_late_imports(argument: bytes) -> bytes:
    """Read an ECSV table, and write and read an HDF5 and a Parquet one, by libraries that are imported only now."""
    import h5py
    import pyarrow.parquet
    from astropy.table import Table
    from astropy.time import Time

    table = Table.read(io.BytesIO(argument), format="ascii.ecsv")
    days = Time(np.asarray(table["time"]), format="jd", scale="utc").tdb.jd
    hdf5, parquet = io.BytesIO(), io.BytesIO()
    with h5py.File(hdf5, "w") as file:
        file["time"] = days
    with h5py.File(hdf5, "r") as file:
        total = float(np.sum(file["time"][:]))
    pyarrow.parquet.write_table(pyarrow.table({"time": days}), parquet)
    rows = pyarrow.parquet.read_table(io.BytesIO(parquet.getvalue())).num_rows
    return json.dumps([len(table), str(table["time"].unit), total, rows]).encode()
