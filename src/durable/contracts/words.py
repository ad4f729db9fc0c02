"""Words of free-text columns that have a meaning of their own: what is missing, and outcomes."""

from __future__ import annotations

from typing import Literal

from durable.contracts.spelling import fold
from durable.language import N_, _

OutcomeClass = Literal["RECOVERED", "NOT RECOVERED", "FATAL", "UNKNOWN"]

_MISSING = (
    *("n", "no", "none", "null", "nil", "nan", "na", "n/a", "n.a.", "n.a", "n.k.", "nk", "nd"),
    *("n.d.", "n/d", "unk", "unkn", "unknown", "not applicable", "not available", "not done"),
    *("not known", "not reported", "not recorded", "not specified", "missing", "blank"),
    *("\u65e0", "\u5426", "\u6ca1\u6709", "\u4e0d\u8be6", "\u672a\u77e5", "\u4e0d\u660e"),
    *("\u672a\u67e5", "\u672a\u505a", "\u672a\u8bb0\u5f55", "\u4e0d\u9002\u7528"),
    *("\u7f3a\u5931", "\u7a7a", "\u672a\u6d4b", "\u672a\u68c0", "\u672a\u68c0\u6d4b"),
)
#: Folded words that say that there is nothing, or that it is not known.
MISSING_WORDS = frozenset(map(fold, _MISSING))
#: Signs of which a cell without content consists.
_SIGNS = frozenset(".-_/\\*?#\u00b7\u2026\u3002\u3001,;:'\"")

_OUTCOMES: dict[OutcomeClass, tuple[str, ...]] = {
    "RECOVERED": (
        *(N_("recovered"), "resolved", N_("recovered/resolved"), N_("recovered with sequelae")),
        *(N_("resolved with sequelae"), N_("recovered/resolved with sequelae"), N_("cured")),
        *("\u75ca\u6108", "\u6062\u590d", "\u5df2\u6062\u590d", "\u6cbb\u6108"),
        *("\u75ca\u6108\u4f34\u540e\u9057\u75c7", "\u6062\u590d\u4f34\u540e\u9057\u75c7"),
    ),
    "NOT RECOVERED": (
        *(
            N_("not recovered"),
            N_("not resolved"),
            N_("not recovered/not resolved"),
            N_("unresolved"),
            N_("ongoing"),
        ),
        *(
            N_("continuing"),
            N_("persisting"),
            N_("recovering"),
            N_("resolving"),
            N_("recovering/resolving"),
        ),
        *(N_("improving"), "\u672a\u6062\u590d", "\u672a\u6108", "\u672a\u75ca\u6108"),
        *("\u597d\u8f6c", "\u6301\u7eed", "\u6062\u590d\u4e2d"),
    ),
    "FATAL": (N_("fatal"), N_("death"), N_("dead"), N_("died"), "\u6b7b\u4ea1", "\u81f4\u547d"),
    "UNKNOWN": (N_("unknown"),),
}
#: Class of each folded outcome: the terms of the CDISC codelist OUT, whole and by their halves, and
#: their usual Chinese translations.
OUTCOMES: dict[str, OutcomeClass] = {
    fold(word): name for name, words in _OUTCOMES.items() for word in words
}
#: The term that each folded outcome is shown as; resolved alone is a word of other things, too.
_TERMS = {fold(word): word for words in _OUTCOMES.values() for word in words} | {
    fold("resolved"): "recovered/resolved"
}


#: First characters of what `is_missing_word` is true of, in ASCII: most texts begin otherwise.
_BEGINNINGS = frozenset(word[0] for word in MISSING_WORDS) | _SIGNS


def is_missing_word(text: str) -> bool:
    """Whether a text means missing: a word such as ``NA`` or ``not done``, or signs alone (``??``).

    Words are compared by their `fold`. False of an empty text, and of blanks.
    """
    if text.isascii() and text.strip()[:1].casefold() not in _BEGINNINGS:
        return False
    folded = fold(text)
    return folded in MISSING_WORDS or (bool(folded) and _SIGNS.issuperset(folded))


def outcome_class(text: str | None) -> OutcomeClass | None:
    """Class of an outcome by its words (`OUTCOMES`); None of None, '' and words not listed."""
    return None if text is None else OUTCOMES.get(fold(text))


def shown_outcome(text: str) -> str:
    """A recorded outcome in the language of the outputs.

    As recorded in English, and of a text that is not listed or has no translation.
    """
    term = _TERMS.get(fold(text), text)
    return text if _(term) == term else _(term)
