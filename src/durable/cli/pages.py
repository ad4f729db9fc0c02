"""What ``durable COMMAND --help`` says beside the options: task, example, exit status."""

from __future__ import annotations

from dataclasses import dataclass

#: Of a command that reads and writes on its own.
_PLAIN = "0 done, 2 wrong use"


@dataclass(frozen=True)
class Page:
    """The page of a command."""

    about: str
    """One line, for the list of commands."""
    description: str
    """What the command does, and what has to be there."""
    example: str
    status: str = _PLAIN
    """The exit status and what it means."""

    @property
    def epilog(self) -> str:
        """Example and exit status, as the page shows them below the options."""
        lines = "\n".join(f"  {line}" for line in self.example.strip().splitlines())
        return f"example:\n{lines}\n\nexit status: {self.status}"


PROGRAM = """\
durable: efficacy and duration of response of a single-arm cell-therapy trial.

A study lies in a folder of its own: its configuration, its data, its results. `durable new` makes
one. All commands are given in that folder; what they write is in results/ and .snakemake/ there,
and nowhere else.
"""
PROGRAM_EPILOG = """\
first steps:
  durable new my-study --study NCT00000000 --cutoff 2026-03-31
  cd my-study                 # fill data/*.csv; settle the definitions in config/config.yaml
  durable check               # what the data lack: results/interim-1/queries.html
  durable run                 # results/interim-1/report.html
  durable audit --analysis interim-1

`durable COMMAND --help` is a page on each command.
"""

_RUN_STATUS = (
    "0 done, 1 the data have errors or a stage failed, 2 a mistake in the\n"
    "configuration or wrong use, 130 interrupted (the next run goes on where it stopped)"
)

NEW = Page(
    "make the folder of a study: configuration, templates of the tables, instructions",
    """\
Make the folder of a new study. It gets

  config/config.yaml     the configuration, each key with what it means, its values and default
  data/*.csv             a template of each input table: the names of its columns
  data/dictionary.csv    what each column holds; data/README.md, the same to be read
  README.md              what to do, command by command
  Snakefile, profiles/   for those who call `snakemake` itself
  .gitignore

The folder must not be there yet, or be empty: nothing is written over.
""",
    """
durable new my-study --study NCT00000000 --cutoff 2026-03-31
durable new my-study        # the id of the study and the cut-off are then to be filled in
""",
    "0 the folder was made, 1 it cannot be written, 2 it holds something already, or wrong use",
)

RUN = Page(
    "analyse the study: every output of the configuration",
    """\
Analyse the study by its configuration: check the data, derive the datasets, estimate, draw, write
tables, listings and report, record what it was made from. Results are in results/ID, ID being
analysis.id of the configuration.

Only what a changed configuration, input, code or library concerns is made again. A run that was
interrupted is continued by the next one.
""",
    """
durable run                                     # config/config.yaml
durable run --configfile config/final.yaml      # another analysis of the study
durable run -n                                  # what would be done, and why
durable run --cores 2                           # options that are not listed go to Snakemake
durable run --workflow-profile slurm            # on a cluster
""",
    _RUN_STATUS,
)

CHECK = Page(
    "read and check the data only",
    """\
Read the input tables and list every finding in results/ID/queries.csv, .html and .xlsx: missing or
impossible values, contradictions, duplicates. A warning does not stop an analysis, an error does.
Other results stay as they are.
""",
    """
durable check
durable check --configfile config/final.yaml
""",
    "0 no errors in the data (perhaps warnings), 1 errors, 2 a mistake in the configuration",
)

AUDIT = Page(
    "repeat a finished analysis from its pinned configuration and compare",
    """\
Repeat a finished analysis from its pinned configuration, in a folder of its own, and compare it
with the results: every file byte by byte and, where bytes differ, every cell. What was found is in
results/ID/audit/verdict.html and .csv.

Code, libraries and inputs must be those of the analysis; --config allow=code,environment lets the
first two differ.
""",
    """
durable audit --analysis interim-1
durable audit --configfile results/interim-1/audit/pinned.yaml      # the same
durable audit --analysis interim-1 --config allow=environment       # after an update of libraries
""",
    "0 PASS: every file is the same; 1 a difference, or it cannot be repeated; 2 wrong use",
)

COMPARE = Page(
    "say what changed between two analyses, and why",
    """\
Compare the analysis of the configuration with an earlier one: which subjects changed status, which
results moved, and to which input, key of the configuration or code each change goes back. Both must
be finished. The comparison is results/ID/compare/OTHER/compare.html.
""",
    """
durable compare --against interim-1                     # config/config.yaml with interim-1
durable compare --configfile config/final.yaml --against interim-2
""",
    "0 compared, whatever changed; 1 an analysis is not there or not complete; 2 wrong use",
)

SERIES = Page(
    "analyse at the further data cut-offs of the configuration",
    """\
Analyse the same data by the same configuration at further data cut-offs (series.cutoffs), each in
results/ID-DATE, and show the estimates side by side in results/ID/series/series.html.
""",
    """
durable series
durable keys series         # the key that lists the cut-offs
""",
    _RUN_STATUS,
)

