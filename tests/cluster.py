"""A PostgreSQL of the tests' own, which may be stopped and started."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, if they are installed."""
    named = Path(shutil.which("initdb") or "initdb").parent
    return next((one for one in [*PLACES, named] if (one / "initdb").exists()), None)


@dataclass(frozen=True)
class Cluster:
    """A database cluster that is reached through a socket in its folder alone.

    Args:
        programs: Folder of PostgreSQL's programs.
        folder: Empty; of a short path, since a socket's name is short.
    """

    programs: Path
    folder: Path

    def create(self) -> None:
        """Make the cluster, and start it."""
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
            shutil.chown(self.folder, "postgres")
        options = ["-U", "agegender", "--auth=trust", "--no-sync"]
        self._run("initdb", "-D", self._data, *options)
        self.start()

    def database(self, name: str) -> str:
        """Make a database; return its address."""
        self._run("createdb", "-h", str(self.folder), "-U", "agegender", name)
        return f"postgresql+psycopg2://agegender@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # No port, which others could have taken.
        listening = f"-c listen_addresses= -c fsync=off -k {self.folder}"
        log = str(self.folder / "log")
        options = ["-w", "-l", log, "-o", listening]
        self._run("pg_ctl", "-D", self._data, *options, "start")

    def stop(self) -> None:
        """Stop the server, whoever is connected."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *options: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_user, str(self.programs / program), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
