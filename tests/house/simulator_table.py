"""The README's table of simulators, written from the registry: ``python -m tests.house.simulator_table`` renews it."""

import re

from tests.house.tree import ROOT

README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- simulators:[^\n]*-->\n)(.*?)(<!-- /simulators -->)", re.DOTALL)


def table() -> str:
    """One row a simulator: its name, what it needs, what it infers and what it derives."""
    from astro_sbi import simulators

    rows = ["| name | explains a | parameters | derived |", "| --- | --- | --- | --- |"]
    for simulator in simulators.simulators():
        cells = [
            f"`{simulator.name}`<br>{simulator.title}",
            simulator.kind.replace("_", " "),
            ", ".join(parameter.name for parameter in simulator.parameters),
            ", ".join(parameter.name for parameter in simulator.derived_parameters),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def written() -> str:
    """The table as it stands in the README."""
    match = PLACE.search(README.read_text("utf-8"))
    return match[2] if match else ""


if __name__ == "__main__":
    README.write_text(PLACE.sub(lambda match: match[1] + table() + match[3], README.read_text("utf-8")), "utf-8")
