"""What screening records of the disease: columns of the input table `screening`.

`durable.contracts.tables.screening` makes them columns of the table. Light to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["yes_no", "result", "date", "dose", "outcome"]

#: Outcomes of glucocorticoids before screening, and of the other earlier therapies.
GLUCOCORTICOID_OUTCOMES = ("intolerant", "unresponsive", "adequate")
THERAPY_OUTCOMES = ("inadequate", "intolerant", "other")
#: Classes of earlier therapies.
GLUCOCORTICOID = "gc"
THERAPY_CLASSES = (
    *(GLUCOCORTICOID, "immunosuppressant", "ivig", "biologic", "jak", "antimalarial"),
    *("topical", "other"),
)


@dataclass(frozen=True)
class ScreeningItem:
    """A column of the screening table."""

    column: str
    label: str
    kind: ItemKind = "yes_no"


def _results(labels: dict[str, str]) -> tuple[ScreeningItem, ...]:
    return tuple(ScreeningItem(name, label, "result") for name, label in labels.items())


SKIN = ("skin_heliotrope", "skin_gottron")
MYOPATHY_ITEMS = (
    ScreeningItem("weakness_proximal", "Symmetric weakness of proximal muscles"),
    ScreeningItem("skin_heliotrope", "Heliotrope rash"),
    ScreeningItem("skin_gottron", "Gottron papules or sign"),
    ScreeningItem("emg_myopathic", "Myopathic changes in the electromyogram"),
    ScreeningItem("biopsy_positive", "Muscle biopsy in keeping with the disease"),
)
#: Antibodies by column; the one that is associated with the disease and not specific of it, and
#: those of necrotizing myopathy, stand under names of their own.
RO52 = "ro52"
NECROTIZING_ANTIBODIES = ("srp", "hmgcr")
ANTIBODIES = _results(
    {
        "mda5": "Anti-MDA5",
        "nxp2": "Anti-NXP2",
        "tif1g": "Anti-TIF1-gamma",
        "mi2": "Anti-Mi-2",
        "sae": "Anti-SAE",
        RO52: "Anti-Ro-52",
        "jo1": "Anti-Jo-1",
        "other_msa": "Another myositis-specific antibody",
        "srp": "Anti-SRP",
        "hmgcr": "Anti-HMGCR",
    }
)
NECROTIZING = ScreeningItem("imnm", "Immune-mediated necrotizing myopathy")
GLUCOCORTICOIDS = (
    ScreeningItem("gc_start", "First day of glucocorticoids", "date"),
    ScreeningItem("gc_end", "Last day of glucocorticoids; empty: ongoing", "date"),
    ScreeningItem("gc_max_mg_kg", "Highest glucocorticoid dose, prednisone equivalent", "dose"),
    ScreeningItem("gc_outcome", "Outcome of glucocorticoids", "outcome"),
)
#: What makes refractory disease severe.
FEATURES = (
    ScreeningItem("rapid_progression", "Rapidly progressive disease"),
    ScreeningItem("organ_lung", "Involvement of the lungs"),
    ScreeningItem("organ_heart", "Involvement of the heart"),
    ScreeningItem("organ_gi", "Involvement of the gastrointestinal tract"),
    ScreeningItem("calcinosis", "Calcinosis"),
    ScreeningItem("recurrent_rash", "Recurrent rash"),
    ScreeningItem("skin_ulcer", "Ulcers of the skin"),
)
SCREENING_ITEMS = (*MYOPATHY_ITEMS, *ANTIBODIES, NECROTIZING, *GLUCOCORTICOIDS, *FEATURES)
