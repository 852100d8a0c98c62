"""Learning: from an experiment and a face store to a network and its curves."""

from agegender.train import backend  # noqa: F401 - loads Keras quietly, so first
from agegender.train.devices import chosen_devices, require_clips_alike
from agegender.train.epochs import DivergedError, EpochListener
from agegender.train.fit import Plan, Trained, fit, plan
from agegender.train.programs import keep_programs

__all__ = [
    "DivergedError",
    "EpochListener",
    "Plan",
    "Trained",
    "chosen_devices",
    "fit",
    "keep_programs",
    "plan",
    "require_clips_alike",
]
