"""The whole road, walked for real: drawn archive, SQLite, registry, prediction.

One road is walked once for all tests; each test looks at what it left.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy as np
import pytest
from promoting import promote_alias
from scipy.stats import betabinom

import agegender
from agegender import cli, steps
from agegender.config import (
    Experiment,
    GateConfig,
    ModelConfig,
    ParameterSpace,
    SearchConfig,
    SplitRules,
    TrainingConfig,
)
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, DataError, GateRefusedError, ModelError
from agegender.evaluate.answers import pair
from agegender.evaluate.asking import ask
from agegender.evaluate.calibrate import fit_calibration
from agegender.model.network import Network
from agegender.steps.gate import TEST_SPLIT_TAG
from agegender.tracking import registry
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import (
    CHAMPION,
    OUTGOING,
    PREVIOUS,
    Version,
    alias_version,
    resolve,
)

TINY = Experiment(
    name="tiny",
    model=ModelConfig(depth=10, widen_factor=1, point="median"),
    training=TrainingConfig(epochs=1, batch_size=32, precision="float32"),
)
PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Walk the road as far as a registered challenger; nothing is promoted."""
    folder = tmp_path_factory.mktemp("road")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.chdir(folder)
        # A road this short has too few validation faces to calibrate well.
        patch.setattr("agegender.evaluate.calibrate.FEWEST_FACES", 5)
        drawn = steps.sample(str(folder), faces=240, seed=3).data
        steps.prep("wiki", out="store", archive=drawn["archive"], size=32)
        steps.train("store", experiment=TINY, system_metrics=0.2)
    return folder


