"""What every measurement needs to know."""

from dataclasses import dataclass
from pathlib import Path

from bench.environment import Environment


@dataclass(frozen=True)
class Setting:
    """The folder of the databases, one for logs, what is compared with, and how often to measure."""

    dbs: Path
    logs: Path
    environment: Environment
    rounds: int

    @property
    def slow_rounds(self) -> int:
        """How often to measure what takes half a minute."""
        return min(self.rounds, 2)
