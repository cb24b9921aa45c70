"""From bytes to an observation, in the process at hand: strangers' files go through `reading`, which does this in a child."""

from __future__ import annotations

import hashlib

from astro_sbi.observations.containers.content import printable, shown_name, uncompressed
from astro_sbi.observations.containers.opening import container_of, promised_otherwise
from astro_sbi.observations.kinds.choosing import observation_in
from astro_sbi.observations.kinds.importer import Source
from astro_sbi.observations.observation import Observation, ObservationError
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.preview import Reading, TablePreview, previews

#: Longest sentence [characters], its file's name included.
_LONGEST = 399
_DAMAGED = "its content is damaged or not what its format promises; save it again, or give it as CSV with named columns"


def parsed(name: str, content: bytes, options: ReadOptions | None = None) -> Reading:
    """What a file holds and what was read of it; whatever goes wrong is a sentence in the answer.

    Args:
        name: the file's name, used in messages, never as a path.
        content: its bytes, perhaps gzipped.
        options: what the user says about it.

    Raises:
        PermissionError: if a reader reached for what a child may not have.
    """
    options, shown = options or ReadOptions(), shown_name(name)
    tables: tuple[TablePreview, ...] = ()
    form, plain = "", content
    try:
        check(options)
        plain = uncompressed(content)
        container = container_of(name, plain)
        form, tables = container.format, previews(container)
        source = Source(shown, hashlib.sha256(plain).hexdigest())
        return Reading(form, tables, observation_in(container, source, options))
    except ObservationError as error:
        sentence = str(error)
    except PermissionError:
        # The child's own walls: its entry has the sentence for it.
        raise
    except MemoryError:
        sentence = "it needs more memory than a file may take; cut it to the part that matters"
    except Exception:  # a stranger's file may make a parser raise anything
        sentence = _DAMAGED
    promised = promised_otherwise(name, plain)
    hint = f"the name says {promised} and the content is not: " if promised else ""
    start = f"{shown}: {hint}"
    return Reading(form, tables, None, start + printable(sentence, _LONGEST - len(start)))


def observation_of(name: str, content: bytes, options: ReadOptions | None = None) -> Observation:
    """The observation in a file, without a child process.

    Raises:
        ObservationError: one sentence that names the file, what is wrong and what to do.
    """
    reading = parsed(name, content, options)
    if reading.observation is None:
        raise ObservationError(reading.refusal)
    return reading.observation


def check(options: ReadOptions) -> None:
    """Refuse answers that cannot be.

    Raises:
        ObservationError: naming the answer.
    """
    if options.redshift is not None and not -0.01 < options.redshift < 20:
        raise ObservationError(f"the redshift {options.redshift:g} is not between -0.01 and 20; give another")
    if options.magnitude is not None and not -10 < options.magnitude < 40:
        raise ObservationError(f"the magnitude {options.magnitude:g} whose flux is 1 is not between -10 and 40; give another")
