"""The README's table of simulators, written from the registry: ``python -m tests.house.simulator_table`` renews it."""

import re

from tests.house.tree import ROOT

README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- simulators:[^\n]*-->\n)(.*?)(<!-- /simulators -->)", re.DOTALL)


def table() -> str:
    """One row a simulator: its name, what it describes and what it infers."""
    from astro_sbi import simulators

    rows = ["| name | what it describes | parameters | derived |", "| --- | --- | --- | --- |"]
    for simulator in simulators.all_simulators():
        parameters, derived = simulator.parameters, simulator.derived_parameters
        cells = [f"`{simulator.name}`", simulator.title, listed(parameters), listed(derived)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def listed(parameters) -> str:
    """Names with their units."""
    return ", ".join(f"{p.name} [{p.unit}]" if p.unit else p.name for p in parameters)


def written() -> str:
    """The table as it stands in the README."""
    match = PLACE.search(README.read_text("utf-8"))
    return match[2] if match else ""


if __name__ == "__main__":
    README.write_text(PLACE.sub(lambda match: match[1] + table() + match[3], README.read_text("utf-8")), "utf-8")
