"""Why an analysis is run or signed, as its user declares it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import TypeAdapter, ValidationError

from durable.errors import UserError
from durable.plan import Plan
from durable.sections import Line

_LINE: TypeAdapter[str] = TypeAdapter(Line)


def declared_text(option: str, given: object) -> str:
    """Text that an option declares; empty where it was not given.

    Parameters
    ----------
    option
        Name of the option, for the message.
    given
        Its value: text of one line.

    Raises
    ------
    UserError
        For anything else.
    """
    if given is None:
        return ""
    try:
        text = _LINE.validate_python(given).strip()
        text.encode()
    except (ValidationError, UnicodeEncodeError):
        raise UserError(f"{option}: expected text of one line; found {given!r}") from None
    return text


def declared_reason(options: Iterable[str] | None) -> str:
    """The reason among the ``--config`` options of Snakemake, as it was typed.

    What Snakemake itself makes of the value is not used: it would read ``7`` or ``a: b`` as YAML.

    Parameters
    ----------
    options
        ``KEY=VALUE`` each; None where there are none.
    """
    pairs = (option.partition("=") for option in options or ())
    given = [value for key, _, value in pairs if key == "reason"]
    return declared_text("--config reason=", given[-1] if given else None)


def refuse_undeclared(plan: Plan, reason: str, jobs: Collection[str] = ("record",)) -> None:
    """Refuse to record, or to sign, without a reason where the plan asks for one.

    Parameters
    ----------
    jobs
        Rules that will be run; none but ``record`` needs a reason.

    Raises
    ------
    UserError
        With the way to give one.
    """
    if "record" in jobs and plan.governance.reason_required and not reason:
        raise UserError(
            "governance.reason_required: say why, by --reason TEXT of durable run or sign,"
            " or by --config reason=TEXT of snakemake"
        )
