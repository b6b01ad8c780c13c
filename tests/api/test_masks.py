"""The masks on pictures are those of the screens."""

from hypothesis import given
from hypothesis import strategies as st

from chimera.features.personas import portraits


def test_a_face_is_drawn_from_its_seed_as_the_screens_do() -> None:
    for mask, face in portraits.kit()["drawn"].items():
        assert portraits.face_of(mask) == face


def test_the_troupe_has_faces_of_its_own() -> None:
    for slug, face in portraits.kit()["troupe"].items():
        assert portraits.face_of(slug) == face


@given(st.text(max_size=120))
def test_every_mask_has_a_face(mask: str) -> None:
    face, parts = portraits.face_of(mask), portraits.kit()["parts"]
    assert all(face[kind] in names for kind, names in parts.items())
