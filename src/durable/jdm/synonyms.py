"""What others call the measures of the disease, in English and in Chinese: data for drafts.

Light to import.
"""

from __future__ import annotations

from collections.abc import Mapping

from durable.jdm.measures import ENZYMES

#: Not ``pga`` alone: it is the physician's global assessment in one study, the patient's or the
#: parent's in the next.
_MEASURES: Mapping[str, tuple[str, ...]] = {
    "physician_global": (
        *("phga", "phyga", "physician vas", "phys vas", "phys_vas", "physglob", "phyglob"),
        *(
            "physician global vas",
            "md global",
            "physician global activity",
            "physician global assessment",
        ),
        *("医师评分", "医师总体评估", "医生评分", "医生总体评估", "医师整体评估", "医师vas"),
        *("医生vas", "md vas", "doctor vas", "physician visual analogue scale"),
        *("physician pga", "doctor pga", "md pga", "investigator pga"),
    ),
    "parent_global": (
        *("paga", "ptga", "patga", "parent vas", "patient global", "parent global assessment"),
        *(
            "parglob",
            "pga pt",
            "pt pga",
            "pt global",
            "parent pga",
            "patient pga",
            "patient parent pga",
        ),
        *("patient parent global", "family global", "parent patient vas"),
        *("家长评分", "家长总体评估", "患者总体评估", "家长vas", "家长整体评估"),
        *("患者vas", "父母vas", "parent visual analogue scale"),
    ),
    "cmas": ("cmas score", "cmastot", "cmas total", "儿童肌炎评估量表", "cmas评分", "cmas总分"),
    "mmt8": ("mmt", "mmt 8", "mmttot", "mmt8 total", "manual muscle testing", "徒手肌力", "肌力"),
    "chaq": ("chaqidx", "chaq score", "chaq disability index", "c haq", "儿童健康评估问卷"),
    "chq_phs": ("chq", "chqphs", "chq phs", "chq physical", "chq pf50 phs"),
    "das": ("dastot", "das total", "disease activity score", "das评分", "疾病活动度评分"),
    "extramuscular": (
        *("extram", "em", "extramuscular vas", "extramuscular global", "emga", "myoact"),
        *("肌外活动", "肌外评分", "肌外疾病活动", "肌外vas"),
    ),
    "ck": ("cpk", "creatine kinase", "creatinkinase", "肌酸激酶"),
    "aldolase": ("ald", "aldol", "醛缩酶"),
    "ast": ("got", "asat", "sgot", "aspartate aminotransferase", "谷草转氨酶", "天冬氨酸转氨酶"),
    "alt": ("gpt", "alat", "sgpt", "alanine aminotransferase", "谷丙转氨酶", "丙氨酸转氨酶"),
    "ldh": ("lactate dehydrogenase", "乳酸脱氢酶"),
    "glucocorticoid_mg_kg": (
        *(
            "gcdose",
            "predn",
            "gc",
            "gc dose",
            "steroid dose",
            "prednisone dose",
            "prednisolone mg kg",
        ),
        *("steroid", "steroids", "glucocorticoid", "prednisone", "prednisolone", "pred mg kg"),
        *("glucocorticoid dose", "gcmgkg", "激素剂量", "糖皮质激素剂量", "泼尼松剂量", "激素"),
    ),
    "immunosuppressant": (
        *("isyn", "immunosup", "immunsup", "immunosuppressants", "on immunosuppressant"),
        *("immunosuppressive therapy", "on is", "immunosuppression", "on immunosuppression"),
        *("免疫抑制剂", "是否使用免疫抑制剂"),
    ),
    "investigator_assessment": (
        *("invass", "inv", "investigator", "invasses", "investigator response", "overall response"),
        *("response", "response status", "investigator assessment of response"),
        *("disease status", "研究者评估", "疗效评估", "研究者评价", "疾病状态"),
        *("疗效判断", "疗效评价", "疗效判定", "研究者判断"),
    ),
    "jdmai1": ("jdmai 1",),
    "jdmai2": ("jdmai 2",),
}
#: Words beside the name of a score for a part of it, or another one.
PARTS_OF_SCORES = ("skin", "muscle", "mental", "pain")
_LIMIT_WORDS = ("uln", "upper limit", "upper limit of normal", "high", "正常上限", "上限")

