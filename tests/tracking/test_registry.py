import base64
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from packaging.requirements import Requirement
from promoting import promote_alias

from agegender import steps
from agegender.errors import ModelError
from agegender.tracking import registry
from agegender.tracking.champion import previous_champion, promote_over
from agegender.tracking.params import PARAMS
from agegender.tracking.runs import reopened_run, tracked_run
from agegender.tracking.version import (
    CHAMPION,
    MODEL_NAME,
    PREVIOUS,
    Version,
    alias_version,
    resolve,
)

PROJECT = Path(__file__).parents[2]


def again(version: Version) -> int:
    """Register the same logged model once more; return the new version's number."""
    source = f"models:/{version.model_id}"
    made = MlflowClient().create_model_version(
        MODEL_NAME, source=source, model_id=version.model_id
    )
    return int(made.version)


def test_new_version_is_challenger_and_not_champion(registered: Version) -> None:
    assert resolve("models:/agegender@challenger").number == registered.number == 1
    assert alias_version(CHAMPION) is None


def test_version_is_found_by_number_run_and_alias(registered: Version) -> None:
    found = [
        resolve(uri).number
        for uri in (
            "models:/agegender/1",
            f"runs:/{registered.run_id}",
            f"runs:/{registered.run_id}/agegender",
            "models:/agegender@challenger",
        )
    ]

    assert found == [1, 1, 1, 1]


def test_figures_measured_on_a_version_are_linked_to_model_and_data(
    registered: Version,
) -> None:
    assert registered.run_id is not None
    assert registered.model_id is not None
    with reopened_run(registered.run_id) as run:
        data = run.log_dataset("wiki-test", "ab" * 32, Path(), "test", 10)
        run.log_metrics({"test_mae": 5.0}, model_id=registered.model_id, data=data)

    (metric,) = MlflowClient().get_logged_model(registered.model_id).metrics
    assert (metric.key, metric.value) == ("test_mae", 5.0)
    assert (metric.dataset_name, metric.dataset_digest) == ("wiki-test", "ab" * 6)


