import io

import numpy as np
import pytest
from PIL import Image

from agegender.data.database.bitmap import encode, file_bytes
from agegender.data.photo import decode_photo


@pytest.mark.parametrize("size", [1, 5, 16, 17])
def test_files_hold_the_very_pixels(size: int) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    for file, face in zip(encode(faces), faces, strict=True):
        assert len(file) == file_bytes(size)
        assert Image.open(io.BytesIO(file)).format == "BMP"
        assert np.array_equal(decode_photo(file), face)
