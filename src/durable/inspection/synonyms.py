"""What others call the columns, tables and values of a study, in English and in Chinese.

Names of SDTM variables and labels are not repeated here: they stand in the objects of the tables.
Those of the disease are in `durable.jdm.synonyms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from durable.contracts.input_table import YES_NO, ColumnSpec
from durable.contracts.spelling import fold
from durable.contracts.tables import INPUT_TABLES
from durable.contracts.tables.screening import RESULTS
from durable.criterion import Category
from durable.eligibility import CRITERION_BY_ID, CRITERION_IDS
from durable.jdm.synonyms import MEASURE_NAMES, MEASURE_VALUES, SCREENING_NAMES

_SUBJECT = (
    *("subject", "subject id", "subjid", "usubjid", "patient", "patient id", "participant"),
    *("participant id", "record id", "record_id", "screening number", "subject no"),
    *(
        "study subject id",
        "subject code",
        "case id",
        "pt",
        "pt id",
        "ptid",
        "pt no",
        "pt number",
        "id",
    ),
    *("受试者编号", "受试者", "受试者代码", "患者编号", "患者", "病例号", "编号", "筛选号"),
    "研究编号",
)
_START = (
    "start",
    "start date",
    "date of onset",
    "begin date",
    "from",
    "开始日期",
    "起始日期",
    "开始时间",
)
_END = (
    "end",
    "end date",
    "stop date",
    "resolved",
    "date resolved",
    "date of resolution",
    "until",
    "结束日期",
    "终止日期",
    "停止日期",
)
_ATTEMPT = (
    *("screening attempt", "screening number", "attempt number", "rescreening", "screening round"),
    *("筛选次数", "第几次筛选"),
)
_REASON = ("reason", "indication", "原因", "适应症", "用药原因")

#: Columns of one row a measurement.
TEST = (
    *("test", "lbtest", "lbtestcd", "testcd", "test name", "paramcd", "param", "parameter"),
    *("analyte", "item", "measurement", "qstest", "qstestcd", "检验项目", "检查项目", "项目"),
    "指标",
)
VALUE = (
    *("value", "result", "lborres", "lbstresn", "lbstresc", "aval", "orres", "qsorres"),
    *("measured value", "score", "结果", "检验结果", "数值", "检测值", "测量值"),
)
UNIT = ("unit", "units", "lborresu", "lbstresu", "result unit", "单位")
LIMIT = (
    *("uln", "upper limit", "upper limit of normal", "lbornrhi", "lbstnrhi", "anrhi", "ref high"),
    *("upper reference", "normal high", "正常上限", "上限", "参考上限"),
)

#: Of samples, in kinetics and laboratory.
_BELOW = ("blq", "bloq", "below limit", "below lloq", "低于定量限", "低于下限")
_LLOQ = ("lower limit of quantification", "limit of quantification", "loq", "定量下限")

#: By table and native column.
_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "subjects": {
        "part": ("study part", "cohort part", "phase", "部分", "阶段", "分期"),
        "dose_level": ("dose group", "dose cohort", "cohort", "arm", "剂量水平", "剂量组", "组别"),
        "sex": ("gender", "性别"),
        "age_years": ("age", "age at consent", "age at enrolment", "年龄"),
        "consent_date": (
            *("date of informed consent", "icf date", "informed consent", "consent", "rficdtc"),
            *("rficdat", "icf", "icf signed", "consent signed", "icdt", "icdat", "icfdt", "icfdat"),
            *("consdt", "consdat"),
            *("知情同意日期", "知情同意", "签署日期", "知情日期"),
        ),
        "lymphodepletion_date": (
            *("date of lymphodepletion", "lymphodepletion", "conditioning date", "ld date"),
            *("ld start", "lymphodepletion start", "conditioning start", "fludarabine start"),
            *("lymphodepleting chemotherapy", "lymphodepletion chemotherapy"),
            *("flu cy", "flu cy start", "flucy start", "flu cy date"),
            *("清淋日期", "清淋", "预处理日期", "预处理", "预处理开始", "淋巴细胞清除日期"),
        ),
        "infusion_date": (
            *("date of infusion", "infusion", "day 0", "cell infusion", "treatment date"),
            *("rfxstdtc", "exstdat", "car t date", "cart date", "date of car t", "car t infusion"),
            *("car t infusion date", "date of car t infusion", "cell infusion date", "infdt"),
            *("infdat", "infusdt"),
            *("回输日期", "输注日期", "回输", "输注", "回输时间", "输注时间"),
        ),
        "cells_per_kg": (
            *("cells infused", "cell dose", "dose infused", "dose", "car t dose", "cells"),
            *("回输细胞数", "细胞数", "输注剂量", "回输剂量", "细胞剂量"),
        ),
        "last_contact_date": (
            *("date of last contact", "last contact", "last follow up", "last seen", "last visit"),
            *("last known alive", "lstalvdt", "last fu", "last f u", "last follow up date"),
            *("lstctdt", "lcdt", "lcdat"),
            *("末次联系日期", "末次随访日期", "末次随访", "最后随访", "最后联系"),
        ),
        "death_date": (
            *("date of death", "death", "died", "dthdat", "deathdt", "dthdt"),
            *("死亡日期", "死亡时间", "死亡"),
        ),
        "withdrawal_date": (
            *("date of withdrawal", "withdrawal", "discontinuation date"),
            *("off study", "off study date", "date off study", "early termination date"),
            *("left study", "left the study on", "date of leaving"),
            *("退出日期", "退出时间", "脱落日期"),
        ),
        "withdrawal_reason": (
            *("reason for withdrawal", "discontinuation reason", "why withdrawn"),
            *("off study reason", "reason off study", "early termination reason"),
            *("why left", "reason for leaving"),
            *("退出原因", "脱落原因"),
        ),
    },
    "visits": {
        "visit": (
            *("visit name", "visit label", "foldername", "folder", "event", "event name", "avisit"),
            *("redcap_event_name", "timepoint", "time point", "visit id"),
            *("访视", "访视名称", "随访", "随访时间点", "时间点", "访视点"),
        ),
        "visit_date": (
            *("date of visit", "visdat", "assessment date", "date of assessment", "visit date"),
            *("svstdtc", "adt", "date", "lbdat", "lbdtc", "qsdtc", "collection date", "visdt"),
            *("vsdat", "visitdt", "visitdat", "vstdt", "svdt", "svstdt", "svstdat", "lbdt"),
            *("访视日期", "随访日期", "评估日期", "检查日期", "日期"),
        ),
    },
    "therapies": {
        "therapy": (
            *("drug", "medication", "treatment", "drug name", "medicine", "concomitant medication"),
            *("药物", "药物名称", "用药", "药品", "治疗", "药名"),
        ),
        "start_date": (*_START, "cmstdat", "astdt", "用药开始", "开始用药"),
        "end_date": (*_END, "cmendat", "aendt", "用药结束", "停药日期", "停药"),
        "new_systemic": (
            *("new systemic therapy", "rescue", "rescue therapy", "new therapy", "new treatment"),
            *("新增治疗", "新增系统治疗", "补救治疗", "挽救治疗", "新治疗"),
        ),
        "reason": _REASON,
    },
    "adverse_events": {
        "ae_id": (
            "ae number",
            "event id",
            "ae no",
            "aeno",
            "aeseq",
            "aespid",
            "序号",
            "编号",
            "事件编号",
        ),
        "term": (
            *(
                "ae",
                "adverse event",
                "event",
                "event term",
                "verbatim term",
                "ae term",
                "description",
            ),
            *("不良事件", "不良事件名称", "事件名称", "症状"),
        ),
        "preferred_term": (
            *("pt", "meddra pt", "ae pt", "aeterm pt", "pt term", "pt name", "decoded term"),
            *("首选术语", "首选语"),
        ),
        "system_organ_class": ("soc", "meddra soc", "body system", "系统器官分类", "系统器官"),
        "start_date": (*_START, "aestdat", "astdt", "发生日期", "发生时间"),
        "end_date": (*_END, "aeendat", "aendt", "转归日期", "消失日期", "恢复日期"),
        "ctcae_grade": (
            *("grade", "toxicity grade", "severity grade", "ctcae", "severity", "aegr", "atoxgr"),
            *("分级", "级别", "等级", "严重程度", "ctcae分级"),
        ),
        "astct_grade": ("astct", "crs grade", "icans grade", "astct分级", "crs分级"),
        "serious": ("sae", "serious event", "seriousness", "是否严重", "严重不良事件", "是否sae"),
        "related": (
            *("arel", "relationship", "causality", "related to treatment", "related to car t"),
            *("是否相关", "相关性", "因果关系", "与细胞相关"),
        ),
        "dlt": ("dose limiting toxicity", "剂量限制性毒性", "是否dlt"),
        "aesi": ("special interest", "event of special interest", "特别关注", "特别关注不良事件"),
        "outcome": ("outcome of event", "转归", "结局"),
        "ae_seq": (),
    },
    "laboratory": {
        "sample_date": (
            *("date of sample", "sampling date", "collection date", "lbdat", "date", "draw date"),
            *("test date", "visit date", "assessment date", "labdt", "labdat", "sampdt", "lbdt"),
            *("visdt", "visdat", "visitdt", "visitdat", "采样日期", "采血日期", "检验日期"),
            *("检测日期", "检查日期", "访视日期", "日期"),
        ),
        "sample_time": ("time of sample", "sampling time", "lbtim", "采样时间", "采血时间"),
        "test": TEST,
        "unit": UNIT,
        "value": VALUE,
        "below_lloq": _BELOW,
        "lloq": _LLOQ,
        "lower_limit": (
            *("lln", "lower limit", "lower reference", "lbornrlo", "anrlo", "ref low"),
            *("normal low", "正常下限", "参考下限"),
        ),
        "upper_limit": LIMIT,
    },
    "kinetics": {
        "sample_date": (
            *("date of sample", "sampling date", "collection date", "pcdat", "date", "draw date"),
            *("pcdt", "sampdt"),
            *("采样日期", "采血日期", "样本日期", "检测日期", "日期"),
        ),
        "sample_time": ("time of sample", "sampling time", "pctim", "采样时间", "采血时间"),
        "nominal_day": ("day", "study day", "nominal time", "planned day", "visit day", "天数"),
        "assay": ("method", "test", "test name", "analyte", "检测方法", "方法", "检测项目"),
        "unit": ("units", "result unit", "单位"),
        "value": (
            *(
                "result",
                "concentration",
                "copies",
                "aval",
                "结果",
                "检测值",
                "数值",
                "拷贝数",
                "检测结果",
            ),
        ),
        "below_lloq": _BELOW,
        "lloq": _LLOQ,
        "exclusion_reason": (
            *("reason excluded", "reason for exclusion", "exclude reason", "排除原因", "剔除原因"),
        ),
    },
    "lymphodepletion": {
        "administration_date": (
            *(
                "date of administration",
                "administration date",
                "dose date",
                "dosing date",
                "exstdtc",
                "exstdat",
            ),
            *("date", "给药日期", "用药日期", "日期"),
        ),
        "medicine": (
            *("drug", "drug name", "agent", "treatment", "extrt", "药物", "药物名称", "药品"),
        ),
        "dose": ("dose given", "daily dose", "exdose", "剂量", "给药剂量"),
        "unit": ("units", "dose unit", "exdosu", "单位", "剂量单位"),
    },
    "screening": {
        "attempt": _ATTEMPT,
        "screening_date": (
            *("date of screening", "screening visit date", "date screened", "scrdat"),
            *("筛选日期", "筛选时间"),
        ),
        "enrolment_date": ("enrolled on", "enrollment date", "rfstdtc", "入组日期", "入组时间"),
        "birth_date": ("dob", "birth date", "brthdat", "brthdtc", "出生日期", "生日"),
        "lvef": ("ejection fraction", "lv ef", "ef", "左室射血分数", "射血分数"),
        "ecg_cs": ("ecg clinically significant", "ecg abnormal", "心电图异常"),
        "egfr": ("gfr", "glomerular filtration rate", "估算肾小球滤过率", "肾小球滤过率"),
        "creatinine": ("crea", "creat", "serum creatinine", "scr", "肌酐", "血肌酐"),
        "height_cm": ("height", "body height", "身高"),
        "tbil": ("total bilirubin", "bilirubin", "bili", "总胆红素", "胆红素"),
        "tbil_uln": ("bilirubin uln", "bili uln", "总胆红素上限"),
        "spo2": ("oxygen saturation", "o2 sat", "sao2", "血氧饱和度", "氧饱和度"),
        "lung_normal": ("pulmonary function normal", "lung function", "肺功能正常"),
        "venous_access": ("veins suitable", "静脉通路"),
        "apheresis_contraindication": ("apheresis contraindicated", "单采禁忌", "单采禁忌症"),
        "childbearing": ("wocbp", "childbearing potential", "育龄", "有生育能力"),
        "urine_hcg": ("urine pregnancy test", "urine hcg result", "尿妊娠试验", "尿hcg"),
        "urine_hcg_date": ("urine pregnancy test date", "尿妊娠试验日期"),
        "contraception_agreed": ("contraception", "避孕"),
        "blood_hcg": ("serum pregnancy test", "serum hcg", "血妊娠试验", "血hcg"),
        "blood_hcg_date": ("serum pregnancy test date", "serum hcg date", "血妊娠试验日期"),
        "consent_guardian_date": (
            *("guardian consent", "parent consent", "parental consent date", "consent of parent"),
            *("监护人知情同意日期", "监护人签署日期"),
        ),
        "assent_date": ("assent", "assent of the child", "child assent", "儿童知情同意日期"),
        "prior_cart": ("prior car t", "previous car t", "earlier car t", "既往cart"),
        "other_autoimmune": ("other autoimmune disease", "其他自身免疫病"),
        "pid": ("primary immune deficiency", "原发性免疫缺陷"),
        "sid_uncorrected": ("uncorrected secondary immunodeficiency", "继发性免疫缺陷"),
        "serious_infection": ("severe infection", "严重感染"),
        "tb_active": ("active tb", "活动性结核"),
        "tb_latent": ("latent tb", "潜伏性结核"),
        "hepatitis_active": ("acute hepatitis", "活动性肝炎"),
        "malignancy": ("cancer", "malignant disease", "恶性肿瘤"),
        "congenital_heart": ("chd", "先天性心脏病"),
        "ami_date": ("myocardial infarction date", "date of mi", "心肌梗死日期"),
        "arrhythmia_severe": ("serious arrhythmia", "严重心律失常"),
        "pericardial_effusion_large": ("pericardial effusion", "大量心包积液"),
        "myocarditis_severe": ("myocarditis", "重症心肌炎"),
        "vasopressor": ("vasopressors", "血管活性药物"),
        "infection_controlled": ("infection under control", "感染已控制"),
        "sot_hsct_date": ("transplantation date", "transplant date", "移植日期"),
        "agvhd_grade": ("acute gvhd grade", "agvhd", "急性移植物抗宿主病分级"),
        "agvhd_date": ("acute gvhd date", "急性移植物抗宿主病日期"),
        "hbsag": ("hepatitis b surface antigen", "hbv surface antigen", "乙肝表面抗原"),
        "hbcab": ("hepatitis b core antibody", "anti hbc", "乙肝核心抗体"),
        "hbv_dna": ("hepatitis b dna", "乙肝病毒dna"),
        "hcv_ab": ("hcv antibody", "anti hcv", "hepatitis c antibody", "丙肝抗体"),
        "hcv_rna": ("hepatitis c rna", "丙肝病毒rna"),
        "hiv_ab": ("hiv", "hiv antibody", "anti hiv", "hiv抗体", "艾滋病抗体"),
        "syphilis": ("syphilis test", "tppa", "rpr", "梅毒"),
        "cmv_dna": ("cmv", "cytomegalovirus dna", "巨细胞病毒dna"),
        "live_vaccine_date": ("last live vaccine", "live vaccination date", "活疫苗接种日期"),
        "other_trial_last_date": ("end of other trial", "其他临床试验结束日期"),
        "investigator_exclusion": ("excluded by investigator", "研究者判断不适合"),
        "reason": _REASON,
    },
    "eligibility": {
        "attempt": _ATTEMPT,
        "criterion": (
            *("criterion id", "criterion number", "criteria", "ietestcd", "ie criterion"),
            *("inclusion exclusion criterion", "标准", "入排标准", "标准编号"),
        ),
        "answer": (
            *("met", "criterion met", "fulfilled", "response", "ieorres", "yes no"),
            *("是否符合", "是否满足", "判断"),
        ),
        "answer_date": ("date of answer", "iedtc", "iedat", "date assessed", "判断日期"),
        "waiver": ("waived", "waiver granted", "exemption", "豁免"),
        "comment": ("comments", "remark", "remarks", "note", "notes", "备注", "说明"),
    },
}
#: Words in the name of a file, sheet or form, of the tables that a draft can have.
TABLE_NAMES: Mapping[str, tuple[str, ...]] = {
    "subjects": (
        *("subjects", "subject", "demographics", "demog", "patients", "dm", "adsl", "enrolment"),
        *("受试者", "患者", "人口学", "基本信息", "基线资料", "入组"),
    ),
    "visits": (
        *("visits", "visit", "assessments", "efficacy", "qs", "labs", "lab", "laboratory"),
        *("follow up", "followup", "访视", "随访", "评估", "疗效", "实验室", "化验"),
    ),
    "therapies": (
        *("therapies", "medications", "concomitant", "conmed", "cm", "drugs", "treatments"),
        *("用药", "合并用药", "伴随用药", "药物", "治疗"),
    ),
    "adverse_events": (
        *("adverse events", "adverse", "ae", "aes", "adae", "safety", "toxicity"),
        *("不良事件", "安全性", "不良反应"),
    ),
    "laboratory": ("laboratory results", "adlb", "lb", "haematology", "实验室结果"),
    "kinetics": (
        *("kinetics", "pk", "pc", "adpc", "kin", "qpcr", "vcn", "expansion", "car t levels"),
        *("动力学", "药代", "扩增", "拷贝数"),
    ),
    "lymphodepletion": (
        *("lymphodepletion", "conditioning", "lymphodepleting chemotherapy"),
        *("清淋", "清淋预处理", "清淋化疗", "预处理"),
    ),
    # After the others: where a sheet of visits or subjects goes with both alike, it is theirs.
    "screening": ("screening", "screening data", "eligibility data", "筛选", "筛选资料"),
    "eligibility": (
        *("eligibility", "inclusion exclusion", "inclusion exclusion criteria", "criteria", "ie"),
        *("入排标准", "入选排除标准", "纳入排除标准"),
    ),
}
#: Names of a form of what is given in the study.
EXPOSURE = ("ex", "exposure", "dosing", "study treatment", "drug administration", "给药")
#: Parts of names of the infusion, and of what is given before it.
CELLS = ("car-t", "car t", "cart", "car19", "cd19", "cd 19", "cell", "细胞")
LYMPHODEPLETION = ("fludarabine", "cyclophosphamide", "bendamustine", "氟达拉滨", "环磷酰胺")

#: Results of a sample that is below the limit of quantification, folded.
BELOW_LLOQ = frozenset(
    map(
        fold,
        (
            *("blq", "bloq", "bql", "blloq", "<lloq", "< lloq", "<loq", "below lloq", "below loq"),
            *("below limit of quantification", "below the limit of quantification"),
            *("not detected", "undetected", "undetectable", "not quantifiable", "<lod", "<lld"),
            *("低于定量限", "低于定量下限", "低于检测限", "低于检测下限", "未检出", "检测不到"),
        ),
    )
)
_YES = ("y", "yes", "true", "1", "是", "有", "√", "✓", "checked", "related", "相关")
_NO = (
    *("n", "no", "false", "0", "否", "无", "没有", "\u00d7", "unchecked", "not related", "无关"),
    "不相关",
)
_POSITIVE = ("pos", "positive", "+", "reactive", "detected", "阳性", "(+)")
_NEGATIVE = (
    *("neg", "negative", "-", "non-reactive", "nonreactive", "not detected", "undetected"),
    *("阴性", "(-)"),
)
_VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "answer": {
        "Y": (*_YES, "met", "fulfilled", "符合", "满足"),
        "N": (*_NO, "not met", "unmet", "not fulfilled", "不符合", "不满足"),
        "NA": ("na", "n/a", "not applicable", "不适用"),
    },
    "sex": {
        "M": ("m", "male", "boy", "man", "男", "男性", "男孩"),
        "F": ("f", "female", "girl", "woman", "女", "女性", "女孩"),
    },
    "part": {
        "A": ("a", "part a", "phase a", "a部分", "a期", "a组"),
        "B": ("b", "part b", "phase b", "b部分", "b期", "b组"),
    },
}


def synonyms(table: str, column: ColumnSpec) -> Iterator[str]:
    """Names that a native column may have in files, beside its own; the label first."""
    if column.name == "subject_id":
        yield from _SUBJECT
        return
    yield column.label.split(";")[0]
    yield from _COLUMNS.get(table, {}).get(column.name, ())
    yield from MEASURE_NAMES.get(column.name, ())
    if table == "screening":
        yield from SCREENING_NAMES.get(column.name, ())


_CRITERIA: Mapping[Category, tuple[str, ...]] = {
    "INCLUSION": (
        *("i", "in", "inc", "incl", "inclusion", "inclusion criterion", "inclusion criteria"),
        *("入选标准", "纳入标准", "入选", "纳入"),
    ),
    "EXCLUSION": (
        *("e", "ex", "exc", "excl", "exclusion", "exclusion criterion", "exclusion criteria"),
        *("排除标准", "排除"),
    ),
}


def _criterion_names(criterion: str) -> Iterator[str]:
    """How others number a criterion: I1, INCL01, Inclusion criterion no. 1, 入选标准1."""
    number = int(criterion[1:])
    for word in _CRITERIA[CRITERION_BY_ID[criterion].category]:
        for sign in ("", "-", "_", ".", "#", "no.", "no", "number"):
            yield from (f"{word}{sign}{digits}" for digits in (f"{number}", f"{number:02}"))


@cache
def value_words(column: ColumnSpec) -> dict[str, str]:
    """By folded word (`fold`) the native value of a column that it means: "male" gives "M".

    The native values are among the words; empty for a column with neither values nor such words.
    """
    words: Mapping[str, tuple[str, ...]] = _VALUES.get(column.name, {})
    if column.allowed == YES_NO:
        words = {"Y": _YES, "N": _NO}
    if column.allowed == RESULTS:
        words = {"POS": _POSITIVE, "NEG": _NEGATIVE}
    if column.allowed == CRITERION_IDS:
        words = {name: tuple(_criterion_names(name)) for name in CRITERION_IDS}
    words = words or MEASURE_VALUES.get(column.name, {})
    own = {fold(value): value for value in column.allowed}
    return {fold(word): value for value, found in words.items() for word in found} | own


def names_one(treatment: str, names: Iterable[str]) -> bool:
    """Whether the name of a treatment contains one of `names`, which are in lower case."""
    return any(name in treatment.casefold() for name in names)


@cache
def specs(table: str) -> tuple[ColumnSpec, ...]:
    """The native columns of a table, in their order."""
    return INPUT_TABLES[table].columns