@pytest.fixture
def walked(road: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the road's tracking store that a test may change."""
    shutil.copy(road / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return road


def test_training_leaves_what_a_person_wants_to_see(walked: Path) -> None:
    version = _challenger()
    run = mlflow.get_run(version.run_id)
    client = mlflow.MlflowClient()
    kept = {file.path for file in client.list_artifacts(run.info.run_id, "figures")}
    assert {
        "figures/curves.png",
        "figures/network.png",
        "figures/test_faces.png",
    } <= kept
    assert run.data.params["model.depth"] == "10"
    assert run.info.status == "FINISHED"
    described = client.get_model_version("agegender", str(version.number)).description
    assert "WRN-10-1 at 32 px" in described
    assert "no proof of age" in described
    assert {"val_age_mae", "val_gender_accuracy", "learning_rate"} <= set(
        run.data.metrics
    )
    assert 0 < run.data.metrics["system/system_memory_usage_percentage"] < 100
    assert run.data.metrics["system/cpu_utilization_percentage"] >= 0
    names = {given.dataset.name for given in run.inputs.dataset_inputs}
    assert names == {"store-train", "store-validation"}


def test_evaluation_is_linked_to_run_and_version(walked: Path) -> None:
    outcome = steps.evaluate("models:/agegender@challenger", str(walked / "store"))
    assert outcome.data["point"] == "median"  # as the experiment wanted
    mae = outcome.data["metrics"]["mean_absolute_error"]
    assert mae["low"] <= mae["value"] <= mae["high"]
    version = _challenger()
    metrics = mlflow.get_run(version.run_id).data.metrics
    assert metrics["test_mean_absolute_error"] == pytest.approx(mae["value"])
    error = outcome.data["gender_calibration_error"]
    assert metrics["test_gender_calibration_error"] == pytest.approx(error)
    assert version.tags["test_mae"].startswith(f"{mae['value']:.3f}")
    digest = FaceStore.open(walked / "store").split_hash("test")[7:19]
    named = f"store ({digest})"
    assert version.tags["test_data"] == outcome.data["data"] == named


def test_report_is_written_though_the_run_is_gone(walked: Path, tmp_path: Path) -> None:
    version = _challenger()
    mlflow.delete_run(version.run_id)
    out = tmp_path / "report"
    with pytest.raises(ModelError, match="record the data set"):
        steps.evaluate(version.uri, str(walked / "store"), out=str(out))
    assert json.loads((out / "report.json").read_text())["model"] == version.uri


def test_folder_that_holds_a_network_is_measured(walked: Path, tmp_path: Path) -> None:
    network = registry.download_network(_challenger())
    shutil.copy(network, tmp_path / "model.onnx")
    outcome = steps.evaluate(str(tmp_path), str(walked / "store"))
    assert outcome.data["model"] == str(tmp_path / "model.onnx")


def test_report_tells_more_than_its_measures_and_is_kept(walked: Path) -> None:
    outcome = steps.evaluate("models:/agegender@challenger", str(walked / "store"))
    scores = outcome.data["cumulative_scores"]
    cs5 = outcome.data["metrics"]["cs_at_5"]["value"]
    assert scores[5]["share"] == pytest.approx(cs5)
    assert {row["challenge"] for row in outcome.data["age_assurance"]} >= {25, 28}
    assert "Age assurance: who passes unasked" in outcome.text
    run_id = _challenger().run_id
    client = mlflow.MlflowClient()
    kept = {file.path for file in client.list_artifacts(run_id, "evaluation")}
    assert {
        "evaluation/test_calibration.png",
        "evaluation/test_abstention.png",
        "evaluation/test.html",
        "evaluation/test.json",
    } <= kept


@pytest.fixture
def theirs(tmp_path: Path) -> str:
    """Return a store of faces that the road's version knows nothing of."""
    drawn = steps.sample(str(tmp_path / "drawn"), faces=200, seed=8).data
    store = str(tmp_path / "theirs (2)")
    steps.prep("sample", out=store, archive=drawn["archive"], size=32)
    return store


def _require_told(version: Version, told: dict[str, dict[str, Any]]) -> None:
    """Require of a version and its run what was measured, by the names' prefixes."""
    metrics = mlflow.get_run(version.run_id).data.metrics
    for prefix, data in told.items():
        mae = data["metrics"]["mean_absolute_error"]["value"]
        assert metrics[f"{prefix}test_mean_absolute_error"] == pytest.approx(mae)
        assert version.tags[f"{prefix}test_data"] == data["data"]
        kept = f"runs:/{version.run_id}/evaluation/{prefix}test.json"
        assert mlflow.artifacts.load_dict(kept)["data"] == data["data"]


@pytest.mark.parametrize("own_first", [True, False])
def test_plain_names_are_those_of_the_store_that_was_learnt_from(
    walked: Path, theirs: str, *, own_first: bool
) -> None:
    uri = "models:/agegender@challenger"
    stores = {"": str(walked / "store"), "theirs _2_/": theirs}
    turns = list(stores) if own_first else list(stores)[::-1]

    told = {prefix: steps.evaluate(uri, stores[prefix]).data for prefix in turns}

    _require_told(_challenger(), told)


def test_store_of_the_same_name_but_other_faces_is_another(
    walked: Path, theirs: str, tmp_path: Path
) -> None:
    namesake, copy = tmp_path / "elsewhere" / "store", tmp_path / "moved"
    shutil.copytree(theirs, namesake)
    shutil.copytree(walked / "store", copy)
    uri = "models:/agegender@challenger"

    told = {"store/": steps.evaluate(uri, str(namesake)).data}
    told[""] = steps.evaluate(uri, str(copy)).data

    _require_told(_challenger(), told)


def test_store_is_called_by_its_name_from_within_it(
    walked: Path, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(theirs)

    told = steps.evaluate("models:/agegender@challenger", ".").data

    assert told["data"].startswith("theirs (2) (")
    _require_told(_challenger(), {"theirs _2_/": told})


def test_of_a_version_that_names_no_store_the_first_measured_has_the_plain_names(
    walked: Path, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Network.load.__func__  # type: ignore[attr-defined]

    def imported(kind: type[Network], *given: Any, **named: Any) -> Network:
        network: Network = load(kind, *given, **named)
        del network.metadata["store"]  # as in a network of imported weights
        return network

    monkeypatch.setattr(Network, "load", classmethod(imported))
    uri, own = "models:/agegender@challenger", str(walked / "store")

    told = {"": steps.evaluate(uri, theirs).data}
    told["store/"] = steps.evaluate(uri, own).data
    _require_told(_challenger(), told)
    told[""] = steps.evaluate(uri, theirs).data  # again: in the place of the first

    _require_told(_challenger(), told)


def test_store_that_was_learnt_from_is_no_other_data_even_beside_another(
    walked: Path, theirs: str
) -> None:
    mine = FaceStore.open(walked / "store")
    told = steps.evaluate(
        "models:/agegender@challenger",
        theirs,
        others=[str(mine.path)],
        others_split="all",
    ).data

    _, own = told["other_data"]
    assert own["left_out"] >= len(mine.rows("train"))
    assert own["faces"] + own["left_out"] == len(mine)


def test_stores_that_would_be_one_in_the_run_need_other_names(
    walked: Path, theirs: str, tmp_path: Path
) -> None:
    shutil.copytree(theirs, tmp_path / "theirs _2_")
    with pytest.raises(ConfigError, match="different names"):
        steps.evaluate(
            "models:/agegender@challenger",
            str(walked / "store"),
            others=[theirs, str(tmp_path / "theirs _2_")],
        )


def test_what_cannot_be_compared_is_said_before_anything_is_measured(
    walked: Path, theirs: str, tmp_path: Path
) -> None:
    smaller = str(tmp_path / "smaller")
    steps.prep("wiki", out=smaller, archive=str(walked / "wiki_crop.tar"), size=16)
    told: list[tuple[int, int, str]] = []
    asked: dict[str, Any] = {
        "model": "models:/agegender@challenger",
        "store": str(walked / "store"),
        "progress": lambda *step: told.append(step),
    }
    with pytest.raises(ModelError, match="no hero yet"):
        steps.evaluate(**asked, against="models:/agegender@hero")
    with pytest.raises(ConfigError, match="different names"):
        steps.evaluate(**asked, others=[asked["store"]])
    with pytest.raises(ModelError, match="cut with"):
        steps.evaluate(**asked, others=[theirs, smaller])
    assert told == []


def test_model_is_measured_on_other_data_beside_its_own(
    walked: Path, theirs: str, tmp_path: Path
) -> None:
    others = [theirs, str(tmp_path / "ours_again")]
    shutil.copytree(walked / "store", others[1])
    mine = FaceStore.open(walked / "store")

    command = ["evaluate", "--model", "models:/agegender@challenger"]
    command += ["--store", str(mine.path)]
    command += ["--others", *others, "--others-split", "all"]
    assert cli.main([*command, "--out", str(tmp_path / "report")]) == 0

    told = json.loads((tmp_path / "report" / "report.json").read_text())
    own, theirs, again = told["other_data"]
    assert own["data"] == "store"
    mae = told["metrics"]["mean_absolute_error"]["value"]
    assert own["mean_absolute_error"] == pytest.approx(mae)
    assert theirs["faces"] == len(FaceStore.open(others[0]))
    # Whoever the model learnt from is no other data, whatever the store is called.
    assert again["left_out"] == len(mine.rows("train"))
    assert again["faces"] == len(mine) - len(mine.rows("train"))
    assert "On other data" in (tmp_path / "report" / "report.html").read_text()
    run = mlflow.get_run(_challenger().run_id)
    logged = run.data.metrics["theirs _2_/mean_absolute_error"]
    assert logged == pytest.approx(theirs["mean_absolute_error"])
    assert "theirs (2)-all" in {
        given.dataset.name for given in run.inputs.dataset_inputs
    }
    with pytest.raises(ConfigError, match="different names"):
        steps.evaluate("models:/agegender@challenger", others[0], others=[others[0]])


def test_store_split_by_photo_is_measured_with_a_warning_and_promotes_nobody(
    walked: Path, tmp_path: Path
) -> None:
    drawn = {"archive": str(walked / "wiki_crop.tar"), "size": 32}
    rules = SplitRules(by="photo")
    said = steps.prep("wiki", out=str(tmp_path / "leaking"), splits=rules, **drawn)
    assert "split by photo: people are on both sides" in said.text

    leaking = FaceStore.open(tmp_path / "leaking")
    assert leaking.manifest.split_rules.leak
    splits = leaking.labels.groupby("identity")["split"].nunique()
    assert (splits > 1).any()
    files = leaking.labels.groupby("digest")["split"].nunique()
    assert (files == 1).all()
    # Who is on a photo is as before; only the splits moved.
    before = FaceStore.open(walked / "store").labels.set_index("id")["identity"]
    assert leaking.labels.set_index("id")["identity"].equals(before)

    name = "models:/agegender@challenger"
    told = steps.evaluate(name, str(leaking.path), out=str(tmp_path / "report"))
    assert told.data["split_by"] == "photo"
    assert "too good" in told.text
    assert "too good" in (tmp_path / "report" / "report.html").read_text()
    with pytest.raises(GateRefusedError, match="people: split by photo"):
        steps.promote(str(leaking.path))


def test_two_models_are_compared_on_the_same_faces(walked: Path) -> None:
    store = str(walked / "store")
    file = str(registry.download_network(_challenger()))
    told = steps.evaluate("models:/agegender@challenger", store, against=file)
    (row,) = told.data["against"]
    assert row["against"] == file
    assert row["mean_absolute_error"] == row["gender_accuracy"] == 0.0
    assert "both make the same errors on these faces" in told.text


def test_keras_file_is_measured_by_what_it_would_be_exported_as(
    walked: Path, tmp_path: Path
) -> None:
    info = mlflow.models.get_model_info(_challenger().uri)
    kept = info.flavors["python_function"]["artifacts"]["keras"]["path"]
    file = mlflow.artifacts.download_artifacts(f"{_challenger().uri}/{kept}")
    store = FaceStore.open(walked / "store")

    measured = steps.evaluate(file, str(store.path)).data

    rows = store.rows("test")
    model = keras.models.load_model(file)
    answered = model.predict(np.asarray(store.faces[rows]), verbose=0)
    ages = answered["age"] @ np.arange(101)
    error = np.abs(ages - store.labels["age"].to_numpy()[rows]).mean()
    value = measured["metrics"]["mean_absolute_error"]["value"]
    assert value == pytest.approx(error, abs=0.01)
    (tmp_path / "no.keras").write_bytes(b"no network")
    with pytest.raises(ModelError, match="is not a Keras network"):
        steps.evaluate(str(tmp_path / "no.keras"), str(store.path))


def test_report_is_written_where_it_is_asked_for(walked: Path, tmp_path: Path) -> None:
    file = registry.download_network(_challenger())
    place = tmp_path / "reports" / "first"
    outcome = steps.evaluate(str(file), str(walked / "store"), out=str(place))
    assert f"look at {place / 'report.html'}" in outcome.text
    assert json.loads((place / "report.json").read_text()) == outcome.data
    page = (place / "report.html").read_text()
    assert f"{outcome.data['metrics']['mean_absolute_error']['value']:.2f}" in page
    steps.evaluate(str(file), str(walked / "store"), out=str(place))  # once more


@pytest.mark.parametrize("name", ["report.html", "report.json"])
def test_foreign_file_in_the_place_of_a_report_stays_and_nothing_is_logged(
    walked: Path, tmp_path: Path, name: str
) -> None:
    place = tmp_path / "reports"
    place.mkdir()
    (place / name).write_text("mine")
    logged = mlflow.get_run(_challenger().run_id).data.metrics
    with pytest.raises(DataError, match=rf"{name} is no .*of ours; it stays"):
        steps.evaluate(_challenger().uri, str(walked / "store"), out=str(place))
    assert [file.name for file in place.iterdir()] == [name]
    assert (place / name).read_text() == "mine"
    assert mlflow.get_run(_challenger().run_id).data.metrics == logged


def test_conformal_intervals_hold_on_20_splits_of_drawn_faces(walked: Path) -> None:
    store = FaceStore.open(walked / "store")
    network = Network.load(registry.download_network(_challenger()))
    answers = pair(*ask(network, store, np.arange(len(store))), store.labels)
    # Photos of one person are inside or outside together, so one of each.
    _, one_each = np.unique(answers.identity, return_index=True)
    answers = answers.take(np.isin(np.arange(len(answers)), one_each))
    held, unlikely = [], 0.001 / 20
    for seed in range(20):
        drawn = np.random.default_rng(seed).permutation(answers.identities)
        ours = drawn[answers.identity] < answers.identities // 2
        fitted = fit_calibration(answers.take(ours))
        assert fitted.has_intervals
        others = answers.take(~ours)
        ages = fitted.of_ages(others.age_probabilities)
        low, high = fitted.age_interval(ages, 0.8)
        inside = (low <= others.age) & (others.age <= high)
        held.append(inside.mean())
        # Of n, the k-th span serves: how many others it holds is beta-binomial.
        n = int(ours.sum())
        k = np.ceil(0.8 * (n + 1))
        assert inside.sum() >= betabinom.ppf(unlikely, len(others), k, n + 1 - k), seed
    assert 0.77 <= np.mean(held) <= 0.9


def test_version_carries_a_calibration_fitted_on_validation_faces(
    walked: Path,
) -> None:
    version = _challenger()
    calibration = Network.load(registry.download_network(version)).calibration
    store = FaceStore.open(walked / "store")
    assert calibration.faces == len(store.rows("validation")) > 0
    text = mlflow.artifacts.load_text(f"runs:/{version.run_id}/calibration.json")
    assert json.loads(text)["age_temperature"] == calibration.age_temperature
    report = steps.evaluate(version.uri, str(walked / "store"))
    assert "split-conformal" in report.text


def test_gate_refuses_what_does_not_beat_the_trivial_guess(walked: Path) -> None:
    # One epoch on 100 faces teaches nothing: the gate has to say so.
    with pytest.raises(GateRefusedError, match="trivial guess"):
        steps.promote(str(walked / "store"))
    with pytest.raises(ModelError, match="no champion yet"):
        steps.predict([str(walked / "photos")], model="models:/agegender@champion")


def test_champion_keeps_its_place_against_its_twin(walked: Path) -> None:
    champion = _challenger()
    promote_alias(champion)
    answered = steps.predict([str(walked / "photos" / "portrait.jpg")])
    assert answered.data["model"] == champion.uri
    same = steps.promote(str(walked / "store"))
    assert same.data["promoted"] is False
    twin = mlflow.MlflowClient().copy_model_version(champion.uri, "agegender")
    with pytest.raises(GateRefusedError, match="same errors"):
        steps.promote(str(walked / "store"), version=int(twin.version))
    assert alias_version("champion").number == champion.number  # type: ignore[union-attr]


def test_promotion_that_was_killed_is_completed_by_the_same_command(
    walked: Path,
) -> None:
    champion = _challenger()
    twin = mlflow.MlflowClient().copy_model_version(champion.uri, "agegender")
    promote_alias(champion)
    # As it stands where a promotion of the twin was killed before its last move.
    registry.set_alias(OUTGOING, int(champion.number or 0))
    registry.set_alias(CHAMPION, int(twin.version))
    asked = {"store": str(walked / "store"), "version": int(twin.version)}

    assert steps.promote(**asked, dry_run=True).data["promoted"] is False
    assert alias_version(PREVIOUS) is None
    assert steps.promote(**asked).data["promoted"] is False

    previous = alias_version(PREVIOUS)
    assert previous is not None
    assert previous.number == champion.number
    assert alias_version(OUTGOING) is None


def test_no_champion_is_without_its_card(
    walked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("no room for the card.")

    champion = _challenger()
    promote_alias(champion)
    twin = mlflow.MlflowClient().copy_model_version(champion.uri, "agegender")
    monkeypatch.setattr("agegender.steps.promotion.keep_card", fail)
    lenient = GateConfig(age_margin=1.0, coverage_margin=1.0)
    with pytest.raises(ModelError, match="no room"):
        steps.promote(str(walked / "store"), version=int(twin.version), gate=lenient)
    assert alias_version("champion").number == champion.number  # type: ignore[union-attr]


def test_gate_in_yaml_decides_and_leaves_its_table_with_the_version(
    walked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = _challenger()
    promote_alias(champion)
    registry.tag_version(champion, {TEST_SPLIT_TAG: "of other faces"})
    twin = mlflow.MlflowClient().copy_model_version(champion.uri, "agegender")
    rules = tmp_path / "gate.yaml"
    rules.write_text("age_margin: 1.0\ncoverage_margin: 1.0\nsize_mb: 0.001\n")
    asked = [
        "promote",
        "--store",
        str(walked / "store"),
        "--version",
        str(twin.version),
    ]
    assert cli.main([*asked, "--gate", str(rules)]) == 5
    refused = capsys.readouterr()
    complaint = refused.err.strip().splitlines()[-1]
    assert "not passed: test split: other faces" in complaint
    assert "size: 0." in complaint
    assert [line.split()[-1] for line in refused.out.splitlines()].count("FAIL") == 2
    assert alias_version("champion").number == champion.number  # type: ignore[union-attr]
    lenient = ["--gate.same-test-split", "false", "--gate.size-mb", "50"]
    assert cli.main([*asked, "--gate", str(rules), *lenient]) == 0
    assert "signature" in capsys.readouterr().out
    promoted = alias_version("champion")
    assert promoted is not None
    assert promoted.number == int(twin.version)
    store = FaceStore.open(walked / "store")
    assert promoted.tags[TEST_SPLIT_TAG] == store.split_hash("test")
    described = mlflow.MlflowClient().get_model_version("agegender", twin.version)
    assert described.description.startswith(f"# agegender version {twin.version}\n")
    assert len(described.description) <= 5000
    card = mlflow.artifacts.load_text(f"runs:/{promoted.run_id}/model_card.md")
    sections = ("learnt from", "well it does", "it fails", "was trained", "The gate")
    assert all(f"{words}\n" in card for words in sections)
    assert "(wiki: " in card
    assert "depth: 10" in card
    checks = json.loads(promoted.tags["gate.checks"])
    assert all(check["passed"] for check in checks)
    assert {"mean absolute error", "worst group", "latency", "signature"} <= {
        check["name"] for check in checks
    }


def test_exported_file_answers_alike_and_its_card_tells_of_it(
    walked: Path, tmp_path: Path
) -> None:
    out, store = tmp_path / "files" / "tiny.onnx", str(walked / "store")
    challenger = "models:/agegender@challenger"
    plain = steps.export(challenger, str(out)).data["check"]
    assert [file.name for file in out.parent.iterdir()] == ["tiny.onnx"]
    # Held against the Keras network that was trained, not against its own source.
    assert plain["against"] == "Keras"
    assert plain["parity"]["largest_years"] < 0.05
    assert plain["parity"]["before"] is None
    whole = out.stat().st_size
    told = steps.export(challenger, str(out), precision="float16", store=store).data
    assert out.stat().st_size < 0.7 * whole
    card = Path(told["card"]).read_text("utf-8")
    assert hashlib.sha256(out.read_bytes()).hexdigest() in card
    assert "depth: 10" in card
    mae = {
        (model, split): steps.evaluate(model, store, split=split).data["metrics"][
            "mean_absolute_error"
        ]["value"]
        for model, split in [
            *((challenger, "test"), (str(out), "test"), (str(out), "validation"))
        ]
    }
    file = str(out)
    assert mae[challenger, "test"] == pytest.approx(mae[file, "test"], abs=0.05)
    assert f"{mae[file, 'test']:.2f}" in card
    error = told["check"]["parity"]["after"]["mean_absolute_error"]
    assert error == pytest.approx(mae[file, "validation"], abs=1e-4)
    assert f"Mean absolute error {error:.3f} years" in card
    noted = json.loads(Network.load(out).metadata["check"])
    assert noted == told["check"]


def test_champion_of_another_crop_rule_has_to_be_set_aside_by_word(
    walked: Path, tmp_path: Path
) -> None:
    promote_alias(_challenger())
    other = str(tmp_path / "other")
    steps.prep("wiki", out=other, archive=str(walked / "wiki_crop.tar"), size=16)
    steps.train(other, experiment=TINY)
    with pytest.raises(GateRefusedError, match="--ignore-champion"):
        steps.promote(other)
    with pytest.raises(GateRefusedError, match="trivial guess"):
        steps.promote(other, ignore_champion=True)
    _rolls_back_and_forth()


def _rolls_back_and_forth() -> None:
    first = alias_version(CHAMPION)
    with pytest.raises(ModelError, match="no previous champion"):
        steps.rollback()
    promote_alias(_challenger())
    second = alias_version(CHAMPION)
    assert first is not None
    assert second is not None
    assert first.number != second.number
    for dry_run, champion, previous in (
        (True, second, first),
        (False, first, second),
        (False, second, first),
    ):
        outcome = steps.rollback(dry_run=dry_run)
        now = alias_version(CHAMPION)
        before = alias_version(PREVIOUS)
        assert now is not None
        assert before is not None
        assert (now.number, before.number) == (champion.number, previous.number)
        assert f"version {outcome.data['version']}" in outcome.text


def test_dry_run_moves_no_alias(walked: Path) -> None:
    with pytest.raises(GateRefusedError):
        steps.promote(str(walked / "store"), dry_run=True)
    assert alias_version("champion") is None


def test_dry_run_of_a_version_that_passes_moves_nothing(
    walked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = _challenger()
    promote_alias(champion)
    twin = mlflow.MlflowClient().copy_model_version(champion.uri, "agegender")
    asked = {"store": str(walked / "store"), "version": int(twin.version)}
    # As if the twin were asked otherwise.
    monkeypatch.setattr(registry, "signature_of", lambda version: version.number)
    lenient = GateConfig(age_margin=1.0, coverage_margin=1.0, latency_ms=1e-6)
    with pytest.raises(GateRefusedError, match=r"passed: signature: another; latency"):
        steps.promote(**asked, gate=lenient, dry_run=True)
    lenient = replace(lenient, same_signature=False, latency_ms=0.0)

    outcome = steps.promote(**asked, gate=lenient, dry_run=True)

    assert outcome.text.startswith(f"version {twin.version} would become champion")
    assert outcome.data["promoted"] is False
    assert alias_version("champion").number == champion.number  # type: ignore[union-attr]
    assert "gate" not in resolve(f"models:/agegender/{twin.version}").tags


def test_prediction_finds_faces_and_draws_them(walked: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "annotated"
    outcome = steps.predict(
        [str(walked / "photos")],
        model="models:/agegender@challenger",
        format="json",
        annotated=str(pictures),
    )
    assert outcome.exit_code == 0
    photos = json.loads(outcome.text)["photos"]
    assert sum(len(photo["faces"]) for photo in photos) >= 6
    assert len(list(pictures.glob("*.jpg"))) == 6


def test_photo_that_is_none_is_told_and_exits_with_3(
    walked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("not a photo")
    arguments = ["predict", str(text), "--model", "models:/agegender@challenger"]
    assert cli.main(arguments) == 3
    assert "notes.jpg" in capsys.readouterr().err.splitlines()[-1]


def test_store_cut_by_another_rule_is_refused(walked: Path, tmp_path: Path) -> None:
    archive = walked / "wiki_crop.tar"
    other = tmp_path / "other"
    steps.prep("wiki", out=str(other), archive=str(archive), size=48)
    with pytest.raises(ModelError, match="cut with"):
        steps.evaluate("models:/agegender@challenger", str(other))


def test_predicting_loads_no_training_framework(walked: Path) -> None:
    """A fresh process, so that what other tests imported does not count."""
    code = (
        "import sys\n"
        "from agegender import steps\n"
        f"steps.predict([{str(walked / 'photos' / 'portrait.jpg')!r}],"
        " model='models:/agegender@challenger')\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'optuna'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == 0, done.stderr


def test_dry_run_of_training_tells_the_cost(walked: Path) -> None:
    plan = steps.train(str(walked / "store"), experiment=TINY, dry_run=True).data
    assert plan["experiment"]["model"]["depth"] == 10
    # WRN-10-1: 0.08 million parameters, as in the paper's counting.
    assert 70_000 < plan["parameters"] < 90_000
    assert plan["forward_flops"] > 10_000_000
    assert plan["steps_per_epoch"] >= 1


def test_dry_run_of_training_refuses_what_training_would(walked: Path) -> None:
    store = str(walked / "store")
    with pytest.raises(ConfigError, match=r"devices must be within .*Received: 9"):
        steps.train(store, experiment=TINY, devices=9, dry_run=True)
    with pytest.raises(ConfigError, match=r"system_metrics must be .*Received: -1"):
        steps.train(store, experiment=TINY, system_metrics=-1, dry_run=True)


def test_search_goes_on_where_it_stopped_and_tracks_each_trial(walked: Path) -> None:
    space = {
        "model.dropout": ParameterSpace(choices=[0.0, 0.2]),
        "optimizer.learning_rate": ParameterSpace(low=0.01, high=0.1, log=True),
    }
    experiment = replace(
        TINY, name="hunt", search=SearchConfig(space=space, pruner="none")
    )
    storage = f"sqlite:///{Path.cwd()}/optuna.db"
    store = str(walked / "store")
    steps.search(store, experiment, trials=1, storage=storage)
    found = steps.search(store, experiment, trials=2, storage=storage).data
    assert found["trials"] == {"complete": 2}
    assert not Path("mlruns/checkpoints").exists()
    assert set(found["best_values"]) == set(space)
    client = mlflow.MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(ids, "tags.study = 'hunt'")
    assert len(runs) == 1
    nested = client.search_runs(
        ids, f"tags.`mlflow.parentRunId` = '{runs[0].info.run_id}'"
    )
    names = {run.info.run_name.removesuffix(" (best)") for run in nested}
    assert names == {"trial 0", "trial 1"}
    assert all(run.info.status == "FINISHED" for run in nested)
    # Only what was searched: a comparison of the trials shows no noise.
    assert all(set(run.data.params) == {"dropout", "learning_rate"} for run in nested)
    best = min(nested, key=lambda run: run.data.metrics["best_val_age_mae"])
    assert runs[0].data.metrics["best_val_age_mae"] == pytest.approx(
        best.data.metrics["best_val_age_mae"]
    )
    assert [run.info.run_id for run in nested if run.data.tags.get("best")] == [
        best.info.run_id
    ]
    kept = {item.path for item in client.list_artifacts(runs[0].info.run_id)}
    assert kept == {"best.yaml", "figures", "study.html", "trials.csv"}
    assert "2 trials: 2 completed" in runs[0].data.tags["mlflow.note.content"]


def _challenger() -> Version:
    use_tracking_store()
    return resolve("models:/agegender@challenger")


def test_version_is_loaded_from_python_in_one_call(walked: Path) -> None:
    predictor = agegender.load("models:/agegender@challenger")
    (answer,) = predictor.predict([walked / "photos" / "portrait.jpg"])
    assert len(answer.faces) == 1
    assert 0 <= answer.faces[0].age_low <= answer.faces[0].age <= 100
