"""Names of the variables of ADSL, in their order. Light to import."""

from __future__ import annotations

from durable.jdm.parameters import ATTAINABLE_SCORE, ENZYME_AT_BASELINE, ENZYME_FOLLOWED

#: Those of any study, but for the flags of imputed dates.
SUBJECT_VARIABLES = (
    *("STUDYID", "USUBJID", "SUBJID", "SITEID", "PART", "DOSELVL", "CELLSKG", "CELLSKG2"),
    *("AGE", "AGEU", "SEX", "RACE", "ETHNIC", "ARM", "TRT01P", "TRT01A", "RFICDT", "APHDT"),
    *("LDDT", "TRTSDT", "TR02SDT", "LSTALVDT", "DTHDT", "EOSDT", "DCSREAS"),
    *("CUTDT", "CUTDY", "DTHDY"),
    *("ENRLFL", "LDFL", "SAFFL", "ELIGFL", "DVELIG", "REMFL", "DTHFL", "BLDT"),
    *(ENZYME_FOLLOWED.name, ENZYME_AT_BASELINE.name, ATTAINABLE_SCORE.name),
    *("BLREMFL", "REMSDT", "NSTDT", "NSTTYP", "NSTPREFL", "SRCDOM", "SRCVAR", "SRCSEQ"),
)
