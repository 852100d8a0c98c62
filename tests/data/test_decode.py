from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from agegender.config import CropRule
from agegender.data.decode import decode_chunk
from agegender.data.duplicates import OF_FILE
from agegender.data.faces import crop_face, resize_crop
from agegender.data.folder import Folder
from agegender.data.listing import BOX
from agegender.data.photo import decode_photo

RULE = CropRule(size=16)


def flat(maker: Any, spread: int) -> bytes:
    stripes = np.full((40, 40, 3), 100, np.uint8)
    stripes[:, ::2] += np.uint8(spread)
    return bytes(maker.encoded(Image.fromarray(stripes[:, :, :]), "PNG"))


def test_boxes_are_cut_and_rows_without_one_are_crops(maker: Any) -> None:
    folder = Folder(maker.unpacked({"a.jpg": maker.jpeg(0, 60)}))
    wanted = pd.concat([folder.members] * 2, ignore_index=True)
    wanted[[*BOX]] = [[10.0, 12.0, 30.0, 32.0], [np.nan] * 4]
    (chunk,) = folder.chunks(wanted)
    part = decode_chunk(chunk, RULE, 0.0)
    photo = decode_photo(maker.jpeg(0, 60))
    assert np.array_equal(part.faces[0], crop_face(photo, (10, 12, 30, 32), RULE))
    assert np.array_equal(part.faces[1], resize_crop(photo, RULE))


def test_box_beside_the_photo_is_set_aside(maker: Any) -> None:
    folder = Folder(maker.unpacked({"a.jpg": maker.jpeg(0, 60)}))
    wanted = folder.members.assign(x1=70.0, y1=0.0, x2=90.0, y2=20.0)
    (chunk,) = folder.chunks(wanted)
    assert decode_chunk(chunk, RULE, 0.0).reasons == ("box_off_photo",)


def test_box_that_dwarfs_the_photo_is_set_aside_and_takes_no_memory(
    maker: Any,
) -> None:
    folder = Folder(maker.unpacked({"a.jpg": maker.jpeg(0, 60)}))
    wanted = folder.members.assign(x1=-9e4, y1=-9e4, x2=9e4, y2=9e4)
    (chunk,) = folder.chunks(wanted)
    assert decode_chunk(chunk, RULE, 0.0).reasons == ("box_off_photo",)


def test_two_faces_of_one_photo_have_different_digests(maker: Any) -> None:
    folder = Folder(maker.unpacked({"a.jpg": maker.jpeg(0, 60)}))
    wanted = pd.concat([folder.members] * 3, ignore_index=True)
    wanted[[*BOX]] = [[10.0, 12.0, 30.0, 32.0], [30.0, 12.0, 50.0, 32.0], [np.nan] * 4]
    (chunk,) = folder.chunks(wanted)
    assert len(set(decode_chunk(chunk, RULE, 0.0).digests)) == 3


def test_flat_pictures_are_told_by_the_limit(maker: Any) -> None:
    files = {"a.png": maker.blank(), "b.png": flat(maker, 12)}
    folder = Folder(maker.unpacked(files))
    (chunk,) = folder.chunks(folder.members)
    rule = CropRule(size=40)
    assert decode_chunk(chunk, rule, 4.0).reasons == ("blank", "")
    assert decode_chunk(chunk, rule, 7.0).reasons == ("blank", "near_uniform")
    assert decode_chunk(chunk, rule, 0.0).reasons == ("", "")


def test_digest_tells_the_photo_beside_the_box(maker: Any) -> None:
    folder = Folder(maker.unpacked({"a.jpg": maker.jpeg(0), "b.jpg": maker.jpeg(1)}))
    wanted = folder.members.iloc[[0, 0, 1]].reset_index(drop=True)
    wanted[[*BOX]] = [[10.0, 12.0, 30.0, 32.0], [np.nan] * 4, [10.0, 12.0, 30.0, 32.0]]
    (chunk,) = folder.chunks(wanted)
    boxed, whole, other = decode_chunk(chunk, RULE, 0.0).digests
    assert boxed[:OF_FILE] == whole[:OF_FILE] != other[:OF_FILE]
    assert boxed != whole
