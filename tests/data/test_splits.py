from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agegender.config import SplitRules
from agegender.data.splits import deal, hash_shares, join_identities, refuse_leak
from agegender.errors import DataError

RULES = SplitRules(seed=3, validation=0.3, test=0.3)
PHOTOS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("123456789")))


def labels(photos: list[tuple[str, str]], rules: SplitRules = RULES) -> pd.DataFrame:
    table = pd.DataFrame(photos, columns=["identity", "digest"], dtype="str")
    joined = join_identities(table["identity"], table["digest"], rules.seed)
    return table.assign(
        person=table["identity"], identity=joined, split=deal(joined, rules)
    )


@settings(max_examples=60)
@given(PHOTOS)
def test_neither_a_person_nor_a_file_is_in_two_splits(
    photos: list[tuple[str, str]],
) -> None:
    table = labels(photos)
    refuse_leak(table)
    for column in ("person", "digest"):
        counts = table.groupby(column)["split"].agg(lambda splits: len(set(splits)))
        assert (counts == 1).all()


@settings(max_examples=60)
@given(PHOTOS, PHOTOS, st.randoms())
def test_more_data_moves_nobody_who_is_not_tied_to_it(
    photos: list[tuple[str, str]],
    more: list[tuple[str, str]],
    random: Random,
) -> None:
    strangers = [(f"new {person}", f"new {digest}") for person, digest in more]
    mixed = photos + strangers
    random.shuffle(mixed)
    before = labels(photos).drop_duplicates().set_index(["person", "digest"])
    after = labels(mixed).drop_duplicates().set_index(["person", "digest"])
    assert before["split"].to_dict().items() <= after["split"].to_dict().items()


@settings(max_examples=60)
@given(PHOTOS, PHOTOS)
def test_data_that_ties_people_moves_faces_only_towards_train(
    photos: list[tuple[str, str]], more: list[tuple[str, str]]
) -> None:
    order = ["test", "validation", "train"]
    before = [order.index(split) for split in labels(photos)["split"]]
    after = [order.index(split) for split in labels(photos + more)["split"]]
    assert all(b <= a for b, a in zip(before, after, strict=False))


def test_unknown_people_are_the_files_they_are_in() -> None:
    joined = join_identities(pd.Series(["", "", ""]), pd.Series(["1", "2", "1"]), 0)
    assert joined.tolist() == ["bytes:1", "bytes:2", "bytes:1"]


def test_people_who_share_a_file_become_one_identity() -> None:
    people, files = pd.Series(["a", "b", "b", "c"]), pd.Series(["1", "1", "2", "3"])
    joined = join_identities(people, files, 0)
    assert joined.nunique() == 2
    assert len(set(joined[:3])) == 1
    assert joined[3] == "c"


def test_shares_are_what_the_rules_ask_for() -> None:
    people = pd.Series([f"person {n}" for n in range(20_000)])
    counts = deal(people, SplitRules(validation=0.1, test=0.2)).value_counts(
        normalize=True
    )
    assert counts["test"] == pytest.approx(0.2, abs=0.01)
    assert counts["validation"] == pytest.approx(0.1, abs=0.01)


def test_hash_is_the_same_for_ever() -> None:
    assert hash_shares(["nm0000008"], 0)[0] == 0.3703205030537623
    assert hash_shares(["nm0000008"], 1)[0] != hash_shares(["nm0000008"], 0)[0]


def test_shares_of_nought_leave_a_split_empty() -> None:
    people = pd.Series([str(n) for n in range(500)])
    assert set(deal(people, SplitRules(validation=0.0, test=0.0))) == {"train"}


def test_leak_is_refused_by_name() -> None:
    table = pd.DataFrame({"identity": ["ann", "ann"], "split": ["train", "test"]})
    with pytest.raises(DataError, match="'ann'"):
        refuse_leak(table)
    table = table.assign(identity=["ann", "bob"], digest=["77", "77"])
    with pytest.raises(DataError, match="digest"):
        refuse_leak(table)


def test_people_may_be_on_both_sides_only_where_photos_are_dealt() -> None:
    table = pd.DataFrame({"identity": ["ann", "ann"], "split": ["train", "test"]})
    refuse_leak(table.assign(digest=["1", "2"]), SplitRules(by="photo"))
    with pytest.raises(DataError, match="digest"):
        refuse_leak(table.assign(digest=["1", "1"]), SplitRules(by="photo"))


def test_nameless_faces_of_one_photo_stay_together_and_named_ones_do_not() -> None:
    people = pd.Series(["", "", "ann", "bob", ""])
    photo = "0123456789abcdef"
    faces = pd.Series([*(f"{photo}{n}" for n in range(4)), f"{photo[::-1]}0"])
    joined = join_identities(people, faces, 0)
    assert joined[0] == joined[1] != joined[4]
    assert joined.tolist()[2:4] == ["ann", "bob"]
