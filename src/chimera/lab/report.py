"""The report of a comparison: one page with its plots in it, in both themes, without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from random import Random
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from chimera import __version__
from chimera.lab.comparing import ALONE, RESAMPLES, Contrast, Interval, Side, few
from chimera.lab.judging import Judgement
from chimera.lab.running import Result
from chimera.lab.setup import Setup

#: Sizes of the plots, in the units of their own pictures.
_WIDTH, _ROW, _STRIP = 320.0, 20.0, 34.0
_MARGIN = 10.0
#: No effect is drawn further out.
_WIDEST = 6.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """A set-up and what came of it."""

    setup: Setup
    results: Sequence[Result]


def render(
    a: Experiment,
    b: Experiment,
    contrasts: Sequence[Contrast],
    judgement: Judgement | None = None,
) -> str:
    """The whole page."""
    differing = [each for each in contrasts if each.effect is not None]
    same = [each.measure.title.lower() for each in contrasts if each.effect is None]
    order = {"clear": 0, "likely": 1, "open": 2}
    differing.sort(key=lambda each: (order[each.verdict], -abs(_effect(each).mean)))
    reach = _reach(differing)
    source = resources.files("chimera") / "data" / "lab" / "report.html.j2"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(source.read_text("utf-8")).render(
        a=_side(a), b=_side(b), contrasts=[_row(each, reach) for each in differing],
        same=", ".join(same), few=few(a.results, b.results), scale=_scale(reach),
        paired=all(each.paired for each in contrasts), level=f"{ALONE:.0%}",
        resamples=RESAMPLES, version=__version__,
        judged=judgement and _judged(judgement),
    )  # fmt: skip


def _judged(found: Judgement) -> dict[str, Any]:
    rows = (("B is better", found.rate), ("At equal length", found.at_equal_length))
    return {
        "said": judged_in_words(found),
        "rates": [
            {"title": title, "told": _percent(rate), "plot": _rate(title, rate)}
            for title, rate in rows
            if rate is not None
        ],
    }


def judged_in_words(found: Judgement) -> str:
    """What the judge prefers, and on how much that rests."""
    verdict = f"prefers {found.prefers}" if found.prefers else "shows no preference"
    return (
        f"{found.judge} {verdict}: of {found.pairs} pairs B won {found.b_wins} and A "
        f"{found.a_wins}; {found.discarded} were discarded, as the judge saw no difference or "
        "contradicted itself when the plays changed places."
    )


def _percent(rate: Interval) -> str:
    return f"{rate.mean:.0%} ({rate.low:.0%} to {rate.high:.0%})"


def _rate(title: str, rate: Interval) -> Markup:
    low, mean, high = (_place(each, 0, 1) for each in (rate.low, rate.mean, rate.high))
    half, middle = _place(0.5, 0, 1), _ROW / 2
    return _svg(
        _ROW, f"{title}: {_percent(rate)}", _line("zero", half, 0, half, _ROW),
        _line("bar", low, middle, high, middle),
        f'<circle class="mark" cx="{mean:g}" cy="{middle:g}" r="4.5"/>',
    )  # fmt: skip


def _side(of: Experiment) -> dict[str, Any]:
    setup = of.setup
    cast = ", ".join(
        f"{each.persona} ({each.provider}{'/' + each.model if each.model else ''})"
        for each in setup.cast
    )
    ended: dict[str, int] = {}
    for each in of.results:
        ended[each.ended] = ended.get(each.ended, 0) + 1
    return {
        "name": setup.name,
        "plays": len(of.results),
        "facts": [
            ("Topic", setup.topic), ("Cast", cast), ("Director", setup.director),
            ("Pace", f"{setup.pace.mode}, speed {setup.pace.speed:g}"),
            ("Lines", f"at most {setup.turns}"),
            *([("Without", ", ".join(setup.without))] if setup.without else []),
            ("Plays", str(len(of.results))),
            ("Ends", ", ".join(f"{n} {how}" for how, n in sorted(ended.items()))),
        ],
    }  # fmt: skip


def _row(each: Contrast, reach: float) -> dict[str, Any]:
    return {
        "title": each.measure.title, "means": each.measure.means, "verdict": each.verdict,
        "said": said(each), "difference": told(each.difference, signed=True),
        "forest": _forest(each, reach), "strips": _strips(each),
        "a": told(each.a.interval), "b": told(each.b.interval),
    }  # fmt: skip


def said(each: Contrast) -> str:
    """The verdict in words."""
    if each.verdict == "open":
        return "No difference shown."
    how = "higher" if each.difference.mean > 0 else "lower"
    judged = {True: ", better", False: ", worse", None: ""}[each.gain]
    return f"B is {how}{judged}{'' if each.verdict == 'clear' else ', perhaps'}."


def told(interval: Interval, *, signed: bool = False) -> str:
    """A mean with its interval, with as many digits as it deserves."""
    if interval.low == interval.high == interval.mean:
        return f"{interval.mean:g} in every play"
    digits = _digits(max(abs(interval.high - interval.low), abs(interval.mean)))
    sign = "+" if signed else ""
    mean, low, high = (
        f"{each:{sign}.{digits}f}".replace("-", "−")
        for each in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} ({low} to {high})"


def _digits(size: float) -> int:
    """Decimals for numbers of that size: two digits that count."""
    return next((n for n in range(6) if size * 10**n >= 10), 6)


# --- plots ---------------------------------------------------------------------------------------


def _effect(each: Contrast) -> Interval:
    return each.effect or Interval(0.0, 0.0, 0.0)


def _reach(contrasts: Sequence[Contrast]) -> float:
    """How far the axis of effects goes to both sides."""
    ends = [abs(end) for each in contrasts for end in (_effect(each).low, _effect(each).high)]
    return min(max([1.0, *ends]), _WIDEST) * 1.05


def _place(value: float, low: float, high: float) -> float:
    """Where a value is drawn; what is beyond the axis, at its end."""
    share = (value - low) / (high - low) if high > low else 0.5
    return round(_MARGIN + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _MARGIN), 1)


def _svg(height: float, label: str, *parts: str) -> Markup:
    return Markup(  # noqa: S704 - the label is escaped, and every other part is numbers of ours
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{Markup.escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _text(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{words}</text>'


def _forest(each: Contrast, reach: float) -> Markup:
    """One row: the interval of the effect, and zero."""
    effect = _effect(each)
    low, mean, high = (
        _place(value, -reach, reach) for value in (effect.low, effect.mean, effect.high)
    )
    zero, middle = _place(0, -reach, reach), _ROW / 2
    label = f"{each.measure.title}: {said(each)} {told(effect, signed=True)} standard deviations"
    return _svg(
        _ROW, label, _line("zero", zero, 0, zero, _ROW), _line("bar", low, middle, high, middle),
        f'<circle class="mark" cx="{mean:g}" cy="{middle:g}" r="4.5"/>',
    )  # fmt: skip


def _scale(reach: float) -> Markup:
    outer = reach / 1.05
    marks = ((-outer, f"−{outer:.1f}"), (0, "0"), (outer, f"+{outer:.1f}"))
    ends = [_text(_place(at, -reach, reach), 14, "middle", words) for at, words in marks]
    return _svg(_ROW, "Scale in standard deviations", *ends)


def _strips(each: Contrast) -> Markup:
    """Both experiments, a mark for each play, over one axis."""
    both = (*each.a.values, *each.b.values)
    low, high = min(both), max(both)
    strips = [
        _strip(side, kind, place * _STRIP, low, high)
        for place, (side, kind) in enumerate(((each.a, "a"), (each.b, "b")))
    ]
    bottom = 2 * _STRIP
    digits = _digits(high - low)
    axis = [
        _line("axis", _MARGIN, bottom, _WIDTH - _MARGIN, bottom),
        _text(_MARGIN, bottom + 14, "start", f"{low:.{digits}f}".replace("-", "−")),
        _text(_WIDTH - _MARGIN, bottom + 14, "end", f"{high:.{digits}f}".replace("-", "−")),
    ]
    label = f"{each.measure.title}: A {told(each.a.interval)}, B {told(each.b.interval)}"
    return _svg(bottom + 18, label, *strips, *axis)


def _strip(side: Side, kind: str, top: float, low: float, high: float) -> str:
    random, middle = Random(kind), top + _STRIP / 2
    marks = ""
    for value in side.values:
        x, y = _place(value, low, high), middle + random.uniform(-7, 7)
        marks += _seed(kind, x, round(y, 1))
    interval = side.interval
    left, mean, right = (
        _place(value, low, high) for value in (interval.low, interval.mean, interval.high)
    )
    bar = _line("mean", left, middle, right, middle)
    tick = _line("mean", mean, middle - 11, mean, middle + 11)
    return f'<g class="plot-{kind}">{marks}{bar}{tick}</g>'


def _seed(kind: str, x: float, y: float) -> str:
    """A dot in A, a diamond in B: colour alone would not tell them apart."""
    if kind == "a":
        return f'<circle class="seed" cx="{x:g}" cy="{y:g}" r="3"/>'
    return f'<path class="seed" d="M{x:g} {y - 4:g}l4 4l-4 4l-4-4z"/>'
