"""Two faces in one, with both their labels.

Every face of a batch gets a partner from the same batch. A blend weighs all pixels
alike (mixup); a cut puts a rectangle of the partner in place (cut-mix). The labels
are not blended here: both go to the loss, with the share of the first, since a
loss need not be linear in them, and either gender may be unknown.

Reference: Zhang et al., ICLR 2018 (mixup); Yun et al., ICCV 2019 (cut-mix).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Faces = NDArray[np.uint8]
Targets = dict[str, NDArray[np.float32]]
Weights = NDArray[np.float32]

_WHOLE = 256
"""Shares are kept in 256ths, so that blending stays within 16-bit integers."""

_AT_ONCE = 16
"""Faces blended in one go: their sums stay in the processor's cache."""


class Mixed(NamedTuple):
    """Faces, uint8 (N, S, S, 3), and the share, 0..1, that the first has in each."""

    faces: Faces
    share: NDArray[np.float32]


class Mixer:
    """Mixes the faces of a batch in pairs.

    Args:
        mixup: Both parameters of the Beta distribution of shares; 0 blends none.
        cutmix: The same for cuts. Where both are set, each batch takes either.
    """

    def __init__(self, mixup: float = 0.0, cutmix: float = 0.0) -> None:
        self._mixup = mixup
        self._cutmix = cutmix

    @property
    def mixes(self) -> bool:
        """Return whether anything is mixed at all."""
        return bool(self._mixup or self._cutmix)

    def mix(
        self,
        faces: Faces,
        targets: Targets,
        draws: np.random.Generator,
        weights: Weights | None = None,
    ) -> tuple[Faces, Targets, Weights | None]:
        """Mix each face with another of the batch.

        Args:
            faces: uint8 (N, S, S, 3).
            targets: Head -> float32 (N,), NaN where not known.
            draws: Of partners, shares and places.
            weights: float32 (N,), how much each face counts; None: all the same.

        Returns:
            Faces of the same shape; head -> float32 (N, 3): the face's own label,
            its partner's, and how much of the pair, 0..1, its own counts; weights
            of the pairs, where given.
        """
        count = len(faces)
        partner = np.roll(np.arange(count), draws.integers(1, max(count, 2)))
        mixed = self._mixed(faces, faces[partner], draws)
        own = mixed.share
        other = 1.0 - own
        share, pair_weights = own, weights
        if weights is not None:
            # Each label counts by its share of the picture times its face's weight.
            pair_weights = np.add(
                own * weights, other * weights[partner], dtype=np.float32
            )
            share = np.divide(own * weights, pair_weights, dtype=np.float32)
        both = {
            head: np.stack([label, label[partner], share], axis=1)
            for head, label in targets.items()
        }
        return mixed.faces, both, pair_weights

    def _mixed(self, faces: Faces, others: Faces, draws: np.random.Generator) -> Mixed:
        blends = self._mixup > 0 and (not self._cutmix or draws.random() < 0.5)
        beta = self._mixup if blends else self._cutmix
        share = draws.beta(beta, beta, len(faces))
        return (
            blend(faces, others, share) if blends else cut(faces, others, share, draws)
        )


def blend(faces: Faces, others: Faces, share: NDArray[np.floating]) -> Mixed:
    """Weigh all pixels alike.

    Args:
        faces: uint8 (N, S, S, 3).
        others: The same.
        share: (N,), 0..1, of the first; rounded to 256ths.
    """
    weight = np.rint(share * _WHOLE).astype(np.uint16)
    own = weight[:, None, None, None]
    mixed = np.empty_like(faces)
    for first in range(0, len(faces), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        total = np.multiply(faces[some], own[some], dtype=np.uint16)
        total += np.multiply(others[some], _WHOLE - own[some], dtype=np.uint16)
        total += _WHOLE // 2
        total >>= 8
        mixed[some] = total
    return Mixed(mixed, weight.astype(np.float32) / _WHOLE)


def cut(
    faces: Faces,
    others: Faces,
    share: NDArray[np.floating],
    draws: np.random.Generator,
) -> Mixed:
    """Put a rectangle of the other in place of the own pixels.

    Args:
        faces: uint8 (N, S, S, 3).
        others: The same.
        share: (N,), 0..1, wanted of the first; a rectangle that reaches beyond the
            face takes less, so the share returned is that of the pixels left.
        draws: Of the places.
    """
    count, side = faces.shape[:2]
    half = 0.5 * side * np.sqrt(1.0 - share)[:, None]
    lines = np.arange(side)
    rows, columns = (
        np.abs(lines + 0.5 - draws.uniform(0, side, (count, 1))) < half
        for _ in range(2)
    )
    pasted = rows[:, :, None] & columns[:, None, :]
    left = 1.0 - pasted.mean(axis=(1, 2))
    mixed = np.where(pasted[..., None], others, faces)
    return Mixed(mixed, left.astype(np.float32))
