# Adverse events by system organ class and preferred term (t_ae_soc_pt), computed again from ADSL
# and ADAE.
#
# Run:   Rscript t_ae_soc_pt.R        (from any folder, no arguments)
# Reads: export/xpt/adsl.xpt, adae.xpt; ard.csv
# Exits: 0 if every number agrees with ard.csv, else 1
#
# A subject counts once in a row, at the worst known CTCAE grade. Percentages are of all infused
# subjects of the column. Where no subject of a column has an event: the exact one-sided upper
# limit of the proportion (Clopper & Pearson 1934).

# @PARAMETERS@

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
HERE <- if (is.na(script)) "." else dirname(gsub("~+~", " ", script, fixed = TRUE))
source(file.path(HERE, "compare.R"))

adae <- read_dataset("adae")

# Numbers of one row in one column: events of a term, or of a class, of a window.
of_row <- function(parameter, events, n) {
  # The worst grade of each subject; 0 where no event of the subject has a grade.
  grade <- ifelse(is.na(events$AETOXGR), 0, events$AETOXGR)
  worst <- tapply(grade, events$USUBJID, max)
  with_grade <- function(name, grades) {
    count(parameter, paste0("grade_", name), sum(worst %in% grades), n)
  }
  out <- list(
    numbers(parameter, n_subjects = length(worst),
            percent = if (n > 0) 100 * length(worst) / n else NA, n_events = nrow(events)),
    with_grade("missing", 0), with_grade("1", 1), with_grade("2", 2), with_grade("3", 3),
    with_grade("4", 4), with_grade("5", 5), with_grade("1_2", 1:2), with_grade("3_5", 3:5))
  if (length(worst) == 0) c(out, list(numbers(parameter, upper = upper_limit(n)))) else out
}

upper_limit <- function(n) {
  if (n == 0) return(NA)
  binom.test(0, n, alternative = "less", conf.level = CONF_LEVEL)$conf.int[2]
}

of_column <- function(subjects) {
  n <- length(subjects)
  out <- list(numbers("", n_infused = n, upper = upper_limit(n)))
  for (window in names(WINDOWS)) {
    # The rows of a window are the classes and terms that occur in it, in whichever column.
    inside <- adae[adae[[WINDOWS[[window]]]] == "Y", ]
    own <- inside[inside$USUBJID %in% subjects, ]
    for (class in unique(inside$AEBODSYS)) {
      of_class <- own[own$AEBODSYS == class, ]
      out <- c(out, of_row(join_parameter(window, class, ""), of_class, n))
      for (term in unique(inside$AEDECOD[inside$AEBODSYS == class])) {
        parameter <- join_parameter(window, class, term)
        out <- c(out, of_row(parameter, of_class[of_class$AEDECOD == term, ], n))
      }
    }
  }
  out
}

compare("t_ae_soc_pt", by_column(of_column))
