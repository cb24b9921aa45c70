"""Small tables of words and formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from astro_sbi.ui.words import escaped


def table(rows: Sequence[Mapping[str, str]], *, alt: str) -> None:
    """A table whose cells are Markdown and formulas; cells from outside are escaped by the caller."""
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=alt)


def pairs_table(pairs: Mapping[str, Any], *, names: tuple[str, str], alt: str) -> None:
    """A table of names and values, all shown as they are."""
    rows = [{names[0]: escaped(name.replace("_", " ")), names[1]: escaped(_text(content))} for name, content in pairs.items()]
    table(rows, alt=alt)


def _text(content: Any) -> str:
    return f"{content:.12g}" if isinstance(content, float) else str(content)
