"""All figures: files, layout, odd input; and that each draws what its CSV says."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from pypdf import PdfReader

from durable.contents import NUMBERS
from durable.errors import UserError
from durable.figures import drawings, kaplan_meier, kinetics, swimmer
from durable.figures.captions import caption_of, figures_drawn
from durable.figures.core_set import axis_ends
from durable.figures.doses import dose_levels, dose_ranks, doses_of, with_ranks
from durable.figures.drawings import draw_all
from durable.figures.points import Points, drawable, read_points, short, short_names
from durable.figures.saving import accessible, save
from durable.figures.spec import FigureSpec
from durable.figures.style import (
    WIDTH,
    settings,
    text_width,
    thin_labels,
    wrap,
)
from durable.jdm.response import Response, Scale
from durable.plan import Statistics
from durable.stage import STAGES
from tests.derive.build import plan
from tests.figures import point_texts
from tests.figures.layout import MONITORED as PLAN
from tests.figures.layout import SPECS, drawn, misplaced, smallest_type, words

SVG = "{http://www.w3.org/2000/svg}"
OF_SUBJECTS = ("swimmer", "tis", "waterfall", "csm", "kinetics", "bcells", "glucocorticoid")
OF_THE_GROUP = ("cuminc", "inresponse", "monitoring", "sensitivity")
#: Those that name each subject.
NAMED = ("swimmer", "tis", "waterfall")


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    with settings():
        yield


def data(axes: Axes, gid: str) -> list[tuple[float, float]]:
    """Points of the lines with this id."""
    return [
        (float(x), float(y))
        for line in axes.get_lines()
        if line.get_gid() == gid
        for x, y in zip(*line.get_data(), strict=True)
    ]


# The page


@pytest.mark.parametrize("n", [1, 10, 40])
@pytest.mark.parametrize("name", [*OF_SUBJECTS, *OF_THE_GROUP])
def test_text_is_legible_within_the_page_and_apart(tmp_path: Path, name: str, n: int) -> None:
    figure = drawn(name, point_texts.study(n)[name], tmp_path)
    assert misplaced(figure) == []
    assert smallest_type(figure) >= 8
    assert figure.get_figwidth() == pytest.approx(WIDTH / 25.4)
    assert figure.get_figheight() < 250 / 25.4


@pytest.mark.parametrize("name", [name for name in OF_SUBJECTS if name != "swimmer"])
def test_thousands_of_subjects_still_make_one_page_that_says_what_it_shows(
    tmp_path: Path, name: str
) -> None:
    figure = drawn(name, point_texts.study(500)[name], tmp_path)
    assert figure.get_figheight() < 250 / 25.4
    assert any("500 subjects" in text for text in words(figure))
    assert misplaced(figure) == []


_NOTHING = ("No subjects", "No analyses", "No profiles", "No glucocorticoid dose is recorded")


@pytest.mark.parametrize("name", SPECS)
def test_file_without_rows_is_a_figure_that_says_so(tmp_path: Path, name: str) -> None:
    figure = drawn(name, ",".join(SPECS[name].columns) + "\n", tmp_path)
    assert [text for text in words(figure) if text.startswith(_NOTHING)]
    assert misplaced(figure) == []


def test_heading_names_number_study_population_and_cutoff_and_the_foot_source_and_plan(
    tmp_path: Path,
) -> None:
    found = words(drawn("swimmer", point_texts.swimmer(3), tmp_path))
    assert "Figure 14.2.7. Swimmer plot of individual subjects" in found
    assert "Safety Analysis Set (all infused); data cut-off 2024-06-30" in found
    text, digest = " ".join(found), PLAN.digest(STAGES["figures"].sections)[:12]
    assert "Source: ADSL, ADRS, ADTTE; plotted values in f_swimmer.csv." in text
    assert "durable.figures.swimmer. Data as of 2024-06-30." in text
    assert digest in text
    assert "durable.figures.kaplan_meier" in caption_of(SPECS["km_dor"], PLAN).text


def test_footnotes_follow_the_plan() -> None:
    usual = " ".join(caption_of(SPECS["km_dor"], PLAN).notes)
    assert "Events: recurrence, progression, death and new systemic therapy." in usual
    response = Response.model_validate({"new_therapy": {"duration": "treatment_policy"}})
    statistics = Statistics(conf_level=0.9, km_ci="plain")
    other = PLAN.model_copy(update={"response": response, "statistics": statistics})
    changed = " ".join(caption_of(SPECS["km_dor"], other).notes)
    assert "Events: recurrence, progression and death." in changed
    intervals = " ".join(caption_of(SPECS["sensitivity"], other).notes)
    assert "90% CIs: exact (Clopper-Pearson) for rates, Kaplan-Meier (plain)" in intervals


def test_footnotes_of_an_endpoint_name_its_events_and_no_others() -> None:
    notes = {
        name: " ".join(SPECS[f"km_{name}"].footnotes(PLAN))
        for name in ("dor", "efs", "ttrem", "ttimp", "os")
    }
    events = "recurrence, progression, death"
    assert f"Events: {events} and new systemic therapy." in notes["dor"]
    assert f"Events: {events}, new systemic therapy and not in remission by M6" in notes["efs"]
    assert "Events: first remission." in notes["ttrem"]
    assert "Events: first improvement." in notes["ttimp"]
    assert "Events: death." in notes["os"]


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_every_figure_has_notes_and_reads_only_what_its_stage_declares(spec: FigureSpec) -> None:
    declared = PLAN.restrict_to(STAGES["figures"].sections)
    notes = caption_of(spec, declared).notes
    assert len(notes) >= 2
    assert notes == caption_of(spec, PLAN).notes


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_footnotes_take_at_most_three_lines(spec: FigureSpec) -> None:
    lines = [line for note in spec.footnotes(PLAN) for line in wrap(note)]
    assert 1 <= len(lines) <= 3


def test_numbers_of_figures_do_not_depend_on_which_are_there() -> None:
    numbered = [caption_of(spec, PLAN).label for spec in SPECS.values()]
    assert numbered == [f"Figure {NUMBERS[f'f_{name}']}" for name in SPECS]


# Text from data is text


ODD = ("$x$", "$\\frac{", "<script>alert(1)</script>", "_hidden", "a%s{0}", "^_{")


@pytest.mark.parametrize("name", NAMED)
def test_odd_names_are_drawn_as_they_are(tmp_path: Path, name: str) -> None:
    csv = point_texts.study(len(ODD))[name].replace("cells/µL", "$\\mu$L")
    for place, odd in enumerate(ODD):
        csv = csv.replace(f"CQ-{place + 1:03d}", odd)
    figure = drawn(name, csv, tmp_path)
    # Not compared whole: a name may stand with its group.
    assert [odd for odd in ODD if not any(short(odd) in text for text in words(figure))] == []
    assert misplaced(figure) == []


def test_odd_titles_of_analyses_are_drawn_as_they_are(tmp_path: Path) -> None:
    title = "$a_1$ & <b>bold</b>"
    csv = point_texts.sensitivity().replace("Observed case", title)
    assert title in words(drawn("sensitivity", csv, tmp_path))


def test_markup_in_names_is_escaped_in_the_svg(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    csv = point_texts.swimmer(3).replace("CQ-002", "<script>--></script>")
    (folder / "f_swimmer.csv").write_text(csv)
    draw_all(PLAN, tmp_path)
    text = (folder / "f_swimmer.svg").read_text()
    assert "<script" not in text
    ET.fromstring(text)


def test_quoting_for_spreadsheets_is_undone() -> None:
    assert drawable("'-001") == "-001"
    assert drawable("'s Gravenhage") == "'s Gravenhage"


def test_control_characters_and_line_ends_become_blanks() -> None:
    assert drawable("a\nb\x00c\x1b") == "a b c"


def test_long_names_lose_their_middle() -> None:
    assert short("NCT06569472-CN-SITE-01-0001") == "NCT06569472…ITE-01-0001"
    assert short("CQ-001") == "CQ-001"


@pytest.mark.parametrize("name", OF_SUBJECTS)
def test_long_names_leave_room_for_the_figure(tmp_path: Path, name: str) -> None:
    csv = point_texts.study(10)[name].replace("CQ-", "NCT06569472-CHONGQING-SITE-")
    assert misplaced(drawn(name, csv, tmp_path)) == []


def test_names_that_would_be_drawn_the_same_keep_what_differs() -> None:
    names = [f"Anti-MDA5 antibody: {word} at screening" for word in ("positive", "negative")]
    assert short(names[0]) == short(names[1]) == "Anti-MDA5 a…t screening"
    assert short_names([*names, "short"]) == {
        names[0]: "Anti-MDA5 a…positive at…",
        names[1]: "Anti-MDA5 a…negative at…",
        "short": "short",
    }
    subjects = [f"TCARTJDM2024-SITE{site}-SUBJECT-001" for site in (1, 2)]
    assert list(short_names(subjects).values()) == [
        "TCARTJDM202…1-SUBJECT-0…",
        "TCARTJDM202…2-SUBJECT-0…",
    ]


def test_levels_of_a_subgroup_are_told_apart(tmp_path: Path) -> None:
    levels = [f"Anti-MDA5 antibody: {word} at screening" for word in ("positive", "negative")]
    csv = "group_by,group,parameter,statistic,n,total,estimate,lower,upper,text\n" + "".join(
        f"{group},M2,rate,5,10,50,19,81,50.0\n"
        for group in ("total,Total", *(f"msa,{level}" for level in levels))
    )
    with_subgroup = plan(subgroups={"msa": {"column": "msa", "label": "Antibody"}})
    figure = drawn("subgroups", csv, tmp_path, with_subgroup)
    shown = [text for text in words(figure) if text.startswith("Anti-MDA5")]
    assert shown == ["Anti-MDA5 a…positive at…", "Anti-MDA5 a…negative at…"]
    assert misplaced(figure) == []


def test_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f_tis.csv"
    path.write_text("subject,day\nA,1\n")
    with pytest.raises(UserError, match=r"f_tis\.csv: no column tis, partial"):
        read_points(path, ("subject", "day", "tis", "partial"))


# Files


def test_both_files_of_each_csv_that_is_there_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    for name in ("tis", "waterfall"):
        (folder / f"f_{name}.csv").write_text(point_texts.study(3)[name])
    (folder / "f_other.csv").write_text("a\n")
    draw_all(PLAN, tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        *(f"f_{name}.{end}" for name in ("tis", "waterfall") for end in ("csv", "png", "svg")),
        "f_other.csv",
    }


def test_drawn_figures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = files(tmp_path, ("waterfall", "swimmer", "tis"))
    for name in ("waterfall", "tis"):
        (folder / f"f_{name}.svg").touch()
    drawn = figures_drawn(PLAN, tmp_path)
    assert [figure.caption.label for figure in drawn] == ["Figure 14.2.1", "Figure 14.2.2"]
    assert [figure.file("svg").name for figure in drawn] == ["f_waterfall.svg", "f_tis.svg"]


def files(folder: Path, names: Iterable[str]) -> Path:
    (folder / "figures").mkdir(parents=True)
    for name in names:
        (folder / "figures" / f"f_{name}.csv").write_text(point_texts.study(3)[name])
    return folder / "figures"


# Of Python 3.12: the libraries of other tests have started threads.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forks_draw_each_figure_once_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("tis", "waterfall", "swimmer")
    alone, forked, noted = (files(tmp_path / place, names) for place in ("a", "b", "c"))
    draw_all(PLAN, alone.parent, workers=1)
    draw_all(PLAN, forked.parent, workers=2)
    assert {path.name: path.read_bytes() for path in forked.iterdir()} == {
        path.name: path.read_bytes() for path in alone.iterdir()
    }

    def note(figure: object, stem: Path, *_: object, **__: object) -> None:
        with stem.with_suffix(".pid").open("a") as file:
            print(os.getpid(), file=file)

    monkeypatch.setattr(drawings, "save", note)
    draw_all(PLAN, noted.parent, workers=2)
    makers = [(noted / f"f_{name}.pid").read_text().split() for name in names]
    assert [len(maker) for maker in makers] == [1, 1, 1]
    assert [str(os.getpid())] not in makers


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_wrong_with_a_figure_is_told_from_a_fork_too(tmp_path: Path) -> None:
    folder = files(tmp_path, ("tis", "waterfall"))
    (folder / "f_tis.csv").write_text("subject,day\nA,1\n")
    with pytest.raises(UserError, match=r"f_tis\.csv: no column"):
        draw_all(PLAN, tmp_path, workers=2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_a_killed_process_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, ("tis", "waterfall"))

    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(drawings, "save", killed)
    with pytest.raises(UserError, match="a process that draws figures was killed"):
        draw_all(PLAN, tmp_path, workers=2)


def test_svg_has_title_description_and_ids_of_its_own_and_names_no_other_file(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "f_tis.csv").write_text(point_texts.tis(3))
    draw_all(PLAN, tmp_path)
    text = (folder / "f_tis.svg").read_text()
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert (
        root.findtext(f"{SVG}title")
        == "Figure 14.2.2. Total Improvement Score over time, by subject"
    )
    assert "data cut-off 2024-06-30" in (root.findtext(f"{SVG}desc") or "")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) > 10
    assert all(name.startswith("f_tis-") for name in ids if name)
    used = [value for e in root.iter() for key, value in e.items() if key.endswith("href")]
    assert used
    assert {value.removeprefix("#") for value in used} <= set(ids)
    assert "<!DOCTYPE" not in text
    assert "<dc:date" not in text
    assert "font-family" not in text


def test_png_is_170_mm_wide_at_its_resolution_and_holds_no_time_or_program(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "f_tis.csv").write_text(point_texts.tis(3))
    draw_all(PLAN, tmp_path)
    with Image.open(folder / "f_tis.png") as image:
        image.load()
        assert image.width / image.info["dpi"][0] * 25.4 == pytest.approx(170, abs=0.2)
        assert set(image.info) == {"dpi"}


def test_identifiers_that_occur_twice_in_a_drawing_are_numbered() -> None:
    svg = '<?xml?><svg width=\'1\'><g id="a"/><g id="a"/><use href="#a"/></svg>'
    text = accessible(svg, "f_tis", caption_of(SPECS["tis"], PLAN))
    assert '<g id="f_tis-a"/><g id="f_tis-a-2"/><use href="#f_tis-a"/>' in text


def test_description_is_escaped() -> None:
    caption = caption_of(SPECS["tis"], PLAN).noting("a < b & c")
    text = accessible("<?xml?><svg width='1'></svg>", "f_tis", caption)
    assert "a &lt; b &amp; c" in text


_DRAW = """
import sys
from pathlib import Path
from tests.figures.layout import MONITORED as PLAN
from durable.figures.drawings import draw_all
draw_all(PLAN, Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_same_bytes_in_processes_with_different_hash_seeds(tmp_path: Path) -> None:
    digests = []
    for seed in ("1", "4242"):
        folder = tmp_path / seed / "figures"
        folder.mkdir(parents=True)
        for name, csv in point_texts.study(3).items():
            (folder / f"f_{name}.csv").write_text(csv)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC+{seed[:1]}"}
        subprocess.run(
            [sys.executable, "-c", _DRAW, str(tmp_path / seed)], check=True, env=environment
        )
        digests.append(
            {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
        )
    assert len(digests[0]) == 3 * len(point_texts.study(1))
    assert digests[0] == digests[1]


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: none\naxes.grid: True\n")
    sizes = []
    for place in (tmp_path, Path.cwd()):
        folder = tmp_path / f"r{len(sizes)}" / "figures"
        folder.mkdir(parents=True)
        (folder / "f_tis.csv").write_text(point_texts.tis(3))
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-c", _DRAW, str(folder.parent)]
        subprocess.run(command, check=True, env=environment, cwd=place)
        sizes.append((folder / "f_tis.svg").read_bytes())
    assert sizes[0] == sizes[1]


def test_drawing_imports_neither_pandas_nor_pyplot() -> None:
    code = (
        "import sys; import durable.figures.drawings;"
        "print([m for m in ('pandas', 'scipy', 'matplotlib.pyplot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


# What each figure draws


def test_lanes_are_in_the_order_of_the_file_and_bars_as_long_as_follow_up(tmp_path: Path) -> None:
    csv = (
        "subject,group,kind,start_day,end_day,label\n"
        "B,1e7,bar,0,300,\nB,1e7,remission,60,200,\nB,1e7,recurrence,200,,\n"
        "A,,bar,0,100,\nA,,death,100,,\n"
    )
    axes = drawn("swimmer", csv, tmp_path).axes[0]
    bars = [
        (bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in axes.patches
    ]
    assert bars == [(0, 300, 0), (0, 100, 1), (60, 140, 0)]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "B (1\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT SEVEN})",
        "A",
    ]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    ((day, lane),) = data(axes, "recurrence")
    assert (day, round(lane)) == (200, 0)
    assert data(axes, "death") == [(100, 1)]
    assert data(axes, "progression") == []


LAST = ("death", "withdrawal", "ongoing")


def pages_of_swimmer(n: int, folder: Path) -> list[Figure]:
    path = folder / "f_swimmer.csv"
    path.write_text(point_texts.swimmer(n), encoding="utf-8")
    return drawings.draw(SPECS["swimmer"], path, PLAN)[0]


def lengths_of_bars(pages: Iterable[Figure]) -> list[float]:
    """Follow-up of each subject, from its bar: that of a remission does not begin at day 0."""
    lanes = [
        (number, patch.get_y(), patch.get_width())
        for number, page in enumerate(pages)
        for patch in page.axes[0].patches
        if isinstance(patch, Rectangle) and patch.get_x() == 0
    ]
    return [width for _, _, width in sorted(lanes)]


@pytest.mark.parametrize(("n", "lanes"), [(45, [45]), (46, [23, 23]), (100, [34, 34, 32])])
def test_each_subject_has_one_lane_on_one_page_in_the_order_of_the_file(
    tmp_path: Path, n: int, lanes: list[int]
) -> None:
    pages = pages_of_swimmer(n, tmp_path)
    named = [[text.get_text() for text in page.axes[0].get_yticklabels()] for page in pages]
    assert [len(names) for names in named] == lanes
    assert [name.split(" ")[0] for names in named for name in names] == point_texts.subjects(n)
    assert lengths_of_bars(pages) == [760 - (i * 37) % 700 for i in range(n)]
    assert sum(len(data(page.axes[0], kind)) for page in pages for kind in LAST) == n


def test_pages_of_a_swimmer_say_which_they_are_and_share_axis_key_and_size(tmp_path: Path) -> None:
    pages = pages_of_swimmer(100, tmp_path)
    found = [words(page) for page in pages]
    heading = "Figure 14.2.7. Swimmer plot of individual subjects (page {} of 3)"
    note = "Subjects {} of 100, longest follow-up first."
    for i, subjects in enumerate(("1 to 34", "35 to 68", "69 to 100")):
        assert heading.format(i + 1) in found[i]
        assert note.format(subjects) in found[i]
        assert misplaced(pages[i]) == []
    assert len({page.axes[0].get_xlim() for page in pages}) == 1
    assert len({page.axes[0].get_ylim() for page in pages}) == 1
    assert len({tuple(page.get_size_inches()) for page in pages}) == 1
    keys = [tuple(text.get_text() for text in page.legends[0].get_texts()) for page in pages]
    assert len(set(keys)) == 1
    assert pages[0].get_figheight() < 250 / 25.4
    assert not any("(page" in text for text in words(pages_of_swimmer(45, tmp_path)[0]))


def test_of_many_hundred_subjects_each_has_a_thin_lane_without_a_name(tmp_path: Path) -> None:
    assert len(pages_of_swimmer(540, tmp_path)) == 12
    pages = pages_of_swimmer(541, tmp_path)
    assert [len(page.axes[0].get_yticklabels()) for page in pages] == [0, 0]
    assert lengths_of_bars(pages) == [760 - (i * 37) % 700 for i in range(541)]
    note = "Subjects 272 to 541 of 541, longest follow-up first. Identifiers are not shown."
    assert note in words(pages[1])
    assert misplaced(pages[1]) == []


def test_a_swimmer_of_more_than_twelve_pages_of_thin_lanes_says_what_is_left_out() -> None:
    sheets, notes = swimmer._sheets([(f"S{i}", "") for i in range(6000)])
    assert [len(sheet) for sheet in sheets] == [450] * 12
    assert notes[-1] == (
        "Subjects 4,951 to 5,400 of 6,000, longest follow-up first. Identifiers are not shown."
        " The CSV contains all."
    )


def test_files_of_several_pages_hold_each_page_once(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "f_swimmer.csv").write_text(point_texts.swimmer(100))
    draw_all(PLAN, tmp_path)
    root = ET.fromstring((folder / "f_swimmer.svg").read_text())
    heading = "Figure 14.2.7. Swimmer plot of individual subjects"
    assert root.findtext(f"{SVG}title") == heading
    titles = [page.findtext(f"{SVG}title") for page in root.findall(f"{SVG}svg")]
    assert titles == [f"{heading} (page {i} of 3)" for i in (1, 2, 3)]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    (figure,) = figures_drawn(PLAN, tmp_path)
    assert figure.page_count == 3
    assert [ET.fromstring(page).findtext(f"{SVG}title") for page in figure.pages] == titles
    (page, *_) = pages_of_swimmer(100, tmp_path)
    with Image.open(folder / "f_swimmer.png") as image:
        assert image.width == int(page.get_figwidth() * 200)
        assert image.height == 3 * int(page.get_figheight() * 200)
        assert set(image.info) == {"dpi"}
    drawings.draw_pages(PLAN, tmp_path)
    printed = [page.extract_text() for page in PdfReader(folder / "f_swimmer.pdf").pages]
    assert len(printed) == 3
    assert "page 1 of 3" in printed[0]
    assert "page 3 of 3" in printed[2]


def test_pages_of_several_sizes_are_no_figure(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="f_x: pages of several sizes"):
        save([Figure((2, 2)), Figure((2, 3))], tmp_path / "f_x", caption_of(SPECS["tis"], PLAN))


def test_key_of_the_swimmer_names_only_what_is_there(tmp_path: Path) -> None:
    csv = "subject,group,kind,start_day,end_day,label\nA,,bar,0,100,\nA,,death,100,,\n"
    found = words(drawn("swimmer", csv, tmp_path))
    assert "Death" in found
    assert "Recurrence" not in found


def test_events_of_one_day_stand_apart(tmp_path: Path) -> None:
    csv = (
        "subject,group,kind,start_day,end_day,label\nA,,bar,0,100,\n"
        "A,,recurrence,50,,\nA,,new_therapy,50,,\nA,,improvement,60,,\nA,,remission_start,60,,\n"
    )
    axes = drawn("swimmer", csv, tmp_path).axes[0]
    heights = {kind: data(axes, kind)[0][1] for kind in ("recurrence", "new_therapy")}
    assert abs(heights["recurrence"] - heights["new_therapy"]) >= 0.3
    assert data(axes, "improvement")[0][1] != data(axes, "remission_start")[0][1]


def test_marks_of_neighbouring_days_stand_in_thirds_of_their_own(tmp_path: Path) -> None:
    kinds = ("recurrence", "progression", "withdrawal")
    rows = "".join(f"A,,{kind},{50 + i},,\n" for i, kind in enumerate(kinds))
    csv = f"subject,group,kind,start_day,end_day,label\nA,,bar,0,400,\n{rows}"
    axes = drawn("swimmer", csv, tmp_path).axes[0]
    heights = [data(axes, kind)[0][1] for kind in kinds]
    assert sorted(round(height, 1) for height in heights) == [-0.3, 0.0, 0.3]
    apart = csv.replace("51,", "151,").replace("52,", "252,")
    axes = drawn("swimmer", apart, tmp_path).axes[0]
    assert [data(axes, kind)[0][1] for kind in kinds] == [0, 0, 0]


def test_dose_levels_differ_in_colour_hatch_and_lines_in_the_order_of_their_numbers(
    tmp_path: Path,
) -> None:
    csv = (
        "subject,group,kind,start_day,end_day,label\n"
        "A,10e6,bar,0,300,\nB,3e6,bar,0,200,\nC,3e7,bar,0,200,\n"
    )
    bars = drawn("swimmer", csv, tmp_path).axes[0].patches
    assert len({bar.get_facecolor() for bar in bars}) == 3
    assert len({bar.get_hatch() for bar in bars}) == 3
    doses = dose_levels(dose_ranks(["10e6", "3e6", "3e7", ""]))
    assert list(doses) == ["3e6", "10e6", "3e7", ""]
    assert doses["3e7"].label == "3\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT SEVEN} cells/kg"
    assert doses[""].label == "Dose level not recorded"
    assert len({str(dose.line["linestyle"]) for dose in doses.values()}) == 4
    assert len({dose.line["marker"] for dose in doses.values()}) == 4


def test_levels_with_a_name_and_a_dose_are_told_apart() -> None:
    doses = dose_levels(dose_ranks([f"Dose level {n}: {n} x 10^6 cells/kg" for n in (1, 3)]))
    assert [dose.label for dose in doses.values()] == [
        f"Dose level {n}: {n}\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT SIX} cells/kg" for n in (1, 3)
    ]
    assert [dose.brief for dose in doses.values()] == [
        f"{n}: {n}\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT SIX}" for n in (1, 3)
    ]
    (only,) = dose_levels(dose_ranks(["Dose level 2"])).values()
    assert (only.label, only.brief) == ("Dose level 2", "2")


def test_a_dose_level_has_one_colour_in_figures_that_show_other_levels() -> None:
    scores = pd.DataFrame({"subject": ["A", "B"], "group": ["2", "3"]})
    doses = pd.DataFrame({"subject": ["A", "C", ""], "group": ["2", "1", ""]})
    ranks = [with_ranks(points, {"1", "2", "3"})["group_rank"] for points in (scores, doses)]
    # Of the levels 1, 2 and 3 the second has rank 1 in both; a mean is of no level.
    assert ranks[0].tolist() == [1, 2]
    assert ranks[1].tolist() == [1, 0, pd.NA]
    one, other = (
        doses_of(Points({"group": np.array(levels), "group_rank": np.array(ranks)}))["2"]
        for levels, ranks in ((["2", "3"], ["1", "2"]), (["2", "1"], ["1", "0"]))
    )
    assert (one.colour, one.hatch, one.line) == (other.colour, other.hatch, other.line)


def test_long_levels_that_begin_and_end_alike_are_told_apart() -> None:
    levels = [f"Expansion cohort {name} of the second part" for name in ("A", "B")]
    labels = [dose.label for dose in dose_levels(dose_ranks(levels)).values()]
    assert labels == [f"Dose level Expansion c…{name} of the se…" for name in "AB"]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([10, 30], (10, 50)),
        ([0, 5], (0, 40)),
        ([95, 98], (60, 100)),
        ([100, 100], (60, 100)),
        ([12, 75], (10, 80)),
    ],
)
def test_an_axis_at_an_end_of_the_scale_is_as_long_as_the_range(
    values: list[float], ends: tuple[float, float]
) -> None:
    assert axis_ends(Scale(range=40, min=0, max=100), np.array(values, dtype=float)) == ends


def test_the_course_of_more_subjects_than_were_planned_stays_in_its_panel(tmp_path: Path) -> None:
    planned = PLAN.monitoring.improvement.maximum_subjects
    axes = drawn("monitoring", point_texts.monitoring(planned + 3), tmp_path).axes[0]
    assert axes.get_xlim() == (0, planned + 3)
    axes = drawn("monitoring", point_texts.monitoring(planned - 3), tmp_path).axes[0]
    assert axes.get_xlim() == (0, planned)


def test_months_are_marked_where_their_days_are(tmp_path: Path) -> None:
    csv = "subject,group,kind,start_day,end_day,label\nA,,bar,0,740,\n"
    axes = drawn("swimmer", csv, tmp_path).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == [str(m) for m in range(0, 25, 3)]
    assert list(axes.get_xticks()) == pytest.approx([m * 30.4375 for m in range(0, 25, 3)])


def test_scores_are_drawn_per_subject_with_thresholds_of_the_plan(tmp_path: Path) -> None:
    csv = (
        "subject,group,day,visit,tis,partial\n"
        "A,,30,D28,20,\nA,,60,M2,,\nA,,90,M3,50,Y\nB,,61,M2,0,\n"
    )
    figure = drawn("tis", csv, tmp_path)
    axes, other = figure.axes
    points = data(axes, "A")
    assert (points[0], points[2]) == ((30, 20), (90, 50))
    assert points[1][1] != points[1][1]
    assert data(axes, "B") == []
    assert data(other, "B") == [(61, 0)]
    assert data(axes, "partial") == [(90, 50)]
    assert data(other, "partial") == []
    levels = [line.get_ydata()[0] for line in axes.get_lines() if len(set(line.get_ydata())) == 1]
    assert {30, 45, 70} <= set(levels)
    assert {"A", "B", "Partial score", "Minimal (>= 30)"} <= set(words(figure))


def test_subject_without_any_score_is_named_all_the_same(tmp_path: Path) -> None:
    csv = "subject,group,day,visit,tis,partial\nA,,30,D28,20,\nB,,60,M2,,\n"
    figure = drawn("tis", csv, tmp_path)
    assert {"A", "B"} <= set(words(figure))
    assert misplaced(figure) == []


def test_waterfall_keeps_the_order_of_the_file_and_tells_zero_from_missing(tmp_path: Path) -> None:
    csv = (
        "subject,group,best_tis,visit,level\n"
        "A,,87.5,M6,major\nB,,30,M2,minimal\nC,,0,M3,none\nD,,,,none\n"
    )
    figure = drawn("waterfall", csv, tmp_path)
    heights = sorted((bar.get_x(), bar.get_height()) for bar in figure.axes[0].patches)
    assert [height for _, height in heights[:3]] == [87.5, 30, 0]
    assert {"A\n87.5\nM6", "B\n30\nM2", "C\n0\nM3", "D\nNE\n"} <= set(words(figure))


def test_measures_have_panels_with_the_scale_of_the_plan(tmp_path: Path) -> None:
    csv = (
        "measure,unit,subject,group,day,value\nCMAS,,A,,-5,20\nCMAS,,A,,60,45.5\n"
        "Muscle enzyme,x ULN,A,,60,3.5\nCMAS,,B,,60,50\n"
    )
    figure = drawn("csm", csv, tmp_path)
    cmas, enzyme = figure.axes
    assert data(cmas, "A") == [(-5, 20), (60, 45.5)]
    assert data(cmas, "B") == [(60, 50)]
    assert data(enzyme, "A") == [(60, 3.5)]
    assert cmas.get_ylim() == (0, 52)
    assert {"CMAS", "Muscle enzyme (x ULN)"} <= set(words(figure))


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ((25, 31), (20, 60)),  # the range of 40, of the 100 possible points
        ((11.2, 54.2), (10, 60)),  # further apart than the range
        ((45, 88), (40, 90)),
        ((93, 99), (60, 100)),  # no further than the highest possible value
    ],
)
def test_the_axis_of_a_summary_score_is_as_long_as_its_range(
    values: tuple[float, float], ends: tuple[float, float], tmp_path: Path
) -> None:
    first, last = values
    csv = f"measure,unit,subject,group,day,value\nCHQ-PhS,,A,,-5,{first}\nCHQ-PhS,,A,,60,{last}\n"
    (axes,) = drawn("csm", csv, tmp_path).axes
    assert axes.get_ylim() == ends


