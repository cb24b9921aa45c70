"""Linux's Landlock: a process gives up every file but a few, and the network, for good.

The numbers are those of ``linux/landlock.h`` and ``linux/prctl.h``; the three system calls have the same numbers on x86_64 and aarch64.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GIVE_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 4, 38

#: Rights on files that a version knows: execute, write, read, make and remove (13); move between folders; truncate; device commands.
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
#: From version 4 TCP's bind and connect can be refused, from 6 abstract Unix sockets and signals to processes outside.
_NETWORK, _SCOPES = (4, 0b11), (6, 0b11)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Place(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _called(name: str, *arguments: int) -> int:
    """What a function of the C library returns for arguments as wide as a register.

    Raises:
        OSError: if it is below zero.
    """
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_long
    answer = function(*(ctypes.c_long(argument) for argument in arguments))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def landlock_version() -> int:
    """Version of Landlock's interface; 0 where the kernel has none or a container forbids it."""
    if sys.platform != "linux":
        return 0
    try:
        return _called("syscall", _CREATE_RULESET, 0, 0, _GIVE_VERSION)
    except OSError:
        return 0


def _ruleset(version: int) -> int:
    """Descriptor of a set of rules that refuses all that a version can refuse."""
    bits = max(bits for since, bits in _FILE_RIGHTS if version >= since)
    network, scopes = (rights if version >= since else 0 for since, rights in (_NETWORK, _SCOPES))
    rules = _Ruleset((1 << bits) - 1, network, scopes)
    return _called("syscall", _CREATE_RULESET, ctypes.addressof(rules), ctypes.sizeof(rules), 0)


def _let_read(ruleset: int, path: Path) -> None:
    """Allow reading of a file or of all below a folder."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = _READ_FILE | _READ_FOLDER if path.is_dir() else _READ_FILE
        place = _Place(rights, descriptor)
        _called("syscall", _ADD_RULE, ruleset, _PATH_BENEATH, ctypes.addressof(place), 0)
    finally:
        os.close(descriptor)


def confine(readable: Sequence[Path]) -> bool:
    """Let this process read a few places only: write nothing, start no program, reach no TCP port, no abstract socket and no other process.

    It holds for the calling thread and all that it starts, and cannot be undone. Privileges can no longer be gained by running a
    program, and other processes of the same user may not look into this one's memory.

    Args:
        readable: files and folders; those that are not there are left out.

    Returns:
        Whether the kernel confines files: False where it has no Landlock.

    Raises:
        OSError: if the kernel has Landlock and refuses to confine.
    """
    if sys.platform != "linux":
        return False
    _called("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _called("prctl", _SET_DUMPABLE, 0, 0, 0, 0)
    version = landlock_version()
    if not version:
        return False
    ruleset = _ruleset(version)
    try:
        for path in readable:
            _let_read(ruleset, path)
        _called("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True
