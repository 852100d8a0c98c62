import numpy as np

from agegender.detect import WholePhoto


def test_whole_photo_is_the_one_face() -> None:
    (found,) = WholePhoto().detect(np.zeros((30, 20, 3), np.uint8))
    assert found.box == (0, 0, 20, 30)
    assert found.is_crop
    assert found.score is None
    assert found.landmarks is None
