"""UTKFace: aligned face chips whose file names are the labels.

`[age]_[gender]_[race]_[date].jpg`, often with `.chip.jpg` after it; 0 is male and 1
female, the other way round than here. Some names lack a part, and some files are
the same picture under several ages: identical bytes are the only identity known.

Reference: Zhang et al., CVPR 2017.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from agegender.data.listing import Archive
from agegender.errors import ConfigError, DataError

UTKFACE_MARGIN: Final = -0.04
"""Photo around the face box in the chips. Measured on 391 near-frontal chips of 440:
distance from eyes to mouth beside that in FairFace photos, where the detector sees
the whole head. Median -0.04 (5 to 95 %: -0.08 to 0.02)."""

UTKFACE_SHIFT: Final = 0.08
"""How far the chip's centre lies below the box's, as a share of the box; measured
with the margin: 0.09 of the chip's side."""

TERMS: Final = "non-commercial research only; the photos belong to their owners"

_PICTURE: Final = r"(?i)\.(?:jpe?g|png)$"
_LABELS: Final = (
    r"^(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_\d{17}\.jpg(?:\.chip\.jpg)?$"
)


@dataclass(frozen=True)
class UtkFace:
    """The data set."""

    name: str = "utkface"
    margin: float = UTKFACE_MARGIN
    shift: float = UTKFACE_SHIFT
    are_crops: bool = True
    terms: str = TERMS

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the labels from the names of all files of the archive."""
        members = archive.members.sort_values("name", kind="stable", ignore_index=True)
        if members.empty:
            raise DataError(
                f"{archive.path} holds no file. Give UTKFace's archive or folder."
            )
        names = members["name"]
        files = names.str.replace(r"^.*/", "", regex=True)
        labels = files.str.extract(_LABELS).astype("float64")
        faults = [members["fault"], ~files.str.contains(_PICTURE, regex=True)]
        fault = faults[0].mask((faults[0] == "") & faults[1], "not_a_picture")
        fault = fault.mask((fault == "") & labels["age"].isna(), "malformed_name")
        return pd.DataFrame(
            {
                # The folder matters only where two of them hold the same name.
                "id": names.where(files.duplicated(keep=False), files),
                "member": names,
                "identity": pd.Series("", index=members.index, dtype="str"),
                "age": labels["age"],
                "gender": 1.0 - labels["gender"],
                "race": labels["race"].fillna(-1).astype(np.int8),
                "fault": fault,
            }
        )

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Refuse: there is no metadata file."""
        raise ConfigError(
            f"utkface has no metadata file; its file names are the labels. "
            f"Received: {metadata}. Give its archive or folder."
        )


UTKFACE: Final = UtkFace()
