"""A judge of plays: only what it says of both orders counts, and length is no merit."""

import json
from pathlib import Path

import pytest

from chimera.core import events as ev
from chimera.core.errors import Invalid, ProviderDown
from chimera.lab.judging import Judgement, Pair, Play, judge, pairs_of
from chimera.lab.report import Experiment, judged_in_words, render
from chimera.lab.running import Folder, Result, run
from chimera.lab.setup import Setup

SETUP = Setup(topic="Why do we whistle?", turns=3)


def pair(a: str, b: str) -> Pair:
    return Pair(Play(a, len(a.split())), Play(b, len(b.split())))


async def verdict(pairs: list[Pair], better: str = "lively", *, first: bool = False) -> Judgement:
    """A judge who prefers the play with a word in it, or whatever it reads first."""

    async def ask(_system: str, told: str) -> str:
        one, other = told.split("\n\nSECOND\n")
        if first or (better in one and better not in other):
            return '{"better": "first"}'
        return json.dumps({"better": "second" if better in other else "neither"})

    return await judge("fake/judge", pairs, ask)


async def test_what_is_better_in_both_orders_wins() -> None:
    pairs = [pair("dull talk", "lively talk")] * 9 + [pair("lively talk", "dull talk")]
    found = await verdict(pairs)
    assert (found.a_wins, found.b_wins, found.discarded) == (1, 9, 0)
    assert found.rate is not None
    assert found.rate.mean == pytest.approx(0.9)
    assert 0.6 < found.rate.low < 0.9 < found.rate.high <= 1
    assert found.prefers == "B"
    turned = await verdict([Pair(each.b, each.a) for each in pairs])
    assert turned.prefers == "A"


async def test_a_judge_that_likes_whatever_comes_first_decides_nothing() -> None:
    found = await verdict([pair("dull talk", "lively talk")] * 8, first=True)
    assert (found.discarded, found.rate, found.prefers) == (8, None, None)


async def test_no_difference_and_no_sense_are_discarded() -> None:
    assert (await verdict([pair("dull", "dull")] * 3)).discarded == 3

    async def nonsense(_system: str, _told: str) -> str:
        return '{"better": "second", "because": "I say so"}'

    found = await judge("fake/judge", [pair("dull", "lively")] * 3, nonsense)
    assert found.discarded == 3


async def test_where_the_longer_play_always_wins_length_explains_it() -> None:
    long, short = "lively " * 60, "dull " * 20
    found = await verdict([pair(short, long)] * 9 + [pair(long, short)] * 3)
    assert found.rate is not None
    assert found.at_equal_length is not None
    assert found.rate.mean == pytest.approx(0.75)
    assert abs(found.at_equal_length.mean - 0.5) < abs(found.rate.mean - 0.5)
    assert found.prefers is None


async def test_few_pairs_show_no_preference_that_they_do_not_have() -> None:
    pairs = [pair("dull", "lively"), pair("dull", "lively"), pair("lively", "dull")]
    assert (await verdict(pairs)).prefers is None


async def test_a_judge_that_cannot_be_asked_is_told_of() -> None:
    async def down(_system: str, _told: str) -> str:
        raise ProviderDown("away")

    with pytest.raises(ExceptionGroup) as caught:
        await judge("fake/judge", [pair("dull", "lively")], down)
    assert caught.group_contains(ProviderDown)


def folder(path: Path, *seeds: int) -> Folder:
    kept = Folder.begin(path, SETUP)
    for result, log in run(SETUP, seeds):
        kept.keep(result, log)
    return kept


def test_plays_of_the_same_seed_are_judged_against_each_other(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", 1, 2), folder(tmp_path / "b", 2, 3)
    (only,) = pairs_of(a, b)
    assert only.a == only.b
    assert only.longer == 0
    log = a.log(2)
    said = [each["body"]["text"] for each in log if each["type"] == ev.MessageCompleted.type]
    assert len(said) == 3
    assert all(" ".join(each.split()) in only.a.text for each in said)
    assert only.a.text.startswith("The ")
    assert "scripted" not in only.a.text
    assert only.a.words == sum(len(each.split()) for each in said)


def test_where_no_seed_is_common_they_are_paired_in_order(tmp_path: Path) -> None:
    assert len(pairs_of(folder(tmp_path / "a", 1, 2), folder(tmp_path / "b", 3))) == 1
    with pytest.raises(Invalid, match="no plays to judge"):
        pairs_of(folder(tmp_path / "c"), folder(tmp_path / "d", 1))


async def test_the_report_says_what_the_judge_prefers_and_on_what_it_rests() -> None:
    found = await verdict([pair("dull talk", "lively talk")] * 9 + [pair("dull", "dull")])
    side = Experiment(SETUP, [Result(seed=1, ended="ended: turns", digest="", measures={})] * 2)
    page = render(side, side, [], found)
    assert "What a judge prefers" in page
    assert judged_in_words(found) in page
    assert "prefers B: of 10 pairs B won 9 and A 0; 1 were discarded" in page
    assert page.count("<svg") >= 2
    assert "What a judge prefers" not in render(side, side, [])
