"""What a study answers: dictionaries that show themselves in a notebook."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _html


@dataclass(frozen=True)
class Check:
    """What a sound study comes to."""

    accounts: list[str]
    models: list[str]
    #: Number of margin dates, and the first and last of them.
    margin_dates: int
    first: str
    last: str
    #: What must be said about the data.
    notes: list[str]

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Check":
        """Read the compiled part's answer."""
        return cls(said["accounts"], said["models"], said["margin_dates"], said["from"], said["to"], said["notes"])

    def _repr_html_(self) -> str:
        columns: dict[str, Sequence[Any]] = {
            "": ["accounts", "models", "margin dates", "first", "last"],
            "study": [len(self.accounts), ", ".join(self.models), self.margin_dates, self.first, self.last],
        }
        return _html.table("A sound study", columns, "; ".join(self.notes))


@dataclass(frozen=True)
class Node:
    """A part of a requirement: an amount in reporting currency, and how it follows from its parts."""

    name: str
    amount: float
    rule: str
    parts: list["Node"] = field(default_factory=list)

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Node":
        """Read the compiled part's answer."""
        return cls(said["name"], said["amount"], said["rule"], [cls.of(part) for part in said.get("parts", [])])

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Node"]]:
        """Go through the tree, a parent before its parts, with the depth of each node."""
        yield depth, self
        for part in self.parts:
            yield from part.walk(depth + 1)

    def __str__(self) -> str:
        lines = [
            "  " * depth + node.name + (f" ({node.rule})" if node.rule else "") + f": {node.amount:,.2f}"
            for depth, node in self.walk()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        nodes = list(self.walk())
        columns: dict[str, Sequence[Any]] = {
            "part": ["\u2003" * depth + node.name for depth, node in nodes],
            "rule": [node.rule for _, node in nodes],
            "amount": [node.amount for _, node in nodes],
        }
        return _html.table("", columns)


@dataclass(frozen=True)
class Margin:
    """What one model asks of one account on one margin date."""

    time: str
    account: str
    model: str
    #: Instrument and contracts.
    positions: list[tuple[str, float]]
    initial: Node
    maintenance: Node
    #: The scenario or rule that decided it, where one did.
    binding: str | None

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Margin":
        """Read the compiled part's answer."""
        return cls(
            said["time"],
            said["account"],
            said["model"],
            [(name, quantity) for name, quantity in said["positions"]],
            Node.of(said["initial"]),
            Node.of(said["maintenance"]),
            said["binding"],
        )

    def _repr_html_(self) -> str:
        title = f"<p><b>{self.initial.amount:,.2f}</b> initial margin of {self.account} under {self.model}</p>"
        return title + self.initial._repr_html_()


@dataclass(frozen=True)
class Explanation:
    """Why the margin of an account on a date held or broke."""

    #: What each model asked, with its breakdown.
    asked: list[Margin]
    #: Initial margin that the run required, by model.
    required: dict[str, float]
    #: Realised loss at the end of the margin period; ``None`` where it is not over.
    horizon_loss: float | None
    #: Worst loss at any step of the margin period.
    worst_loss: float | None
    #: P&L by cause, gain positive; adds up to the realised P&L.
    causes: dict[str, float]
    #: Instrument, contracts, and P&L over the margin period.
    positions: list[tuple[str, float, float]]

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Explanation":
        """Read the compiled part's answer."""
        return cls(
            [Margin.of(asked) for asked in said["asked"]],
            dict(said["required"]),
            said["horizon_loss"],
            said["worst_loss"],
            dict(said["causes"]),
            [(name, quantity, pnl) for name, quantity, pnl in said["positions"]],
        )

    def _repr_html_(self) -> str:
        loss = "not over" if self.horizon_loss is None else f"<b>{self.horizon_loss:,.2f}</b>"
        held: dict[str, Sequence[Any]] = {
            "model": list(self.required),
            "required": list(self.required.values()),
            "held": [self._held(amount) for amount in self.required.values()],
        }
        causes: dict[str, Sequence[Any]] = {"cause": list(self.causes), "P&L": list(self.causes.values())}
        key = f"<p>Loss at the end of the margin period: {loss}</p>"
        return key + _html.table("Margin", held) + _html.table("Causes", causes)

    def _held(self, amount: float) -> bool | None:
        return None if self.horizon_loss is None else self.horizon_loss <= amount


@dataclass(frozen=True)
class Calibration:
    """A finished calibration: a folder of tables, figures and, where a point covers, a rule file."""

    folder: Path
    #: Whether any point covers, and so whether there is a rule file.
    feasible: bool

    @property
    def rules(self) -> Path | None:
        """The rule file of the chosen point, for ``data.rules`` of a study."""
        return self.folder / "chosen.toml" if self.feasible else None
