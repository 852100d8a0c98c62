"""The lines of docs/export.md, run where agegender is not installed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from agegender.data.sample.crops import drawn_faces
from agegender.model.ages import point_age
from agegender.model.network import Network
from agegender.model.onnx_precision import widen_file
from agegender.model.starter import starter_file

GUIDE = Path(__file__).parents[2] / "docs" / "export.md"
ABSENT = """
import sys

class NotInstalled:
    names = {"agegender", "keras", "tensorflow", "jax", "onnx", "mlflow", "pandas"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


def test_ten_lines_of_the_guide_answer_as_the_package_does(tmp_path: Path) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len([line for line in lines.splitlines() if line]) == 10
    network = Network.load(widen_file(starter_file(), tmp_path / "starter.onnx"))
    assert network.calibration.age_temperature != 1.0
    assert network.calibration.gender_temperature != 1.0
    faces = drawn_faces(network.crop_rule)
    np.save(tmp_path / "faces.npy", faces)
    # Python reads this file as it starts, before anything is imported.
    (tmp_path / "sitecustomize.py").write_text(ABSENT)
    proof = (
        "\ntry:\n    import agegender\nexcept ModuleNotFoundError:\n    print('alone')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", lines + proof],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "alone\n"
    wanted = network.predict(faces)
    with np.load(tmp_path / "answers.npz") as got:
        np.testing.assert_allclose(got["ages"], wanted.age_probabilities, atol=1e-5)
        male = got["odds"] / (1.0 + got["odds"])
        np.testing.assert_allclose(male, wanted.male_probability, atol=1e-4)
        years = point_age(wanted.age_probabilities, network.point)
        np.testing.assert_allclose(got["age"], years, atol=1e-2)
