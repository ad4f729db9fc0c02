"""Points of the patient profiles: what is known of each infused subject, in days since infusion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from durable.derive.durations import DOR
from durable.figures import swimmer
from durable.figures.quantiles import days_since_infusion
from durable.jdm.measures import COMPONENTS, core_set_measure
from durable.jdm.parameters import SCORE
from durable.language import N_
from durable.outputs import formats
from durable.outputs.datasets import AnalysisDatasets, RecordFilter, first_infusion_records
from durable.plan import Plan
from durable.wording import capitalise, dose_level

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("subject", "group", "section", "label", "start_day", "end_day", "value", "text")
#: Parts of a profile, in the order of the page.
SECTIONS = (
    *("number", "course", "status", "score", "measure", "glucocorticoid"),
    *("cells", "therapy", "event"),
)
#: Labels of the key numbers, as the points have them.
LABELS = (
    *(N_("Age, sex"), N_("Dose level"), N_("Cells given"), N_("Infusion")),
    N_("Second infusion"),
    *(
        N_("Improved at {visit}"),
        N_("First remission"),
        N_("Worst TEAE grade"),
        N_("Cmax, {assay}"),
    ),
    DOR.title,
)
#: Texts of the key numbers; the parts of some are texts again.
TEXTS = (
    N_("{age} years, {sex}"),
    N_("{age} years"),
    N_("{number} x 10^{power} cells/kg"),
    N_("Dose level {name}"),
    N_("{concentration}, day {day}"),
    N_("day {day} ({date})"),
    N_("{months} months ({ended})"),
    N_("{grade} ({n} events, {serious} serious)"),
    N_("{status} ({details})"),
    N_("{first}; {second}"),
    *(N_("yes"), N_("no"), N_("none"), N_("no event"), N_("not evaluable"), N_("not recorded")),
    *(N_("not calculable"), N_("not applicable"), N_("not in remission by {deadline}")),
    # Events, reasons for censoring and reasons of a missing status, in small letters.
    *(N_("recurrence"), N_("progression"), N_("death"), N_("new systemic therapy")),
    *(N_("remission"), N_("improvement"), N_("glucocorticoid-free"), N_("immunosuppressant-free")),
    *(N_("drug-free remission"), N_("sustained remission"), N_("ongoing at data cut-off")),
    *(N_("missed or inadequate assessments"), N_("withdrawn"), N_("unconfirmed loss")),
    *(N_("no assessment after remission"), N_("not yet confirmed"), N_("alive at last contact")),
    *(N_("next assessment not yet due"), N_("remission not yet due")),
    *(N_("not followed to remission deadline"), N_("no assessment after infusion")),
    *(N_("partial"), N_("died"), N_("pending"), N_("not assessed")),
)
#: Columns of the input tables that a profile shows.
_THERAPIES = ("subject_id", "therapy", "start_date", "end_date", "new_systemic")
_DOSES = ("subject_id", "visit_date", "glucocorticoid_mg_kg")


def records(plan: Plan, infused: int) -> tuple[RecordFilter, ...]:
    """Filters of ADRS for the profiles; none of more infused than ``outputs.patient_profiles``."""
    if infused > plan.outputs.patient_profiles:
        return ()
    measures = (component.paramcd for component in COMPONENTS.values())
    shown: RecordFilter = {"PARAMCD": ["REMIS", SCORE.paramcd, *measures]}
    return (shown, *swimmer.records(plan, infused))


def points(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """One row for each item that a profile shows (docs/figures.md), by subject and section.

    Columns are `COLUMNS`, days count from the infusion. Without a row where nobody is infused yet,
    or more subjects are than the plan allows profiles of.
    """
    import pandas as pd

    if not 0 < len(datasets.infused_subjects) <= plan.outputs.patient_profiles:
        return pd.DataFrame(columns=list(COLUMNS))
    parts = [
        pd.DataFrame(_numbers(datasets, plan)),
        _course(datasets, plan),
        _assessments(datasets, plan),
        _glucocorticoid(datasets),
        _cells(datasets),
        _therapies(datasets),
        _events(datasets),
    ]
    kept = [part.reindex(columns=_POINT) for part in parts if len(part)]
    frame = pd.concat(kept, ignore_index=True)
    order = pd.Categorical(frame["section"], SECTIONS, ordered=True)
    frame = frame.assign(order=order).sort_values(["subject", "order"], kind="stable")
    group = frame["subject"].map(datasets.infused_subjects["DOSELVL"].fillna(""))
    return frame.assign(group=group)[list(COLUMNS)]


_POINT = [name for name in COLUMNS if name != "group"]


def _section(name: str, records: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Points of a section: of each record its subject and the columns given."""
    import pandas as pd

    subject = records["SUBJID"].astype(object).to_numpy()
    values = {key: getattr(value, "array", value) for key, value in columns.items()}
    return pd.DataFrame({"subject": subject, "section": name, **values})


