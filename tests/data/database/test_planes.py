import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agegender.data.database.planes import Planes


@given(faces=st.integers(1, 9), size=st.integers(1, 4), data=st.data())
def test_bands_are_written_and_read_as_one_array_of_columns(
    faces: int, size: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, faces))
    rgb = np.random.default_rng(0).integers(0, 256, (faces, size, size, 3), np.uint8)
    band = rgb.reshape(faces, -1).T
    planes, file = Planes(5, faces, size), io.BytesIO()
    planes.write(file, cut, np.ascontiguousarray(band[:, cut:]))
    planes.write(file, 0, np.ascontiguousarray(band[:, :cut]))

    written = np.frombuffer(file.getvalue()[5:], np.uint8)
    bgr = written.reshape((faces, size, size, 3), order="F")
    assert np.array_equal(bgr[..., ::-1], rgb)
    assert np.array_equal(planes.read(file, cut, faces), band[:, cut:])


def test_band_takes_no_more_memory_than_it_may() -> None:
    assert Planes(0, 171_852, 64).band * 64 * 64 * 3 <= 2**26
    assert Planes(0, 10, 4096 * 4).band == 1