def test_lone_network_file_is_a_model_too(tiny_network: Path) -> None:
    version = resolve(str(tiny_network))

    assert version.number is None
    assert registry.download_network(version) == tiny_network


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("models:/agegender@champion", "no champion yet: promote a version first"),
        ("models:/agegender/7", "no version 7 of agegender"),
        ("models:/other/1", "no version 1 of other"),
        ("models:/agegender@hero", "no hero yet"),
        (f"runs:/{'0' * 32}", "that run registered no version"),
        ("models:/agegender", "a model is written models:/agegender@champion"),
        ("absent.onnx", "no such file"),
        (f"{'x' * 300}.onnx", "no such file"),  # longer than a name may be
        ("model.keras", "a model is written"),
    ],
)
def test_model_that_is_not_there_is_one_line_with_what_to_do(
    registered: Version, uri: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as no:
        resolve(uri)

    assert str(no.value).endswith(f"Received: {uri}.")
    assert "\n" not in str(no.value)


def test_empty_registry_says_that_there_is_no_champion(store: Path) -> None:
    with pytest.raises(ModelError, match="no champion yet"):
        resolve("models:/agegender@champion")


def test_promotion_remembers_the_champion_that_it_replaced(registered: Version) -> None:
    rival = resolve(f"models:/agegender/{again(registered)}")

    promote_alias(registered)
    promote_alias(rival)
    promote_alias(rival)

    assert resolve("models:/agegender@champion").number == 2
    assert resolve("models:/agegender@previous").number == 1


def test_one_version_under_both_names_is_not_rolled_back_to(
    registered: Version,
) -> None:
    assert registered.number is not None
    promote_alias(registered)
    registry.set_alias(PREVIOUS, registered.number)
    with pytest.raises(ModelError, match="no previous champion to go back to"):
        steps.rollback()


class Killed(BaseException):
    """Nobody expects it, as nobody expects to be killed."""


@contextmanager
def killed_after(moves: int) -> Iterator[None]:
    """Stop what moves aliases once the registry has made so many moves."""
    made = 0

    def then_killed(move: Callable[..., None]) -> Callable[..., None]:
        def moved(*given: object) -> None:
            nonlocal made
            move(*given)
            made += 1
            if made == moves:
                raise Killed

        return moved

    with pytest.MonkeyPatch.context() as patch:
        for name in ("set_registered_model_alias", "delete_registered_model_alias"):
            patch.setattr(MlflowClient, name, then_killed(getattr(MlflowClient, name)))
        with pytest.raises(Killed):
            yield


def champions() -> tuple[int | None, int | None]:
    """Return the numbers of the champion and of what a rollback would go back to."""
    now = alias_version(CHAMPION)
    before = previous_champion(now)
    return now and now.number, before and before.number


def aliases() -> dict[str, int]:
    found = MlflowClient().get_registered_model(MODEL_NAME).aliases
    return {alias: int(number) for alias, number in found.items()}


@pytest.fixture
def third(registered: Version) -> Version:
    """Return a version that is to be promoted over 2, which was promoted over 1."""
    promote_alias(registered)
    promote_alias(resolve(f"models:/agegender/{again(registered)}"))
    return resolve(f"models:/agegender/{again(registered)}")


@pytest.mark.parametrize(
    ("moves", "left"), [(1, (2, 1)), (2, (3, 2)), (3, (3, 2)), (4, (3, 2))]
)
def test_promotion_that_was_killed_is_completed_when_it_is_given_again(
    third: Version, moves: int, left: tuple[int, int]
) -> None:
    with killed_after(moves):
        promote_alias(third)
    assert champions() == left

    promote_alias(third)

    assert champions() == (3, 2)
    assert aliases() == {"challenger": 1, "champion": 3, "previous": 2}


@pytest.mark.parametrize(
    ("moves", "back"), [(1, (1, 2)), (2, (2, 3)), (3, (2, 3)), (4, (2, 3))]
)
def test_promotion_that_was_killed_is_rolled_back_to_the_champion_before(
    third: Version, moves: int, back: tuple[int, int]
) -> None:
    with killed_after(moves):
        promote_alias(third)

    undone = steps.rollback()

    assert (undone.data["version"], undone.data["was"]) == back
    assert champions() == back
    champion, previous = back
    assert aliases() == {"challenger": 1, "champion": champion, "previous": previous}


@pytest.mark.parametrize(("moves", "left"), [(1, (2, 1)), (2, (1, 2)), (3, (1, 2))])
def test_rollback_that_was_killed_is_completed_when_it_is_given_again(
    third: Version, moves: int, left: tuple[int, int]
) -> None:
    with killed_after(moves):
        steps.rollback()
    assert champions() == left
    told = steps.rollback(dry_run=True).data
    assert champions() == left

    assert steps.rollback().data == told == {"version": 1, "was": 2}
    assert aliases() == {"challenger": 1, "champion": 1, "previous": 2}


def test_rollback_that_was_killed_and_completed_is_undone_by_another(
    third: Version,
) -> None:
    with killed_after(3):
        steps.rollback()

    told = [steps.rollback().data for _ in range(3)]

    assert [(one["version"], one["was"]) for one in told] == [(1, 2), (2, 1), (1, 2)]
    assert aliases() == {"challenger": 1, "champion": 1, "previous": 2}


@pytest.mark.parametrize("moves", [2, 3, 4])
def test_killed_promotion_of_the_previous_champion_is_rolled_back(
    third: Version, moves: int
) -> None:
    """It leaves the aliases of a rollback, but was none."""
    with killed_after(moves):
        promote_alias(resolve("models:/agegender/1"))

    assert steps.rollback().data == {"version": 2, "was": 1}
    assert aliases() == {"challenger": 1, "champion": 2, "previous": 1}


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_next_promotion_completes_a_rollback_that_was_killed(
    third: Version, moves: int
) -> None:
    with killed_after(moves):
        steps.rollback()
    left, _ = champions()

    promote_alias(third)

    assert aliases() == {"challenger": 1, "champion": 3, "previous": left}


def test_next_promotion_completes_one_that_was_killed(third: Version) -> None:
    first = resolve("models:/agegender/1")
    with killed_after(2):
        promote_alias(third)

    promote_over(first, resolve("models:/agegender/3"))

    assert aliases() == {"challenger": 1, "champion": 1, "previous": 3}


def test_outgoing_champion_that_was_deleted_meanwhile_holds_nobody_up(
    third: Version,
) -> None:
    with killed_after(2):
        promote_alias(third)
    MlflowClient().delete_model_version(MODEL_NAME, "2")

    promote_alias(third)

    assert champions() == (3, 1)


def test_process_killed_between_the_moves_leaves_a_champion_and_the_one_before(
    third: Version,
) -> None:
    code = (
        "import os, signal\n"
        "from agegender.tracking import champion, registry, version\n"
        "from agegender.tracking.store import use_tracking_store\n"
        "use_tracking_store()\n"
        "def killed(alias, number):\n"
        "    registry.set_alias(alias, number)\n"
        "    if alias == version.CHAMPION:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "champion.set_alias = killed\n"
        f"third = version.resolve({third.uri!r})\n"
        "champion.promote_over(third, version.alias_version(version.CHAMPION))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == -signal.SIGKILL
    assert champions() == (3, 2)
    promote_alias(third)
    assert aliases() == {"challenger": 1, "champion": 3, "previous": 2}


@pytest.mark.parametrize("last", ["champion", "previous"])
def test_process_killed_in_a_rollback_is_completed_by_the_same_command(
    third: Version, last: str
) -> None:
    code = (
        "import os, signal\n"
        "from agegender import steps\n"
        "from agegender.tracking import champion, registry\n"
        "def killed(alias, number):\n"
        "    registry.set_alias(alias, number)\n"
        f"    if alias == {last!r}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "champion.set_alias = killed\n"
        "steps.rollback()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == -signal.SIGKILL
    assert steps.rollback().data == {"version": 1, "was": 2}
    assert aliases() == {"challenger": 1, "champion": 1, "previous": 2}


def test_lone_file_cannot_be_promoted(tiny_network: Path) -> None:
    with pytest.raises(ModelError, match="only a registered version"):
        promote_alias(resolve(str(tiny_network)))


def test_tags_and_description_are_kept_with_the_version(registered: Version) -> None:
    registry.tag_version(registered, {"test_mean_absolute_error": 5.25})
    registry.describe_version(registered, "Trained on drawn faces.")

    found = MlflowClient().get_model_version("agegender", "1")
    assert resolve("models:/agegender/1").tags == {"test_mean_absolute_error": "5.25"}
    assert found.description == "Trained on drawn faces."


def test_copy_under_another_name_gets_its_own_tags_and_description(
    registered: Version,
) -> None:
    again(registered)
    for _ in range(3):
        MlflowClient().copy_model_version(registered.uri, "production")
    copy = resolve("models:/production/2")

    registry.tag_version(copy, {"test_mae": "4.62"})
    registry.describe_version(copy, "A copy.")

    found = MlflowClient().get_model_version("production", "2")
    assert (found.tags["test_mae"], found.description) == ("4.62", "A copy.")
    ours = MlflowClient().get_model_version("agegender", "2")
    assert "test_mae" not in ours.tags
    assert ours.description != "A copy."
    assert resolve(f"runs:/{registered.run_id}").uri == "models:/agegender/2"


def test_network_is_fetched_as_it_was_registered(
    registered: Version, tiny_network: Path
) -> None:
    fetched = registry.download_network(registered)

    assert fetched.read_bytes() == tiny_network.read_bytes()


def test_model_is_registered_from_an_open_run_only(
    store: Path, tiny_network: Path, photo: bytes
) -> None:
    with tracked_run("ended") as run:
        pass

    with pytest.raises(ModelError, match="from an open run"):
        registry.register(run, tiny_network, None, photo, {})


def test_version_wants_on_each_machine_what_the_package_wants_there(
    registered: Version,
) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    wanted = map(Requirement, project["project"]["dependencies"])
    ours = {one.name: str(one.marker) for one in wanted}

    path = mlflow.pyfunc.get_model_dependencies(registered.uri)
    pins = map(Requirement, Path(path).read_text().splitlines())

    assert all(str(pin.marker) == ours[pin.name] for pin in pins)


def test_version_states_signature_example_and_pinned_requirements(
    registered: Version, photo: bytes
) -> None:
    model = mlflow.pyfunc.load_model(registered.uri)

    requirements = mlflow.pyfunc.get_model_dependencies(registered.uri)
    lines = Path(requirements).read_text().splitlines()
    assert all("==" in line for line in lines)
    assert {line.split("==")[0] for line in lines} == set(registry.SERVING_NEEDS)
    assert model.metadata.signature.inputs.to_dict() == [
        {"type": "string", "required": True}
    ]
    assert "male_probability" in str(model.metadata.signature.outputs)
    assert {param.name for param in model.metadata.signature.params} == set(PARAMS)
    assert model.input_example == [base64.b64encode(photo).decode()]
    assert model.metadata.metadata["crop_rule"]["size"] == 16


def test_served_model_needs_no_training_packages(registered: Version) -> None:
    code = (
        "import sys, mlflow\n"
        f"mlflow.pyfunc.load_model({registered.uri!r})\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'optuna'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    # In an empty folder and without our path: the version must bring its own code.
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path.cwd(),
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