def _days(datasets: AnalysisDatasets, records: pd.DataFrame, column: str) -> pd.Series[float]:
    """Days from the infusion of its subject to a date of each record."""
    infusion = records["SUBJID"].astype(object).map(datasets.infused_subjects["TRTSDT"])
    return (records[column] - infusion).dt.days.astype(float)


def _infused_records(datasets: AnalysisDatasets, records: pd.DataFrame) -> pd.DataFrame:
    return records.loc[records["SUBJID"].isin(datasets.infused_subjects.index)]


def _course(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Bars and marks of the swimmer plot, and the lymphodepletion."""
    import pandas as pd

    lane = swimmer.points(datasets, plan)
    course = lane.rename(columns={"kind": "label", "label": "text"}).assign(section="course")
    infused = datasets.infused_subjects.reset_index()
    depleted = infused.loc[infused["LDDT"].notna()]
    start = _days(datasets, depleted, "LDDT")
    return pd.concat(
        [course, _section("course", depleted, label="lymphodepletion", start_day=start)]
    )


def _assessments(datasets: AnalysisDatasets, plan: Plan) -> pd.DataFrame:
    """Remission status, score and core set measures at each assessment."""
    import pandas as pd

    adrs = _infused_records(datasets, datasets.require("adrs"))
    labels = {
        "REMIS": ("status", "", "AVALC"),
        SCORE.paramcd: ("score", SCORE.label, "REASON"),
        **{
            COMPONENTS[component].paramcd: ("measure", measure_label(name), None)
            for component, name in plan.response.measures.items()
        },
    }
    parts = []
    for code, (section, label, text) in labels.items():
        records = adrs.loc[adrs["PARAMCD"] == code]
        texts = records[text].astype(object) if text else None
        day, value = days_since_infusion(records), records["AVAL"]
        part = _section(section, records, label=label, start_day=day, value=value, text=texts)
        parts.append(part.loc[part["value"].notna() | part["section"].eq("status")])
    return pd.concat(parts)


def measure_label(name: str, shown: Callable[[str], str] = str) -> str:
    """Name of a core set measure beside its values, with its unit unless that is points or empty.

    In English, as the points have it, unless `shown` translates the words.
    """
    measure = core_set_measure(name)
    label = capitalise(shown(measure.label))
    if measure.unit in ("", "points"):
        return label
    return shown(N_("{measure} ({unit})")).format(measure=label, unit=shown(measure.unit))


def _glucocorticoid(datasets: AnalysisDatasets) -> pd.DataFrame:
    import pandas as pd

    if "visits" not in datasets.input_tables:
        return pd.DataFrame()
    visits = datasets.input_records("visits", _DOSES).rename(columns={"subject_id": "SUBJID"})
    dosed = _infused_records(datasets, visits.dropna(subset=["glucocorticoid_mg_kg", "visit_date"]))
    day, value = _days(datasets, dosed, "visit_date"), dosed["glucocorticoid_mg_kg"]
    return _section("glucocorticoid", dosed, start_day=day, value=value)


def _therapies(datasets: AnalysisDatasets) -> pd.DataFrame:
    """Therapies, those with a start in their order first."""
    import pandas as pd

    if "therapies" not in datasets.input_tables:
        return pd.DataFrame()
    therapies = datasets.input_records("therapies", _THERAPIES)
    therapies = therapies.rename(columns={"subject_id": "SUBJID"})
    therapies = _infused_records(datasets, therapies.sort_values("start_date", kind="stable"))
    return _section(
        "therapy",
        therapies,
        label=therapies["therapy"],
        start_day=_days(datasets, therapies, "start_date"),
        end_day=_days(datasets, therapies, "end_date"),
        text=therapies["new_systemic"].map({"Y": "new systemic"}),
    )


def _events(datasets: AnalysisDatasets) -> pd.DataFrame:
    """Treatment-emergent adverse events, by onset; without an end where ongoing or fatal.

    One that resolved on a day not recorded ends on the day of its start.
    """
    import pandas as pd

    if datasets.adae is None:
        return pd.DataFrame()
    adae = _infused_records(datasets, datasets.adae.loc[datasets.adae["TRTEMFL"] == "Y"])
    adae = adae.sort_values("ASTDT", kind="stable")
    lasts_to_last_contact = (adae["ONGOFL"] == "Y") | (adae["AOUT"] == "FATAL")
    end = adae["AENDT"].where(adae["AENDT"].notna() | lasts_to_last_contact, adae["ASTDT"])
    return _section(
        "event",
        adae,
        label=adae["AEDECOD"].fillna(adae["AETERM"]),
        start_day=_days(datasets, adae, "ASTDT"),
        end_day=_days(datasets, adae.assign(AENDT=end), "AENDT"),
        value=adae["AETOXGR"].astype("Float64"),
        text=adae["AESER"].map({"Y": "serious"}),
    )


def _cells(datasets: AnalysisDatasets) -> pd.DataFrame:
    """Concentrations; one below the limit of quantification at that limit, named BLQ."""
    import pandas as pd

    if datasets.adpc is None:
        return pd.DataFrame()
    adpc = _infused_records(datasets, datasets.adpc.loc[datasets.adpc["PKSUMXF"].isna()])
    is_blq = adpc["BLQFL"] == "Y"
    return _section(
        "cells",
        adpc,
        label=adpc["PARCAT1"] + " (" + adpc["AVALU"] + ")",
        start_day=adpc["AFRLT"],
        value=adpc["AVAL"].where(~is_blq, adpc["LLOQ"]),
        text=is_blq.map({True: "BLQ"}),
    )


def _numbers(datasets: AnalysisDatasets, plan: Plan) -> Iterator[dict[str, str]]:
    """The key numbers of each subject, each with its label."""
    for subject, row in datasets.infused_subjects.sort_index().iterrows():
        numbers = {
            **_demographics(row),
            **_responses(datasets, plan, str(subject), row),
            **_safety(datasets, str(subject)),
            **_peaks(datasets, str(subject)),
        }
        for label, text in numbers.items():
            yield {"subject": str(subject), "section": "number", "label": label, "text": text}


def _demographics(row: pd.Series[Any]) -> dict[str, str]:
    import pandas as pd

    level = "" if pd.isna(row["DOSELVL"]) else dose_level(str(row["DOSELVL"]))
    cells = "" if pd.isna(row["CELLSKG"]) else f"{_scientific(row['CELLSKG'])} cells/kg"
    age = "" if pd.isna(row["AGE"]) else f"{row['AGE']:g} years"
    sex = "" if pd.isna(row["SEX"]) else str(row["SEX"])
    return {
        "Age, sex": ", ".join(filter(None, (age, sex))) or "not recorded",
        "Dose level": level or "not recorded",
        "Cells given": cells or "not recorded",
        "Infusion": f"{row['TRTSDT']:%Y-%m-%d}",
        **_second_infusion(row),
    }


def _second_infusion(row: pd.Series[Any]) -> dict[str, str]:
    import pandas as pd

    date = row.get("TR02SDT")
    if date is None or pd.isna(date):
        return {}
    return {"Second infusion": f"day {(date - row['TRTSDT']).days} ({date:%Y-%m-%d})"}


def _scientific(value: float) -> str:
    """``9.61 x 10^6``."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} x 10^{int(exponent)}"


def _concentration(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _responses(
    datasets: AnalysisDatasets, plan: Plan, subject: str, row: pd.Series[Any]
) -> dict[str, str]:
    """Improvement at each visit of the rate, first remission, and the duration of response."""
    import pandas as pd

    adrs, adtte = datasets.require("adrs"), datasets.require("adtte")
    records = adrs.loc[adrs["SUBJID"] == subject]
    numbers = {}
    for visit in plan.response.improvement.visits:
        of_visit = records.loc[records["AVISIT"] == visit]
        at_visit = of_visit.loc[of_visit["ANL01FL"] == "Y"]
        improved = of_visit.loc[of_visit["PARAMCD"] == "IMPR"]
        scores = at_visit.loc[at_visit["PARAMCD"] == SCORE.paramcd, "AVAL"].dropna()
        score = f"{SCORE.paramcd} {scores.iloc[0]:g}" if len(scores) else ""
        reasons = improved["REASON"].dropna()
        reason = str(reasons.iloc[0]).lower() if len(reasons) else ""
        known = {1: "yes", 0: "no"}
        status = known.get(improved["AVAL"].iloc[0]) if len(improved) else None
        detail = "; ".join(filter(None, (score, reason)))
        numbers[f"Improved at {visit}"] = (status or "not evaluable") + (
            f" ({detail})" if detail else ""
        )
    start = row["REMSDT"]
    day = "none" if pd.isna(start) else f"day {(start - row['TRTSDT']).days} ({start:%Y-%m-%d})"
    numbers["First remission"] = day
    durations = adtte.loc[(adtte["SUBJID"] == subject) & (adtte["PARAMCD"] == DOR.code)]
    for _, duration in durations.iterrows():
        months = formats.rounded_number(
            duration["AVAL"] / plan.statistics.days_per_month, plan.outputs.month_decimals
        )
        mark = "+" if duration["CNSR"] else ""
        ended = str(duration["EVNTDESC"]).lower()
        numbers[DOR.title] = f"{months}{mark} months ({ended})"
    return numbers if len(durations) else numbers | {DOR.title: "not applicable"}


def _safety(datasets: AnalysisDatasets, subject: str) -> dict[str, str]:
    if datasets.adae is None:
        return {}
    adae = datasets.adae
    events = adae.loc[(adae["SUBJID"] == subject) & (adae["TRTEMFL"] == "Y")]
    if events.empty:
        return {"Worst TEAE grade": "no event"}
    worst = events["AETOXGR"].max()
    grade = "not recorded" if events["AETOXGR"].isna().all() else f"{worst}"
    serious = int((events["AESER"] == "Y").sum())
    return {"Worst TEAE grade": f"{grade} ({len(events)} events, {serious} serious)"}


def _peaks(datasets: AnalysisDatasets, subject: str) -> dict[str, str]:
    """Highest concentration by each assay, and its day; by unit where an assay has several."""
    import pandas as pd

    if datasets.adpp is None:
        return {}
    adpp = first_infusion_records(datasets.adpp)
    parameters = adpp.loc[adpp["SUBJID"] == subject]
    units = adpp.groupby("PARCAT1", observed=True)["PARCAT2"].nunique()
    numbers = {}
    for (assay, unit), rows in parameters.groupby(["PARCAT1", "PARCAT2"], sort=False):
        value = rows.set_index("PARCAT3")["AVAL"]
        cmax, tmax = value.get("CMAX", float("nan")), value.get("TMAX", float("nan"))
        day = "" if pd.isna(tmax) else f", day {tmax:g}"
        known = "not calculable" if pd.isna(cmax) else f"{_concentration(cmax)} {unit}{day}"
        name = f"{assay} ({unit})" if units[str(assay)] > 1 else assay
        numbers[f"Cmax, {name}"] = known
    return numbers
