"""A service of ours beside the same network served the plain MLflow way.

Both are real `mlflow models serve` processes with one worker, idle while the other
is asked. Ours takes a photo as base64; the plain way takes pixels as nested lists
and answers bare probabilities.
"""

import base64
import contextlib
import http.client
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from agegender.config import CropRule, ModelConfig

SIZE = 64
CLIENTS = (1, 8, 32)
REQUESTS = 96
ROUNDS = 3
PATIENCE_SECONDS = 120
LOADING = (
    "import sys, time, mlflow.pyfunc\n"
    "folder = mlflow.artifacts.download_artifacts(sys.argv[1])\n"
    "start = time.perf_counter()\n"
    "mlflow.pyfunc.load_model(folder)\n"
    "print(time.perf_counter() - start)"
)


class Way(NamedTuple):
    """A way of being served: where, and what is sent."""

    address: str
    body: bytes


def run() -> str:
    """Measure an untrained WRN-16-2 at 64 px; weights do not change the time."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        ours, plain, photo, crop = _registered(Path(folder))
        loading = {name: _loading(uri) for name, uri in [("ours", ours), ("p", plain)]}
        with _serving(plain) as keras, _serving(ours) as agegender:
            ready = {"inputs": [_base64(crop)], "params": {"crops": True}}
            ways = {
                "Keras by mlflow.keras, ready crops": _way(keras, _pixels(crop)),
                "ours, ready crops": _way(agegender, ready),
                "ours, photos with detection": _way(
                    agegender, {"inputs": [_base64(photo)]}
                ),
            }
            lines = [line for count in CLIENTS for line in _table(count, ways)]
    head = f"serve one face a request (WRN-16-2, 64 px), {REQUESTS} requests a round"
    loaded = (
        "  loading once fetched, MLflow's import apart, s: "
        f"ours {loading['ours']:.2f}, Keras {loading['p']:.2f}"
    )
    titles = f"  {'way':<36}{'clients':>8}{'a second':>10}{'ratio':>8}"
    return "\n".join([head, f"{titles}{'ms':>8}{'95 %':>8}", *lines, loaded])


def _registered(folder: Path) -> tuple[str, str, bytes, bytes]:
    """Log the network both ways; return both models, a photo and a ready crop."""
    import keras  # noqa: PLC0415
    import mlflow  # noqa: PLC0415

    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly
    from agegender.data.sample.photos import example_photo  # noqa: PLC0415
    from agegender.model.export import export_onnx  # noqa: PLC0415
    from agegender.model.formats import write_format  # noqa: PLC0415
    from agegender.model.wide_resnet import build  # noqa: PLC0415
    from agegender.tracking import registry  # noqa: PLC0415
    from agegender.tracking.runs import tracked_run  # noqa: PLC0415
    from agegender.tracking.store import use_tracking_store  # noqa: PLC0415

    os.environ.pop("MLFLOW_TRACKING_URI", None)  # Not among the user's runs.
    use_tracking_store(folder)
    model = build(ModelConfig(depth=16, widen_factor=2), SIZE, None)
    network = export_onnx(model, folder / "model.onnx", CropRule(size=SIZE))
    # The same network of the layers that Keras has: a service knows no others.
    plain_file = folder / "plain.keras"
    write_format(folder / "model.onnx", plain_file, "keras", "float32")
    plain = keras.saving.load_model(plain_file)
    photo, crop = example_photo(), io.BytesIO()
    Image.open(io.BytesIO(photo)).resize((SIZE, SIZE)).save(crop, "JPEG")
    with tracked_run("served") as run:
        version = registry.register(run, network, None, photo, {})
        pixels = _array(crop.getvalue())
        signature = mlflow.models.infer_signature(pixels)
        logged = mlflow.keras.log_model(plain, name="plain", signature=signature)
    return version.uri, logged.model_uri, photo, crop.getvalue()


def _array(crop: bytes) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.asarray(Image.open(io.BytesIO(crop)))[None]


def _pixels(crop: bytes) -> dict[str, Any]:
    return {"inputs": _array(crop).tolist()}


def _base64(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def _way(address: str, request: dict[str, Any]) -> Way:
    return Way(address, json.dumps(request).encode())


def _loading(uri: str) -> float:
    """Return seconds that loading takes in a fresh process, median of the rounds."""
    command = [sys.executable, "-c", LOADING, uri]
    seconds = [
        float(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(ROUNDS)
    ]
    return statistics.median(seconds)


def _table(clients: int, ways: Mapping[str, Way]) -> list[str]:
    """Ask each way in turn, several rounds, by so many clients at once."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    waits: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        _ask(way, clients, clients)  # Threads and lazy imports are nobody's fault.
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            waits[name] += _ask(way, clients, REQUESTS)
            rates[name].append(REQUESTS / (time.perf_counter() - start))
    return [_line(name, clients, rates, waits[name]) for name in ways]


def _line(
    name: str, clients: int, rates: Mapping[str, list[float]], waits: list[float]
) -> str:
    first = next(iter(rates.values()))
    pairs = zip(rates[name], first, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    median, late = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    return (
        f"  {name:<36}{clients:>8}{statistics.median(rates[name]):>10.1f}{ratio:>7.2f}x"
        f"{1000 * median:>8.0f}{1000 * late:>8.0f}"
    )


def _ask(way: Way, clients: int, requests: int) -> list[float]:
    """Return how long each request waited, in seconds."""
    with ThreadPoolExecutor(clients) as pool:
        shares = pool.map(lambda _: _client(way, requests // clients), range(clients))
        return [wait for share in shares for wait in share]


def _client(way: Way, requests: int) -> list[float]:
    """Ask one after the other over one connection."""
    host = way.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)
    waits = []
    for _ in range(requests):
        start = time.perf_counter()
        connection.request(
            "POST", "/invocations", way.body, {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(answer.read().decode())
        answer.read()
        waits.append(time.perf_counter() - start)
    connection.close()
    return waits


@contextlib.contextmanager
def _serving(uri: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", uri]
    process = subprocess.Popen(
        [*command, "--env-manager", "local", "--port", str(port), "--workers", "1"],
        env=os.environ | {"PATH": beside},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):  # It ended by itself.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/ping")
            connection.getresponse()
            return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answered at port {port}")