SIMULATE = Page(
    "simulate virtual trials by the definitions of the configuration",
    """\
Draw virtual trials from the scenarios of the configuration (simulation.scenarios) and put each
through the derivation and the estimators of the analysis: bias, coverage, probability of stopping,
width of intervals. Needs no data. The page is results/ID/simulation/simulation.html.
""",
    """
durable simulate --configfile config/simulation.yaml
durable keys simulation     # what a scenario states
""",
    _RUN_STATUS,
)

INSPECT = Page(
    "look at files that nobody has described, and print a draft of a configuration",
    """\
Look at the files of a study and print the draft of a configuration.

Files may be CSV (any separator), TSV, Excel workbooks (every sheet), SAS (XPT, SAS7BDAT), Parquet
and Dataset-JSON; a folder stands for its files. They are only read.

The draft proposes which file is which table, the columns by name, label and content, the forms of
dates and numbers, words for missing, value maps, units, and the schedule. A remark behind each line
says how sure it is and by what. What a person must decide is listed at the end as questions, with
what `durable check` would find. No identifiers and no free text are printed: only names of columns,
and values of coded columns.
""",
    """
durable inspect data/ --output config/study.yaml     # a draft with questions
(answer the questions in config/study.yaml; docs/inputs.md has every key)
durable check --configfile config/study.yaml         # what the data lack
durable run --configfile config/study.yaml           # tables, figures, report
""",
    "0 a draft was made, 1 no file could be read, 2 wrong use (such as an --output that\n"
    "is there already)",
)

SHELLS = Page(
    "list every table, figure and listing with its number, title and population",
    """\
List the outputs in the order in which they are shown, as a table of contents in Markdown for an
analysis plan. A study lacks those whose input tables it does not have.
""",
    """
durable shells                                          # all, by default
durable shells --configfile config/config.yaml          # as the study has chosen
durable shells --yaml                                   # the key outputs.shells, to be edited
""",
    "0 listed, 2 a mistake in the configuration",
)

KEYS = Page(
    "print keys of the configuration: values, default, meaning",
    """\
Print the keys of the configuration with their values, default and meaning. A WORD is a dotted path,
with all that is below it, or a text that the key or its meaning holds, in capitals or not. Several
words must all fit. Without a word: all keys.
""",
    """
durable keys response.remission          # the section
durable keys confidence                  # what speaks of confidence
durable keys --paths outputs             # the names alone
""",
    "0 printed, 1 no key fits",
)

DOCTOR = Page(
    "say which optional programs, plugins and fonts are there, and what each is for",
    """\
List what is installed: durable, Python, Snakemake, and the programs, plugins and fonts that some
tasks need and most do not, each with its version and what it is for. Nothing of the list is needed
for an analysis with tables, figures and report. Nothing is changed.
""",
    "durable doctor",
    "0",
)

QUALIFY = Page(
    "qualify this installation: code, libraries, requirements and the demo study",
    """\
Qualify this installation and write a report to be signed, as HTML and PDF. Installation: libraries
and code are those of the lock file and of the release. Operation: the tests of the requirements
(docs/requirements.md) are run, among them those against R and published values. Performance: the
demo study gives the results that it is known to give. Takes some minutes; nothing but the folder of
the report is written. Needs pytest and hypothesis: pip install 'durable[qualify]'.
""",
    """
durable qualify
durable qualify --output qualification/2026-03
durable qualify --requirement DOR-06 --requirement DOR-09     # a part, after a change
""",
    "0 PASS, 1 FAIL (the report says why), 2 it could not be done",
)

COMPLETION = Page(
    "print the script by which a shell completes commands, options and files",
    """\
Print a script for bash or zsh that completes commands, options and names of files.
""",
    """
durable completion bash > ~/.local/share/bash-completion/completions/durable
durable completion zsh > ~/.zfunc/_durable       # with fpath+=~/.zfunc before compinit in ~/.zshrc
""",
    "0",
)

VERIFY = Page(
    "check files, history and signatures of finished analyses; nothing is run",
    """\
Check that the files of finished analyses are those that were recorded, that the history of the
study is whole, and who has signed. Without an argument: every analysis in results/. Nothing is run.
""",
    """
durable verify
durable verify results/interim-1
durable verify --configfile config/final.yaml    # its plan and inputs too
""",
    "0 complete and verified, 1 something is not as recorded or missing, 2 wrong use",
)

SIGN = Page(
    "sign an analysis that is complete and verified, or keep a time stamp of it",
    """\
Sign the finished analysis of the configuration with an SSH key: printed name, meaning, reason and
time are in the history of the study. Or keep an RFC 3161 time stamp of an earlier entry.
""",
    """
durable sign --meaning approved --reason "final analysis" --key ~/.ssh/id_ed25519
""",
    "0 signed, 1 the analysis is not complete or was changed, 2 wrong use",
)
