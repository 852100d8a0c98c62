"""Learning from what other networks answer, beside the labels.

A label says one age and one gender, and now and then a wrong one; a network that
sees it often enough learns it by heart. What networks that were trained before
answer says more: which ages a face might have, and how sure its gender is. They
answer the very faces that are learnt from, with all random changes, and are asked
in training alone: what comes out is a network like any other.

Reference: Hinton et al., 2015 (distillation); Beyer et al., CVPR 2022 (teachers
that see the same changes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from agegender.config import MAX_AGE, CropRule, LossConfig
from agegender.errors import ConfigError
from agegender.model import moving
from agegender.model.losses import divergence, gender_cross_entropy
from agegender.model.mirrored import one_way_round
from agegender.train.earlier import EarlierNetwork

_WHITE = 255.0
_UINT8 = "uint8"


@dataclass(frozen=True)
class Teacher(EarlierNetwork):
    """A network whose answers are learnt from."""

    def require_knows(self, rule: CropRule) -> None:
        """Raise `ConfigError` where it learnt from faces that were cut otherwise."""
        if not self.knows(rule):
            raise ConfigError(
                f"training.teachers: {self.name} learnt from faces cut by "
                f"{self.crop_rule}, and the store's are cut by {rule}. Prepare a store "
                "to match, or name another teacher."
            )

    def ready(self, side: int) -> keras.Model:
        """Read it, ready to answer faces.

        Args:
            side: Of the faces, in pixels; shrunk for a network of smaller ones.

        Raises:
            ConfigError: If it takes larger faces.
            ModelError: If the file cannot be read, or holds no network of ours.
        """
        network = self.read()
        told = network.output
        heads = told if isinstance(told, dict) else {}
        shapes = {head: tuple(answer.shape[1:]) for head, answer in heads.items()}
        if shapes != {"age": (MAX_AGE + 1,), "gender": (1,)}:
            raise self.foreign()
        takes = network.input_shape[1]
        if takes > side:
            raise ConfigError(
                f"training.teachers: {self.name} takes faces of {takes} px, and the "
                f"store's have {side} px. Prepare a store of faces as large, or name "
                "another teacher."
            )
        # Faces are mirrored at random anyway: twice the time would teach little more.
        one_way_round(network)
        return network


class Answers(keras.layers.Layer):  # type: ignore[misc]
    """What teachers answer on average; nothing of them is learnt.

    Args:
        networks: Of the teachers.
        options: Name and dtype, as for every layer.
    """

    def __init__(self, networks: Sequence[keras.Model], **options: Any) -> None:
        super().__init__(**options)
        self.networks = list(networks)
        self.trainable = False

    def call(self, faces: Any) -> dict[str, Any]:
        """Return `age`, float32 (N, 101), and `gender`, (N, 1).

        Args:
            faces: (N, S, S, 3), 0..255; rounded, since photos are.
        """
        told = [one(_seen(faces, one), training=False) for one in self.networks]
        return {
            head: ops.mean(ops.stack([one[head] for one in told]), axis=0)
            for head in ("age", "gender")
        }

    def compute_output_shape(self, faces_shape: tuple[int | None, ...]) -> Any:
        """Return the shape of both heads' answers."""
        return {"age": (faces_shape[0], MAX_AGE + 1), "gender": (faces_shape[0], 1)}


class Pupil(keras.layers.Layer):  # type: ignore[misc]
    """Passes answers on, and in training asks them to be the teachers'.

    Args:
        weights: Of either head's distance, in nats, in what is minimised.
        options: Name and dtype, as for every layer.
    """

    def __init__(self, weights: Mapping[str, float], **options: Any) -> None:
        super().__init__(**options)
        self.weights_of_heads = dict(weights)

    def call(
        self, own: dict[str, Any], taught: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        """Return its own answers: `age`, (N, 101), and `gender`, (N, 1)."""
        if training:
            # Devices that share a batch share this layer as well: TensorFlow traces
            # one after another, and the second would find the first one's losses.
            self._clear_losses()
            for head, distance in distances(own, taught).items():
                self.add_loss(self.weights_of_heads[head] * ops.mean(distance))
        return own

    def compute_output_shape(self, own_shape: Any, taught_shape: Any) -> Any:
        """Return the shapes of its own answers."""
        del taught_shape
        return own_shape


def distances(own: dict[str, Any], taught: dict[str, Any]) -> dict[str, Any]:
    """Return how far answers are from the teachers', float32 (N,) a head, in nats.

    Both are divergences, 0 where the answers are equal.

    Args:
        own: `age`, (N, 101) probabilities, and `gender`, (N, 1), that of male.
        taught: The same.
    """
    male = ops.reshape(taught["gender"], (-1,))
    certain = gender_cross_entropy(male, male, smoothing=0.0)
    return {
        "age": divergence(taught["age"], own["age"]),
        "gender": gender_cross_entropy(male, own["gender"], smoothing=0.0) - certain,
    }


def taught(
    network: keras.Model, teachers: Sequence[Teacher], loss: LossConfig
) -> keras.Model:
    """Let a network learn from teachers, too.

    Args:
        network: As `wide_resnet.build` makes it, random changes included.
        teachers: At least one.
        loss: How much the teachers count, and the gender.

    Returns:
        A model of the same weights, and the teachers', that answers as the network.

    Raises:
        ConfigError: If a teacher takes larger faces.
        ModelError: If a teacher's file cannot be read, or holds no network of ours.
    """
    faces = network.get_layer("augment").output
    asked = Answers(
        [one.ready(network.input_shape[1]) for one in teachers],
        dtype="float32",
        name="teachers",
    )
    pupil = Pupil(teacher_weights(loss), dtype="float32", name="pupil")
    return keras.Model(network.input, pupil(network.output, asked(faces)))


def teacher_weights(loss: LossConfig) -> dict[str, float]:
    """Return the weight of each head's distance from the teachers."""
    share = loss.teacher_weight
    return {"age": share, "gender": share * loss.gender_weight}


def _seen(faces: Any, network: keras.Model) -> Any:
    """Return faces as a network takes them, uint8."""
    if network.input_shape[1] < faces.shape[1]:
        faces = moving.shrunk(faces, network.input_shape[1])
    return ops.cast(ops.clip(ops.round(faces), 0.0, _WHITE), _UINT8)
