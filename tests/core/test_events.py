import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chimera.core import events as ev
from chimera.core.errors import Invalid

#: One golden example of every shape ever shipped; old ones stay.
GOLDEN = sorted((Path(__file__).parents[2] / "contracts/events").glob("*.json"))


def golden(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_shape_ever_shipped_still_loads(path: Path) -> None:
    example = golden(path)
    body = ev.load_body(example["type"], example["version"], example["body"])
    assert body.type == example["type"]
    assert body.version >= example["version"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_is_dumped_loads_as_the_same(path: Path) -> None:
    example = golden(path)
    body = ev.load_body(example["type"], example["version"], example["body"])
    dumped = ev.dump_body(body)
    assert ev.load_body(body.type, body.version, dumped) == body
    assert json.loads(json.dumps(dumped)) == dumped
    if body.version == example["version"]:
        assert dumped == example["body"]


def test_every_type_has_its_golden_example() -> None:
    assert {golden(path)["type"] for path in GOLDEN} == set(ev.BODIES)


def test_the_golden_examples_use_every_field_of_todays_shapes() -> None:
    for path in GOLDEN:
        example = golden(path)
        model = ev.BODIES[example["type"]]
        if example["version"] == model.version:
            names = {field.alias or name for name, field in model.model_fields.items()}
            assert names == set(example["body"])


@given(
    text=st.text(), addressed=st.lists(st.text()), cost=st.floats(0, 1e6) | st.none(),
    sentiment=st.floats(-1, 1) | st.none(), questions=st.integers(0, 99),
)  # fmt: skip
def test_any_line_survives_the_log(
    text: str, addressed: list[str], cost: float | None, sentiment: float | None, questions: int
) -> None:
    body = ev.MessageCompleted(
        turn_id="trn_1", message_id="msg_1", participant_id="par_1", text=text,
        route=ev.RouteRef(provider="stub", model="words"), usage=ev.UsageRef(cost=cost),
        signals=ev.MessageSignals(
            addressed=tuple(addressed), sentiment=sentiment, questions=questions
        ),
    )  # fmt: skip
    assert ev.load_body(body.type, body.version, ev.dump_body(body)) == body


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(Invalid, match="no event is called"):
        ev.load_body("curtain.fell", 1, {})


def test_an_undeclared_field_is_refused_where_the_event_is_made() -> None:
    with pytest.raises(ValidationError):
        ev.ConversationRenamed(title="A", colour="red")  # pyright: ignore[reportCallIssue]


def test_nothing_infinite_enters_the_log() -> None:
    with pytest.raises(ValidationError):
        ev.UsageRef(cost=float("nan"))


def test_every_steering_event_exists() -> None:
    assert set(ev.BODIES) >= ev.STEERING


def test_an_envelope_goes_out_as_the_contract_says() -> None:
    body = ev.TopicChanged.model_validate({"topic": "B", "from": "A", "cause": "viewer"})
    envelope = ev.Envelope(
        conversation_id="cnv_1", seq=3, at=1_700_000_000_123, actor=ev.HOST, body=body,
        visibility=("par_1",),
    )  # fmt: skip
    assert envelope.wire() == {
        "conversation_id": "cnv_1", "seq": 3, "type": "topic.changed", "version": 1,
        "actor": {"type": "host"}, "at": "2023-11-14T22:13:20.123Z", "visibility": ["par_1"],
        "body": {"topic": "B", "from": "A", "cause": "viewer"},
    }  # fmt: skip
    assert envelope.heard_by("par_1")
    assert not envelope.heard_by("par_2")


def test_a_signal_goes_out_with_its_kind() -> None:
    signal = ev.Signal("cnv_1", "presence", {"viewers": 2})
    assert signal.wire() == {
        "kind": "signal", "conversation_id": "cnv_1", "type": "presence", "body": {"viewers": 2},
    }  # fmt: skip
