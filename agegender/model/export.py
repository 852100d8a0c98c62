"""The network as an ONNX file, for every place that has no Keras.

The graph is written by walking the Keras model layer by layer, so it needs
neither TensorFlow nor tracing, and keeps only what prediction needs: random
changes and dropout vanish, weights trained in bfloat16 are float32 already. It
takes the same raw uint8 faces. What was written is run and compared with the
Keras model before it gets its name.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnx

from agegender.config import MAX_AGE, CropRule, Point, Runtime
from agegender.errors import ModelError
from agegender.model.ages import expected_age
from agegender.model.files import load_model
from agegender.model.lone_file import read_lone
from agegender.model.network import GENDERS, PREFIX, Network
from agegender.model.onnx_graph import GraphWriter
from agegender.model.onnx_layers import ABSENT, WRITERS
from agegender.whole import part_of

PARITY_FACES = 8
PARITY_YEARS = 0.05
PARITY_SHARE = 1e-3
# Old enough for runtimes of several years ago, new enough for all we use.
OPSET = 17
OUTPUTS, FACES_RANK = {"age", "gender"}, 4
IR_VERSION = 8


def export_onnx(
    model: keras.Model,
    path: str | Path,
    crop_rule: CropRule,
    extra: dict[str, str] | None = None,
    point: Point = "expectation",
) -> Path:
    """Write a network as ONNX, check it, and only then give it its name.

    Args:
        model: As `wide_resnet.build` makes it.
        path: Where to; replaced if present.
        crop_rule: How the faces it was trained on were cut.
        extra: Further metadata, each name put under `agegender.`.
        point: Which age of a distribution is told as the age.

    Returns:
        The path.

    Raises:
        ModelError: If the rule's size is not the network's, a layer has no ONNX
            counterpart, or the file's answers differ from the model's.
    """
    path, size = Path(path), model.inputs[0].shape[1]
    if crop_rule.size != size:
        raise ModelError(
            f"the network takes faces of {size} px, the crop rule makes "
            f"{crop_rule.size} px. Export with the rule it was trained on."
        )
    exported = _to_onnx(model, _metadata(crop_rule, point, extra or {}))
    with part_of(path) as part:
        onnx.save_model(exported, part)
        _check_parity(model, Network.load(part), size)
    return path


def network_of_keras(
    path: str | Path, crop_rule: CropRule, runtime: Runtime = "onnxruntime"
) -> Network:
    """Return the network that a Keras file would be exported as, not calibrated.

    Args:
        path: A `.keras` file of a network of ours; no code of the file is run.
        crop_rule: How the faces it was trained on were cut: the file does not say.
        runtime: What runs it, once it is exported.

    Raises:
        ModelError: If it cannot be read, is not ours or does not fit the rule.
    """
    model = load_model(path)
    # Layers may be called otherwise, as where both ways round are answered.
    told = model.output
    answers = list(told) if isinstance(told, dict) else model.output_names
    if set(answers) != OUTPUTS or len(model.inputs[0].shape) != FACES_RANK:
        raise ModelError(
            f"{path} is a Keras network, but not one of ours: it answers "
            f"{', '.join(answers)} instead of age and gender."
        )
    with TemporaryDirectory() as folder:
        file = export_onnx(model, Path(folder) / "keras.onnx", crop_rule)
        return Network.load(file, runtime=runtime)


def note_in_file(path: Path, notes: Mapping[str, str]) -> None:
    """Write further metadata into an exported network, in place of any of that name.

    Args:
        path: As `export_onnx` wrote it; replaced once written.
        notes: By name, each put under `agegender.`.
    """
    exported = read_lone(path)
    kept = {entry.key: entry.value for entry in exported.metadata_props}
    del exported.metadata_props[:]
    kept |= {f"{PREFIX}{name}": text for name, text in notes.items()}
    onnx.helper.set_model_props(exported, kept)
    with part_of(path) as part:
        onnx.save_model(exported, part)


def _metadata(
    crop_rule: CropRule, point: Point, extra: dict[str, str]
) -> dict[str, str]:
    own = {
        "crop_rule": json.dumps(asdict(crop_rule)),
        "genders": json.dumps(GENDERS),
        "ages": json.dumps([0, MAX_AGE]),
        "point": point,
    }
    return {f"{PREFIX}{name}": text for name, text in (extra | own).items()}


def _to_onnx(model: keras.Model, metadata: dict[str, str]) -> onnx.ModelProto:
    graph = GraphWriter(model, WRITERS, ABSENT).graph()
    exported = onnx.helper.make_model(
        graph,
        producer_name="agegender",
        ir_version=IR_VERSION,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
    )
    onnx.helper.set_model_props(exported, metadata)
    onnx.checker.check_model(exported, full_check=True)
    return exported


def _check_parity(model: keras.Model, network: Network, size: int) -> None:
    """Compare answers on random faces; raise ModelError where they differ."""
    shape = (PARITY_FACES, size, size, 3)
    faces = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    # Called as it is: `predict` would trace a function of its own for this one batch.
    answers = in_float32(model)(faces, training=False)
    wanted = {head: keras.ops.convert_to_numpy(told) for head, told in answers.items()}
    got = network.predict(faces)
    years = np.abs(
        expected_age(wanted["age"]) - expected_age(got.age_probabilities)
    ).max()
    male = np.abs(wanted["gender"].reshape(-1) - got.male_probability).max()
    # Asked this way round, NaN fails too.
    if not (years <= PARITY_YEARS and male <= PARITY_SHARE):
        raise ModelError(
            f"the exported network differs from its source by {years:.3f} years and "
            f"{male:.4f} in gender. Nothing was written; please report this."
        )


def in_float32(model: keras.Model) -> keras.Model:
    """Copy a network so that only its export, not its rounding, is compared.

    Args:
        model: Trained in whatever precision; its weights are kept in float32.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config(layer.get_config() | {"dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy
