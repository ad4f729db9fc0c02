# Disease improvement rate (t_improvement), computed again from ADSL and ADRS.
#
# Run:   Rscript t_improvement.R        (from any folder, no arguments)
# Reads: export/xpt/adsl.xpt, adrs.xpt; ard.csv
# Exits: 0 if every number agrees with ard.csv, else 1
#
# Sources: exact interval Clopper & Pearson 1934 (binom.test); Wilson 1927 (prop.test without
# continuity correction); Jeffreys and the Beta posterior by their quantiles (Brown, Cai & DasGupta
# 2001); quartiles of the score by definition 2 of Hyndman & Fan 1996, which is SAS PCTLDEF=5.

# @PARAMETERS@

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
HERE <- if (is.na(script)) "." else dirname(gsub("~+~", " ", script, fixed = TRUE))
source(file.path(HERE, "compare.R"))

# --- Proportions ----------------------------------------------------------------------------------

NOT_ESTIMABLE <- c(NA, NA, NA)
TAILS <- c((1 - CONF_LEVEL) / 2, 1 - (1 - CONF_LEVEL) / 2)

exact_rate <- function(x, n) {
  if (n == 0) return(NOT_ESTIMABLE)
  c(x / n, binom.test(x, n, conf.level = CONF_LEVEL)$conf.int)
}

wilson_rate <- function(x, n) {
  if (n == 0) return(NOT_ESTIMABLE)
  # The warning is of the chi-squared test, which is not used.
  c(x / n, suppressWarnings(prop.test(x, n, conf.level = CONF_LEVEL, correct = FALSE))$conf.int)
}

# Jeffreys' limits are 0 where nobody and 1 where everybody improved.
jeffreys_rate <- function(x, n) {
  if (n == 0) return(NOT_ESTIMABLE)
  limits <- qbeta(TAILS, x + 0.5, n - x + 0.5)
  c(x / n, if (x == 0) 0 else limits[1], if (x == n) 1 else limits[2])
}

posterior_rate <- function(x, n) {
  if (n == 0) return(NOT_ESTIMABLE)
  a <- PRIOR_A + x
  b <- PRIOR_B + n - x
  c(a / (a + b), qbeta(TAILS, a, b))
}

# --- Improved, by a rule for the subjects without a status ----------------------------------------

# status: 1 improved, 0 not, NA not known; reason: why it is not known (ADRS.REASON).
# The dead, and by the composite strategy those given new systemic therapy, are failures by every
# rule; the others without a status are not improved, left out (observed) or improved.
improved_of <- function(status, reason, rule) {
  failures <- c("DIED", if (NEW_THERAPY == "composite") "NEW SYSTEMIC THERAPY")
  failed <- sum(is.na(status) & reason %in% failures)
  improved <- sum(status == 1, na.rm = TRUE)
  unknown <- sum(is.na(status)) - failed
  switch(rule,
         non_improved = c(improved, length(status)),
         observed = c(improved, length(status) - unknown),
         improved = c(improved + unknown, length(status)),
         stop("rule of response.improvement.missing unknown to this program: ", rule))
}

# --- Numbers of one visit in one column -----------------------------------------------------------

# status: one record a subject (PARAMCD IMPR); scores: records used for the visit, with a value.
of_visit <- function(visit, status, scores) {
  n <- nrow(status)
  known <- !is.na(status$AVAL)
  is_pending <- status$REASON == "PENDING"
  pending <- sum(!known & is_pending)
  rescued <- status$REASON == "NEW SYSTEMIC THERAPY"
  counted <- function(name, subjects) count(visit, name, subjects, n)

  out <- list(
    numbers(visit, n_infused = n),
    counted("assessed", sum(known)),
    counted("not_improved", sum(status$AVAL == 0, na.rm = TRUE)),
    counted("missing", n - sum(known) - pending),
    counted("pending", pending),
    counted("partial", sum(status$REASON == "PARTIAL")),
    counted("new_therapy", sum(known & rescued)))
  for (name in setdiff(names(MISSING_REASONS), "pending")) {
    reason <- MISSING_REASONS[[name]]
    out <- c(out, list(counted(paste0("missing_", name), sum(!known & status$REASON == reason))))
  }

  # The rate by the rule of the plan, with its intervals.
  x <- improved_of(status$AVAL, status$REASON, MISSING)[1]
  total <- improved_of(status$AVAL, status$REASON, MISSING)[2]
  out <- c(out, list(
    numbers(visit, n_denominator = total),
    count(visit, "improved", x, total),
    estimate(visit, "rate", exact_rate(x, total)),
    estimate(visit, "rate_wilson", wilson_rate(x, total)),
    estimate(visit, "rate_jeffreys", jeffreys_rate(x, total)),
    estimate(visit, "posterior_mean", posterior_rate(x, total))))

  # Among subjects whose visit window had closed at the data cut-off.
  yes <- sum(status$AVAL == 1, na.rm = TRUE)
  closed <- n - sum(is_pending)
  out <- c(out, list(
    numbers(visit, n_opportunity = closed, n_improved_opportunity = yes),
    estimate(visit, "rate_opportunity", exact_rate(yes, closed))))

  # By each rule for missing assessments: observed, worst and best case.
  rules <- c(observed = "observed", worst = "non_improved", best = "improved")
  for (name in names(rules)) {
    case <- improved_of(status$AVAL, status$REASON, rules[[name]])
    names(case) <- paste0(c("n_improved_", "n_denominator_"), name)
    rate <- exact_rate(case[1], case[2])
    out <- c(out, list(numbers(visit, case), estimate(visit, paste0("rate_", name), rate)))
  }
  c(out, of_score(visit, status, scores), of_other_scores(visit, status, scores),
    of_worsening(visit, scores))
}

# Category and summary of the score. After new systemic therapy no category is credited.
of_score <- function(visit, status, scores) {
  n <- nrow(status)
  total <- scores[scores$PARAMCD == SCORE, ]
  rescued <- status$USUBJID[status$REASON == "NEW SYSTEMIC THERAPY"]
  failed <- sum(!is.na(status$AVAL) & status$USUBJID %in% rescued)
  credited <- total$AVALC[!total$USUBJID %in% rescued]
  levels <- c("none", "minimal", "moderate", "major")
  categories <- lapply(levels, function(level) {
    subjects <- sum(credited == toupper(level)) + if (level == "none") failed else 0
    count(visit, level, subjects, n)
  })
  c(categories, list(summary_of(visit, total$AVAL)))
}

summary_of <- function(visit, values) {
  quartiles <- if (length(values)) quantile(values, c(0.5, 0.25, 0.75), type = 2) else NOT_ESTIMABLE
  found <- c(length(values), if (length(values)) mean(values) else NA, sd(values), quartiles,
             if (length(values)) range(values) else c(NA, NA))
  names(found) <- c(paste0("n_", SCORE_NAME),
                    paste0(SCORE_NAME, c("_mean", "_sd", "_median", "_q1", "_q3", "_min", "_max")))
  numbers(visit, found)
}

# The rate by the score with one component fixed; new systemic therapy decides as in the main one.
of_other_scores <- function(visit, status, scores) {
  rescued <- status$REASON == "NEW SYSTEMIC THERAPY"
  parts <- lapply(names(OTHER_SCORES), function(name) {
    score <- scores[scores$PARAMCD == OTHER_SCORES[[name]], ]
    value <- score$AVAL[match(status$USUBJID, score$USUBJID)]
    reached <- ifelse(rescued, status$AVAL, as.numeric(value >= LEAST_SCORE))
    case <- improved_of(reached, status$REASON, MISSING)
    improved <- numbers(visit, setNames(case[1], paste0("n_improved_", name)))
    rbind(improved, estimate(visit, paste0("rate_", name), exact_rate(case[1], case[2])))
  })
  parts
}

# Measures worse than at baseline (percent change below 0), among the subjects with a score.
of_worsening <- function(visit, scores) {
  assessed <- scores$USUBJID[scores$PARAMCD == SCORE]
  worse <- scores[scores$USUBJID %in% assessed & scores$PARAMCD %in% CHANGES & scores$AVAL < 0, ]
  each <- lapply(names(CHANGES), function(name) {
    subjects <- sum(worse$PARAMCD == CHANGES[[name]])
    count(visit, paste0("worsened_", name), subjects, length(assessed))
  })
  any <- count(visit, "worsened_any", length(unique(worse$USUBJID)), length(assessed))
  c(each, list(any))
}

# --- All visits -----------------------------------------------------------------------------------

adrs <- read_dataset("adrs")
used <- adrs[adrs$ANL01FL == "Y" & adrs$AVISIT %in% VISITS, ]

of_column <- function(subjects) {
  improved <- matrix(NA, length(subjects), length(VISITS))
  out <- list()
  for (i in seq_along(VISITS)) {
    at_visit <- used[used$AVISIT == VISITS[i] & used$USUBJID %in% subjects, ]
    status <- at_visit[at_visit$PARAMCD == "IMPR", ]
    # Every infused subject has one record of the visit, assessed or not.
    stopifnot(identical(sort(status$USUBJID), sort(subjects)))
    improved[, i] <- status$AVAL[match(subjects, status$USUBJID)] %in% 1
    scores <- at_visit[!is.na(at_visit$AVAL), ]
    out <- c(out, of_visit(VISITS[i], status, scores))
  }
  if (length(VISITS) < 2) return(out)
  n <- length(subjects)
  over_visits <- function(name, x) numbers(
    name, n_infused = n, n_improved = x, percent_improved = if (n) 100 * x / n else NA,
    rate = if (n) x / n else NA)
  c(out, list(over_visits("BOTH", sum(apply(improved, 1, all))),
              over_visits("EITHER", sum(apply(improved, 1, any)))))
}

compare("t_improvement", by_column(of_column))
