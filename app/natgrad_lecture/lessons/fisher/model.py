"""What the engine says of a state; nothing is drawn here."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from natgrad_lecture.lessons.fisher.data_model import Data
from natgrad_lecture.lessons.fisher.draws_model import Draws
from natgrad_lecture.lessons.fisher.level_model import Level
from natgrad_lecture.lessons.fisher.state import Look


class Model:
    """What the engine says of one of the three pictures."""

    def __init__(self, state: Look) -> None:
        self.state = state

    @cached_property
    def level(self) -> Level:
        """Of the level set."""
        return Level(self.state)

    @cached_property
    def draws(self) -> Draws:
        """Of the draws."""
        return Draws(self.state)

    @cached_property
    def data(self) -> Data:
        """Of the line through data."""
        return Data(self.state)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        if self.state.look == "data":
            return self.data.runs
        if self.state.look == "draws":
            found = self.draws.gathered()
            return {"n": found.n, "fisher": found.fisher, "curvature": found.curvature}
        return {"level": self.level.level, "ellipse": self.level.ellipse}

    @property
    def problem(self) -> Any:
        """What is looked at."""
        return self.data.problem if self.state.look == "data" else self.level.problem
