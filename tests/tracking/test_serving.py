"""The registered model behind a real HTTP server, asked by a real client."""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from promoting import promote_alias

from agegender.data.sample.photos import example_photo
from agegender.tracking import registry
from agegender.tracking.version import Version


def ask(address: str, photos: list[str], **params: Any) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps({"inputs": photos, "params": params}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)["predictions"]
    return found


def test_champion_answers_photos_over_http(
    registered: Version,
    photo: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Any,
) -> None:
    promote_alias(registered)
    monkeypatch.setenv("AGEGENDER_LIMITS", json.dumps({"photos": 3}))
    face, nobody = (base64.b64encode(one).decode() for one in (example_photo(), photo))

    command = ["models", "serve", "-m", "models:/agegender@champion"]
    command += ["--env-manager", "local", "--workers", "1"]
    with serve(command, "/ping", tmp_path) as address:
        answers = ask(address, [face, "%%%", nobody], age_probabilities=True)
        refusals = [refusal(address, [face] * 4), refusal(address, [face], interval=9)]

    assert [answer["error"] is None for answer in answers] == [True, False, True]
    assert [len(answer["faces"]) for answer in answers] == [1, 0, 0]
    assert {answer["model"] for answer in answers} == {"models:/agegender/1"}
    assert len(answers[0]["faces"][0]["age_probabilities"]) == 101
    # A line, without the photos that were sent.
    assert refusals[0] == "at most 3 photos a request. Received: 4."
    assert refusals[1].startswith("interval must be above 0 and below 1")


def refusal(address: str, photos: list[str], **params: Any) -> str:
    """Return what the server says of a request that it answers with 400."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(address, photos, **params)
    assert caught.value.code == 400
    return str(json.load(caught.value)["message"])


PROJECT = Path(__file__).parents[2] / "pyproject.toml"

USED = """
import re, sys, tomllib
from importlib.metadata import packages_distributions
import agegender.tracking.served
import agegender.predict.predictor, agegender.predict.tables
with open(sys.argv[1], "rb") as file:
    lines = tomllib.load(file)["project"]["dependencies"]
declared = {re.match(r"[\\w-]+", line)[0] for line in lines}
tops = {name.partition(".")[0] for name in sys.modules}
mine = {"agegender", *declared}
known = packages_distributions()
found = {d for top in tops for d in known.get(top, [])}
print(*sorted(found & mine))
"""


def test_served_model_asks_for_every_package_that_answering_takes() -> None:
    # In a process of its own: this one has imported half the environment. MLflow's
    # own needs come with it.
    of_mlflow = {"fsspec", "matplotlib", "pyarrow", "psutil", "requests", "scipy"}
    of_mlflow |= {"sqlalchemy", "rich", "keras", "agegender", "urllib3"}
    done = subprocess.run(
        [sys.executable, "-c", USED, PROJECT],
        capture_output=True,
        text=True,
        check=True,
    )
    used = set(done.stdout.split()) - of_mlflow
    assert {"onnxruntime", "simplejpeg"} <= used <= set(registry.SERVING_NEEDS)
