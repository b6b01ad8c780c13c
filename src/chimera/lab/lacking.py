"""What a set-up may go without, so that one sees what each mechanism is worth."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

from chimera.core.schemes import SCHEMES, Scheme, View

Lack = Literal["fairness", "owed", "ahead"]

#: Nobody waits so long that it would be their turn.
_FOR_EVER = 1e6


def schemes_without(lacks: Collection[Lack]) -> Mapping[str, Scheme]:
    """The directors of the house, without what is named."""
    return {name: _lacking(scheme, lacks) for name, scheme in SCHEMES.items()}


def _lacking(scheme: Scheme, lacks: Collection[Lack]) -> Scheme:
    if "fairness" in lacks:
        scheme = replace(scheme, patience=_FOR_EVER)
    if "owed" in lacks:
        scheme = replace(scheme, terms=partial(_unowed, scheme.terms))
    return scheme


def _unowed(terms: Callable[[View], Mapping[str, float]], view: View) -> Mapping[str, float]:
    return {code: term for code, term in terms(view).items() if code != "owed"}
