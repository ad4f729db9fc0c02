"""Why an analysis is run or signed, as its user declares it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import TypeAdapter, ValidationError

from durable.errors import UserError
from durable.plan import Plan
from durable.sections import Line

_LINE: TypeAdapter[str] = TypeAdapter(Line)


def declared_text(option: str, value: object) -> str:
    """Text that an option declares, without blanks around it; empty where it was not given.

    Parameters
    ----------
    option
        Name of the option, for the message.
    value
        Its value: text of one line, or None where it was not given.

    Raises
    ------
    UserError
        For anything else, such as blank text.
    """
    if value is None:
        return ""
    try:
        text = _LINE.validate_python(value).strip()
        text.encode()
    except (ValidationError, UnicodeEncodeError):
        raise UserError(f"{option}: expected text of one line; found {value!r}") from None
    return text


def declared_reason(options: Iterable[str] | None) -> str:
    """The reason among the ``--config`` options of Snakemake, as it was typed; empty without.

    Of several the last counts. What Snakemake itself makes of the value is not used: it would read
    ``7`` or ``a: b`` as YAML.

    Parameters
    ----------
    options
        ``KEY=VALUE`` each; None where there are none.

    Raises
    ------
    UserError
        Where it is no text of one line.
    """
    pairs = (option.partition("=") for option in options or ())
    reasons = [value for key, _, value in pairs if key == "reason"]
    return declared_text("--config reason=", reasons[-1] if reasons else None)


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
