from agegender.video.tracks import Tracker

Box = tuple[float, float, float, float]


def square(x: float, y: float) -> Box:
    return x, y, x + 40.0, y + 40.0


def test_face_that_moves_keeps_its_number() -> None:
    tracker = Tracker()
    numbers = {tracker.follow([square(10.0 * n, 5)], 0.1 * n)[0] for n in range(30)}
    assert numbers == {1}


def test_faces_keep_their_numbers_whatever_their_order() -> None:
    tracker = Tracker()
    left, right = square(0, 0), square(200, 0)
    assert tracker.follow([left, right], 0.0) == [1, 2]
    assert tracker.follow([right, left], 0.1) == [2, 1]


def test_faces_that_pass_each_other_go_on_as_they_went() -> None:
    tracker = Tracker()
    for n in range(11):
        numbers = tracker.follow([square(20.0 * n, 0), square(200 - 20.0 * n, 9)], n)
    assert numbers == [1, 2]


def test_pairs_are_the_best_of_all_and_not_the_first_that_fit() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0), square(20, 0)], 0.0)
    # Taken one by one, the first would take the place of the second.
    assert tracker.follow([square(14, 0), square(34, 0)], 0.1) == [1, 2]


def test_fast_face_is_looked_for_where_it_was_going() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0)], 0.0)
    tracker.follow([square(22, 0)], 0.1)
    assert tracker.follow([square(82, 0)], 0.4) == [1]


def test_face_unseen_for_less_than_the_gap_is_the_same() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0)], 0.0)
    assert tracker.follow([], 0.5) == []
    assert tracker.follow([square(0, 0)], 1.0) == [1]


def test_face_unseen_for_longer_is_somebody_new() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0)], 0.0)
    assert tracker.follow([], 0.5) == []
    assert tracker.follow([square(0, 0)], 1.01) == [2]
    assert tracker.followed == {2}


def test_face_of_the_look_before_is_the_same_however_rare_looks_are() -> None:
    tracker = Tracker()
    assert [tracker.follow([square(0, 0)], 3.0 * n) for n in range(3)] == [[1]] * 3
    assert tracker.follow([], 9.0) == []
    assert tracker.follow([square(0, 0)], 12.0) == [2]


def test_cut_makes_everybody_new() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0)], 0.0)
    tracker.cut()
    assert tracker.follow([square(0, 0)], 0.1) == [2]


def test_face_elsewhere_is_somebody_new() -> None:
    tracker = Tracker()
    tracker.follow([square(0, 0)], 0.0)
    assert tracker.follow([square(100, 100)], 0.1) == [2]
