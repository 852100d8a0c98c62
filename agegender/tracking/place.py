"""Where runs and what else lies in `mlruns/` is, told without loading MLflow."""

import os
from pathlib import Path


def project_folder() -> Path:
    """Return the nearest folder upwards with an MLproject, else the working folder."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "MLproject").is_file()), here)


def programs_folder() -> Path:
    """Return where compiled programs stay from one training to the next."""
    return project_folder() / "mlruns" / "compiled"


def is_there(folder: Path | None = None) -> bool:
    """Tell whether a tracking store was named or made, without making one.

    Args:
        folder: That holds `mlruns/`; else the project's.
    """
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return True
    uri = local_uri((folder or project_folder()).resolve())
    return Path(uri.removeprefix("sqlite:///")).exists()


def our_database(folder: Path) -> Path:
    """Return the database in a folder's `mlruns/`."""
    return folder / "mlruns" / "mlflow.db"


def local_uri(folder: Path) -> str:
    """Return the tracking URI of a folder: ours, or what plain MLflow made there."""
    ours, plain = our_database(folder), folder / "mlflow.db"
    return sqlite_uri(plain if plain.is_file() and not ours.exists() else ours)


def sqlite_uri(database: Path) -> str:
    """Return a database file's tracking URI."""
    return f"sqlite:///{database.as_posix()}"