def test_single_values_of_many_subjects_are_dots(tmp_path: Path) -> None:
    header = "measure,unit,subject,group,day,value\n"
    single = "".join(f"CMAS,,S{i:02d},1,-10,{i}\n" for i in range(45))
    # Of the last a value, a gap, a line of two values, and a value of no height.
    last = "".join(
        f"CMAS,,S45,2,{day},{value}\n"
        for day, value in ((-10, 5), (0, ""), (60, 10), (90, 20), (180, ""))
    )
    axes = drawn("csm", header + single + last, tmp_path).axes[0]
    assert data(axes, "dots") == [*((-10, i) for i in range(45)), (-10, 5)]
    colours = [line.get_color() for line in axes.get_lines() if line.get_gid() == "dots"]
    assert colours == [dose.colour for dose in dose_levels(dose_ranks(["1", "2"])).values()]


def test_infused_subjects_without_a_score_are_counted_in_a_note(tmp_path: Path) -> None:
    csv = "subject,group,day,tis,partial\nA,1,0,0,N\nA,1,60,40,N\nB,1,0,0,N\nC,1,0,0,N\nC,1,60,,N\n"
    figure = drawn("tis", csv, tmp_path)
    assert any("Subjects without a score after infusion: 2." in text for text in words(figure))
    of_all = drawn("tis", csv.replace("60,,", "60,0,").replace("B,1,0,0,N\n", ""), tmp_path)
    assert not any("without a score" in text for text in words(of_all))


