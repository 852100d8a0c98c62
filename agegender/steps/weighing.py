"""What the network of a trial costs, for searches that weigh it against the error."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.config import CropRule, Experiment

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class CostOf:
    """Tells the cost that `search.cost` names; a class, since workers get it by pickle.

    Args:
        crop_rule: Of the store.
    """

    crop_rule: CropRule

    def __call__(self, experiment: Experiment) -> float:
        """Build the experiment's network, untrained, and return its cost.

        Parameters are numbers, arithmetic is of one face, latency in milliseconds of
        the exported network on one core of this machine.
        """
        from agegender.model.cost import count
        from agegender.model.wide_resnet import build

        seed, size = experiment.seed, self.crop_rule.size
        model = build(experiment.model, size, None, seed)
        if experiment.search.cost == "latency":
            return self._latency(model)
        cost = count(model)
        return float(
            cost.parameters
            if experiment.search.cost == "parameters"
            else cost.forward_flops
        )

    def _latency(self, model: "keras.Model") -> float:
        from agegender.model.export import export_onnx
        from agegender.model.latency import latency_ms
        from agegender.model.network import Network

        with tempfile.TemporaryDirectory() as folder:
            file = export_onnx(model, Path(folder) / "model.onnx", self.crop_rule)
            return latency_ms(Network.load(file, threads=1))
