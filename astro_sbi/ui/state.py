"""Everything the app remembers: the one file that names Streamlit's session state and the URL's parameters."""

from __future__ import annotations

from typing import Any

import streamlit as st

IMAGE_FORMAT = "image_format"
MARKS = "mark"


def enter() -> None:
    """Note that this session came in through the router."""
    st.session_state["entered"] = True


def entered() -> bool:
    """Whether this session came in through the router."""
    return bool(st.session_state.get("entered"))


def value(key: str, default: Any = None) -> Any:
    """What a widget holds, or the default before it was drawn."""
    return st.session_state.get(key, default)


def put(key: str, content: Any) -> None:
    """Set what a widget will hold when it is drawn."""
    st.session_state[key] = content


def forget(prefix: str) -> None:
    """Drop every remembered value whose key starts with the prefix."""
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        del st.session_state[key]


def note(name: str) -> None:
    """Leave a note for the run that follows a click; a widget's ``on_change``."""
    st.session_state[f"note_{name}"] = True


def take_note(name: str) -> bool:
    """Whether a note was left; it is gone afterwards."""
    return bool(st.session_state.pop(f"note_{name}", False))


def image_format() -> str:
    """The file format of downloaded figures."""
    return value(IMAGE_FORMAT) or "png"


def from_url(name: str, *, most: int = 200) -> str:
    """A parameter of the page's address, empty where there is none, cut to a sane length."""
    return str(st.query_params.get(name, ""))[:most]


def to_url(**parameters: str) -> None:
    """Set parameters of the page's address; an empty one is removed."""
    for name, content in parameters.items():
        if content:
            st.query_params[name] = content
        elif name in st.query_params:
            del st.query_params[name]