def profile(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    return {gid: data(axes, gid) for gid in ("A", "below", "geo_mean")}


def test_values_below_the_limit_are_drawn_at_it_as_open_marks(tmp_path: Path) -> None:
    csv = (
        ",".join(kinetics.COLUMNS)
        + "\nFlow,cells/uL,A,1e7,0,,Y,0.1,individual\nFlow,cells/uL,A,1e7,7,32,N,0.1,individual\n"
        "Flow,cells/uL,A,1e7,90,0,Y,0.1,individual\n"
        "Flow,cells/uL,,Total,7,30,,,geo_mean\nFlow,cells/uL,,Total,90,,,,geo_mean\n"
    )
    figure = drawn("kinetics", csv, tmp_path)
    (axes,) = figure.axes
    found = profile(axes)
    assert found["A"] == [(0, 0.1), (7, 32), (90, 0.1)]
    assert found["below"] == [(0, 0.1), (90, 0.1)]
    assert found["geo_mean"][0] == (7, 30)
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == pytest.approx((0.01, 100))
    lloq = [line for line in axes.get_lines() if line.get_gid() == "lloq"]
    assert [line.get_ydata()[0] for line in lloq] == [0.1]


def test_values_below_the_limit_of_one_day_stand_below_one_another(tmp_path: Path) -> None:
    rows = "".join(f"Flow,cells/uL,S{i},1e7,0,,Y,0.1,individual\n" for i in range(3))
    csv = ",".join(kinetics.COLUMNS) + f"\n{rows}Flow,cells/uL,S0,1e7,7,32,N,0.1,individual\n"
    (axes,) = drawn("kinetics", csv, tmp_path).axes
    heights = sorted(value for _, value in data(axes, "below"))
    assert heights[-1] == 0.1
    assert heights[0] >= axes.get_ylim()[0]
    assert heights[1] / heights[0] == pytest.approx(heights[2] / heights[1])
    assert heights[2] / heights[1] > 1.1


def test_the_limit_of_quantification_is_within_an_axis_of_values_far_above_it(
    tmp_path: Path,
) -> None:
    header = "assay,unit,subject,group,day,value,below_lloq,lloq,kind\n"
    rows = "qPCR,copies,S1,1,7,200000,N,50,individual\nqPCR,copies,S1,1,14,700000,N,50,individual\n"
    axes = drawn("kinetics", header + rows, tmp_path).axes[0]
    assert axes.get_ylim() == pytest.approx((10, 1_000_000))


def test_the_key_has_no_mark_of_values_below_a_limit_that_is_not_given(tmp_path: Path) -> None:
    header = "assay,unit,subject,group,day,value,below_lloq,lloq,kind\n"
    rows = "qPCR,copies,S1,1,7,900,N,,individual\nqPCR,copies,S1,1,60,,Y,,individual\n"
    without = words(drawn("kinetics", header + rows, tmp_path))
    assert not any(text.startswith("BLQ (at") for text in without)
    limited = words(drawn("kinetics", header + rows.replace("Y,,", "Y,50,"), tmp_path))
    assert any(text.startswith("BLQ (at") for text in limited)


def test_profile_never_above_the_limit_and_one_sample_only_are_drawn(tmp_path: Path) -> None:
    header = ",".join(kinetics.COLUMNS)
    never = header + "\nqPCR,copies,A,,7,,Y,50,individual\nqPCR,copies,A,,14,,Y,50,individual\n"
    assert profile(drawn("kinetics", never, tmp_path).axes[0])["A"] == [(7, 50), (14, 50)]
    unknown = header + "\nqPCR,copies,A,,7,,Y,,individual\n"
    figure = drawn("kinetics", unknown, tmp_path)
    assert misplaced(figure) == []


def test_marks_of_the_last_day_are_whole_and_axes_as_high_without_values_below_the_limit(
    tmp_path: Path,
) -> None:
    header = ",".join(kinetics.COLUMNS)
    one = header + "\nFlow,cells/uL,A,1e7,7,10,N,0.1,individual\n"
    some = one + "Flow,cells/uL,A,1e7,3,,Y,0.1,individual\n"
    heights = []
    for csv in (one, some):
        figure = drawn("kinetics", csv, tmp_path)
        (axes,) = figure.axes
        heights.append(axes.get_position().height * figure.get_figheight())
        lines = [line for line in axes.get_lines() if line.get_gid() == "A"]
        assert [line.get_clip_on() for line in lines] == [False]
        assert axes.get_xlim()[1] == 7
    assert heights[0] == pytest.approx(heights[1], rel=0.02)


def forest(tmp_path: Path) -> Figure:
    csv = (
        "analysis,title,parameter,estimate,lower,upper,text\n"
        'primary,Primary analysis,Median (months),8.9,2.1,,"8.9 (2.1, NE)"\n'
        'other,Other,Median (months),10,3,20,"10.0 (3.0, 20.0)"\n'
        "none,None,Median (months),,,,NE\n"
        'primary,Primary analysis,Rate (%),60,30,80,"60 (30, 80)"\n'
    )
    return drawn("sensitivity", csv, tmp_path)


def test_forest_draws_estimates_and_intervals_of_each_parameter(tmp_path: Path) -> None:
    median, rate = forest(tmp_path).axes
    assert [x for x, _ in data(median, "estimate")][:2] == [8.9, 10]
    assert [x for x, _ in data(median, "interval")][2:] == [3, 20]
    assert [x for x, _ in data(rate, "estimate")] == [60]
    assert rate.get_xlim() == (0, 100)


@pytest.mark.parametrize("decimals", [0, 1, 2, 4, 6])
def test_numbers_of_many_decimals_have_room(tmp_path: Path, decimals: int) -> None:
    numbers = f"{100:.{decimals}f}"
    text = f'"{numbers} ({numbers}, {numbers})"'
    rows = [f"primary,Primary,Improved at M{n} (%),100,100,100,{text}\n" for n in range(4)]
    csv = "analysis,title,parameter,estimate,lower,upper,text\n" + "".join(rows)
    assert misplaced(drawn("sensitivity", csv, tmp_path)) == []
    level = f"total,Total,M2,rate,10,10,100,100,100,{text}\n"
    csv = "group_by,group,parameter,statistic,n,total,estimate,lower,upper,text\n" + level
    assert misplaced(drawn("subgroups", csv, tmp_path)) == []


def test_limit_that_is_not_estimable_is_an_arrow_to_the_edge(tmp_path: Path) -> None:
    median, rate = forest(tmp_path).axes
    edge = median.get_xlim()[1]
    assert [x for x, _ in data(median, "open")] == [edge]
    assert [x for x, _ in data(median, "interval")][:2] == [2.1, edge]
    assert data(rate, "open") == []


def test_parameters_of_the_same_analyses_share_their_rows(tmp_path: Path) -> None:
    found = words(drawn("sensitivity", point_texts.sensitivity(), tmp_path))
    assert found.count("Observed case") == 2
    assert words(forest(tmp_path)).count("Primary analysis") == 2


def test_panel_without_an_estimate_is_left_out_and_named(tmp_path: Path) -> None:
    csv = (
        "analysis,title,parameter,estimate,lower,upper,text\n"
        "primary,Primary analysis,Median (months),,,,NE\n"
        'primary,Primary analysis,Rate (%),60,30,80,"60 (30, 80)"\n'
    )
    figure = drawn("sensitivity", csv, tmp_path)
    assert len(figure.axes) == 1
    assert "Not estimable in any analysis: Median (months)." in words(figure)
    nothing = "".join(line for line in csv.splitlines(True) if "Rate" not in line)
    assert "Not estimable" in words(drawn("sensitivity", nothing, tmp_path))


def test_analysis_that_is_not_estimable_is_written_but_not_drawn(tmp_path: Path) -> None:
    figure = forest(tmp_path)
    drawn_at = [x for x, _ in data(figure.axes[0], "estimate")]
    assert [x for x in drawn_at if x == x] == [8.9, 10]
    assert len(data(figure.axes[0], "interval")) == 4
    assert {"NE", "None", "8.9 (2.1, NE)"} <= set(words(figure))


def test_primary_analysis_is_the_line_of_reference(tmp_path: Path) -> None:
    median, _ = forest(tmp_path).axes
    reference = data(median, "reference")
    assert {x for x, _ in reference} == {8.9}
    # The numbers under each interval stand between its parts.
    assert len(reference) == 3 * 3


# Helpers


def test_ticks_too_close_to_the_last_are_not_labelled() -> None:
    assert thin_labels([0, 3, 4, 6], gap=3) == [True, True, False, True]


def test_text_is_broken_between_words_and_within_a_word_too_long() -> None:
    assert wrap("a bc", width=100) == ["a bc"]
    lines = wrap("word " * 60)
    assert len(lines) > 1
    assert " ".join(lines) == ("word " * 60).strip()
    # No line could hold the next word, by the width of the whole line.
    assert all(text_width(line) <= 166 < text_width(f"{line} word") for line in lines[:-1])
    assert "".join(wrap("x" * 400)) == "x" * 400
    assert wrap("") == []


def test_step_function_keeps_each_value_up_to_the_next_time() -> None:
    import numpy as np

    assert kaplan_meier.step(np.array([0.0, 2, 5]), np.array([1, 0.5, 0.2])) == (
        [0, 2, 2, 5, 5],
        [1, 1, 0.5, 0.5, 0.2],
    )
