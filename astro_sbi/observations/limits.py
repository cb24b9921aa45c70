"""How large a file may be; light to import."""

from __future__ import annotations

#: Bytes of one file, as it comes and uncompressed.
MAX_BYTES = 64 * 1024**2
