"""What a store says of itself: `store.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Self

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.errors import AgeGenderError, DataError

FORMAT: Final = "agegender face store"
FORMAT_VERSION: Final = 1


def package_version() -> str:
    """Return the version of this package, `0` where it is not installed."""
    try:
        return version("agegender")
    except PackageNotFoundError:
        return "0"


@dataclass(frozen=True)
class StoreManifest:
    """How the faces of a store were made.

    Args:
        crop_rule: What each face shows, and at what size.
        split_rules: How identities were dealt.
        filter_rules: Which rows were kept.
        funnel: `read`, `dropped` by rule, `kept`.
        sources: One a source: `name`, `archive`, `digest`, `terms`, `rows`,
            `crop`, `names_people`, `funnel`; the funnels add up to the
            store's.
        content_hash: `sha256:…` of faces, labels and crop rule.
        duplicates: Groups of identical photos among those decoded, and how many
            disagree on age or gender.
        made_by: Version of this package.
        format: What kind of folder this is.
        format_version: Of the folder's layout.
    """

    crop_rule: CropRule
    split_rules: SplitRules
    filter_rules: FilterRules
    funnel: dict[str, Any]
    sources: list[dict[str, Any]]
    content_hash: str
    duplicates: dict[str, int] = field(default_factory=dict)
    made_by: str = field(default_factory=package_version)
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check it.

        Raises:
            DataError: If the file is missing, not a manifest, or of another version.
        """
        values = read_json(path)
        if values.get("format") != FORMAT:
            raise DataError(
                f"{path} does not describe a face store. Run prep to make one."
            )
        if values.get("format_version") != FORMAT_VERSION:
            raise DataError(
                f"{path} has format version {values.get('format_version')!r}, this "
                f"program reads {FORMAT_VERSION}. Run prep again."
            )
        return cls._from_values(values, path)

    @classmethod
    def _from_values(cls, values: Mapping[str, Any], path: Path) -> Self:
        try:
            rules = {
                "crop_rule": CropRule(**values["crop_rule"]),
                "split_rules": SplitRules(**values["split_rules"]),
                "filter_rules": FilterRules(**values["filter_rules"]),
            }
            return cls(**{**values, **rules})
        except (TypeError, KeyError, AgeGenderError) as error:
            raise DataError(
                f"{path} is not a sound manifest ({error}). Run prep again."
            ) from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DataError: If the file is missing or holds something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent} is not a face store: it has no {path.name}."
        ) from error
    # Nested without end, too.
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise DataError(
            f"{path} must hold a JSON object. Received: {type(values).__name__}."
        )
    return values
