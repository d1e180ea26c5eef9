"""Renders what the choice is with weights that were fitted without each film as Markdown tables."""

from __future__ import annotations

from ..report import Section
from .cells import number, table
from .recall import BY_TIME

_COLUMNS = {**BY_TIME, "same": "as shipped"}
_HELP = (
    "The weights of the score are fitted to the expert's picks of all other films, and the film is decided anew with "
    "them. `as shipped` counts the images that the shipped weights choose too. `as tuned` is pulled to the shipped "
    "weights as strongly as does best on films left out among those it knows, `from equal` a little to equal ones."
)


def leave_one_out_tables(section: Section) -> str:
    """Figures by film and their means, by shipped and by refitted weights; the range of each weight."""
    head = "## The choice without each film"
    if "why" in section:
        return f"{head}\n\nNot judged: {section['why']}."
    means = [[f"{group} ({of['films']})", *_cells(name, of[name])] for group, of in section["means"].items()
             for name in of if name != "films"]  # fmt: skip
    films = [[film, *_cells(name, row[name])] for film, row in section["films"].items() for name in row]
    columns = ["weights", *_COLUMNS.values()]
    return "\n\n".join([
        head, f"{_HELP} {section['pairs']} pairs of {len(section['films'])} films.",
        table(["mean", *columns], means), *(_ranges(name, of, section) for name, of in section["weights"].items()),
        table(["film", *columns], films),
    ])  # fmt: skip


def _cells(name: str, figures: Section) -> list[str]:
    return [name, *(f"{figures[key]:.3f}" if key in {"precision_1s", "coverage_3s"} else number(figures[key])
                    for key in _COLUMNS)]  # fmt: skip


def _ranges(fit: str, of: Section, section: Section) -> str:
    """Each weight's range, and how many of the refits are the shipped weights themselves."""
    shipped = {name: v["shipped"] for name, v in of.items()}
    equal = sum(found[fit] == shipped for found in section["refits"].values())
    rows = [[name, f"{v['shipped']:g}", f"{v['all_films']:g}", f"{v['least']:g} – {v['greatest']:g}"]
            for name, v in of.items()]  # fmt: skip
    found = table([f"weight, {fit}", "shipped", "all films", "without one film"], rows)
    return f"{found}\n\nOf {len(section['refits'])} refits {equal} found nothing better than the shipped weights."
