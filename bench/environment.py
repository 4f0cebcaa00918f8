"""The programs to compare with, installed by pip in an environment of their own."""

import subprocess
import venv
from pathlib import Path

from bench.skipped import Skipped

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class Environment:
    """`.venv-bench`, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problem: str | None = None
        self._is_ready = False

    def python(self) -> str:
        """The interpreter that has Datasette and pandas; raises Skipped when pip cannot get them."""
        if not self._is_ready:
            self._make()
        if self._problem is not None:
            raise Skipped(self._problem)
        return str(self._folder / "bin" / "python")

    def versions(self) -> str:
        """The pinned names and versions."""
        self.python()
        lines = _REQUIREMENTS.read_text().splitlines()
        return ", ".join(line.replace("==", " ") for line in lines if "==" in line)

    def _make(self) -> None:
        self._is_ready = True
        stamp = self._folder / "requirements.stamp"
        wanted = _REQUIREMENTS.read_text()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        print(f"installing what is compared with into {self._folder} …", flush=True)
        try:
            if not (self._folder / "bin" / "python").exists():
                venv.create(self._folder, with_pip=True)
            command = [str(self._folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            command += ["--disable-pip-version-check", "-r", str(_REQUIREMENTS)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            self._problem = f"Datasette and pandas could not be installed: is there a network? ({error})"
            return
        stamp.write_text(wanted)
