"""Channels of a network to start from that are dead, and would stay so.

Weight decay may pull to zero whatever writes a channel and whatever reads it. Neither
then has a gradient: the reader hears nothing, and nobody asks the writer. Of 16 first
filters of the published IMDB-WIKI weights four are left, which the finest detail of
a face has to pass through. Such channels may begin anew: writers as they are drawn for
a new network, readers as good as zero, as they are, so that answers stay and learning
goes on from there.

Reference: Sokar et al., ICML 2023 (dormant neurons).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, list[NDArray[np.float32]]]
"""Of a network's layers, by name, in Keras' order."""

_SILENT = 1e-3
"""What is no larger than this share of its layer's largest is as good as zero."""

_BLOCK = re.compile(r"(group\d+_block\d+)_conv1")


class _Channels(NamedTuple):
    """Layers that write the same channels, norm them and read them."""

    writers: list[str]
    norms: list[str]
    readers: list[str]


def revived(given: Weights, drawn: Weights) -> tuple[Weights, int]:
    """Let dead channels begin as those of a new network do.

    What the heads read is left as it is.

    Args:
        given: Weights of a Wide ResNet's body.
        drawn: Those that the same network drew.

    Returns:
        The weights, copied where they change, and how many channels were dead.
    """
    changed = dict(given)
    count = 0
    for channels in _all_channels(given):
        dead = _dead(given, channels)
        count += int(dead.sum())
        if dead.any():
            for name in (*channels.writers, *channels.norms):
                changed[name] = [
                    np.where(dead, new, old)  # channels are every array's last axis
                    for new, old in zip(drawn[name], given[name], strict=True)
                ]
    return changed, count


def _all_channels(given: Weights) -> Iterator[_Channels]:
    stream = _Channels(["stem"], [], [])
    for block in sorted(filter(None, map(_block_of, given)), key=_numbers):
        conv1, conv2, shortcut = (
            f"{block}_{n}" for n in ("conv1", "conv2", "shortcut")
        )
        stream.norms.append(f"{block}_norm1")
        stream.readers.append(conv1)
        if shortcut in given:
            stream.readers.append(shortcut)
            yield stream
            stream = _Channels([shortcut], [], [])
        yield _Channels([conv1], [f"{block}_norm2"], [conv2])
        stream.writers.append(conv2)


def _dead(given: Weights, channels: _Channels) -> NDArray[np.bool_]:
    silent = [_silent(given[name][0], (0, 1, 2)) for name in channels.writers]
    unheard = [_silent(given[name][0], (0, 1, 3)) for name in channels.readers]
    return np.logical_and.reduce([*silent, *unheard])


def _silent(kernel: NDArray[np.float32], others: tuple[int, ...]) -> NDArray[np.bool_]:
    sizes = np.sqrt(np.square(kernel).sum(axis=others))
    return np.asarray(sizes <= _SILENT * sizes.max())


def _block_of(name: str) -> str | None:
    found = _BLOCK.fullmatch(name)
    return found.group(1) if found else None


def _numbers(block: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", block)]