#: By native column of the visits.
MEASURE_NAMES: Mapping[str, tuple[str, ...]] = dict(_MEASURES) | {
    enzyme.uln: tuple(
        f"{name} {word}"
        for name in (enzyme.column, *_MEASURES[enzyme.column])
        for word in _LIMIT_WORDS
    )
    for enzyme in ENZYMES.values()
}
#: By native column of the visits the values, and what they may be called.
MEASURE_VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "investigator_assessment": {
        "remission": ("remission", "cr", "complete response", "inactive", "缓解", "完全缓解"),
        "improved": (
            "improved",
            "improvement",
            "pr",
            "partial response",
            "better",
            "好转",
            "改善",
            "部分缓解",
        ),
        "stable": ("stable", "sd", "stable disease", "unchanged", "稳定", "无变化"),
        "recurrence": ("recurrence", "relapse", "flare", "复发"),
        "progression": ("progression", "pd", "progressive disease", "worse", "进展", "加重"),
    }
}
#: By column of the screening table what it may be called beside its label.
SCREENING_NAMES: Mapping[str, tuple[str, ...]] = {
    "weakness_proximal": ("proximal weakness", "muscle weakness", "近端肌无力", "肌无力"),
    "skin_heliotrope": ("heliotrope", "向阳疹", "眶周皮疹"),
    "skin_gottron": ("gottron", "gottron sign", "gottron papules", "gottron征"),
    "emg_myopathic": ("emg", "emg result", "myopathic emg", "肌电图", "肌源性损害"),
    "biopsy_positive": ("biopsy", "muscle biopsy", "biopsy result", "肌活检", "肌肉活检"),
    "mda5": ("mda 5", "anti mda5 antibody", "抗mda5抗体"),
    "nxp2": ("nxp 2", "anti nxp2 antibody", "抗nxp2抗体"),
    "tif1g": ("tif1", "tif1 gamma", "tif1\u03b3", "抗tif1\u03b3抗体"),
    "mi2": ("mi 2", "anti mi2 antibody", "抗mi2抗体"),
    "sae": ("sae1", "anti sae antibody", "抗sae抗体"),
    "ro52": ("ro 52", "anti ro52", "ssa 52", "抗ro52抗体"),
    "jo1": ("jo 1", "anti jo1", "抗jo1抗体"),
    "other_msa": ("other msa", "other myositis antibody", "其他肌炎特异性抗体"),
    "srp": ("anti srp antibody", "抗srp抗体"),
    "hmgcr": ("anti hmgcr antibody", "抗hmgcr抗体"),
    "imnm": ("necrotizing myopathy", "necrotising myopathy", "坏死性肌病"),
    "gc_start": ("steroid start", "glucocorticoid start", "激素开始日期"),
    "gc_end": ("steroid end", "glucocorticoid end", "激素结束日期"),
    "gc_max_mg_kg": (
        *("highest steroid dose", "maximum steroid dose", "max gc dose", "激素最大剂量"),
    ),
    "gc_outcome": ("steroid outcome", "response to steroids", "激素疗效"),
    "rapid_progression": ("rapidly progressive", "快速进展"),
    "organ_lung": ("lung involvement", "ild", "interstitial lung disease", "肺受累"),
    "organ_heart": ("heart involvement", "cardiac involvement", "心脏受累"),
    "organ_gi": ("gi involvement", "gastrointestinal involvement", "消化道受累"),
    "calcinosis": ("calcification", "钙质沉着", "皮下钙化"),
    "recurrent_rash": ("relapsing rash", "反复皮疹"),
    "skin_ulcer": ("skin ulceration", "ulcers", "皮肤溃疡"),
}
