"""What happens to faces while the network learns, and never afterwards."""

from dataclasses import dataclass

from agegender.config.checks import require, require_finite, require_not_negative

_SHARES = (
    *("shift", "scale", "brightness", "contrast", "saturation", "colour"),
    *("blur", "erase"),
)


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training faces; each face draws its own.

    Args:
        flip: Mirror every second face, left and right.
        shift: Largest shift each way, as a share of the side.
        scale: Largest enlargement or reduction, as a share.
        rotation: Largest turn either way, in degrees.
        brightness: Largest change of brightness, as a share of white.
        contrast: Largest change of contrast, as a share.
        saturation: Largest change of saturation, as a share.
        colour: Largest change of each of red, green and blue, as a share.
        blur: Share of faces softened, as strong compression does.
        erase: Share of faces that lose a rectangle to one colour.
        erase_area: Largest area of that rectangle, as a share of the face's.
        mixup: Blend each face and its labels with another's, by shares from the
            Beta distribution whose parameters are both this; 0 blends none.
        cutmix: The same with a rectangle of another face pasted in. Where both are
            set, each batch takes either.

    Reference: Zhong et al., AAAI 2020 (random erasing); Zhang et al., ICLR 2018
    (mixup); Yun et al., ICCV 2019 (cut-mix).
    """

    flip: bool = True
    shift: float = 0.08
    scale: float = 0.0
    rotation: float = 0.0
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.0
    colour: float = 0.0
    blur: float = 0.0
    erase: float = 0.0
    erase_area: float = 0.2
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        require_finite("augment", self)
        for name in _SHARES:
            value = getattr(self, name)
            highest = 1.0 if name in {"blur", "erase"} else 0.999
            require(
                0.0 <= value <= highest,
                f"augment.{name} must be within 0..1. Received: {value}.",
            )
        require(
            0.0 < self.erase_area < 1.0,
            "augment.erase_area must be above 0 and below 1. "
            f"Received: {self.erase_area}.",
        )
        require(
            0.0 <= self.rotation <= 180.0,
            "augment.rotation must be within 0..180 degrees. "
            f"Received: {self.rotation}.",
        )
        require_not_negative("augment", self, ("mixup", "cutmix"))
