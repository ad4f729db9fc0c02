# Time to event (t_dor), computed again from ADSL and ADTTE with survfit of the package survival.
#
# Run:   Rscript t_dor.R        (from any folder, no arguments)
# Reads: export/xpt/adsl.xpt, adtte.xpt; ard.csv
# Exits: 0 if every number agrees with ard.csv, else 1
#
# Sources: Kaplan & Meier 1958; Greenwood 1926; limits of quantiles by inversion of the pointwise
# limits (Brookmeyer & Crowley 1982); median follow-up by reverse Kaplan-Meier (Schemper & Smith
# 1996); restricted mean as print(survfit, rmean =) (Klein & Moeschberger 2003, section 4.5).

# @PARAMETERS@

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
HERE <- if (is.na(script)) "." else dirname(gsub("~+~", " ", script, fixed = TRUE))
source(file.path(HERE, "compare.R"))

# --- Kaplan-Meier estimates, in days --------------------------------------------------------------

NOT_ESTIMABLE <- c(NA, NA, NA)

# The curve; NULL where there is nobody.
fit_curve <- function(days, event) {
  if (length(days) == 0) return(NULL)
  type <- switch(KM_CI, arcsine = "arcsin", bpcp = "none", KM_CI)
  curve <- survfit(Surv(days, event) ~ 1, conf.int = CONF_LEVEL, conf.type = type)
  if (KM_CI == "bpcp") with_beta_product_limits(curve) else curve
}

# The curve with limits by the beta product confidence procedure (Fay, Brittain & Proschan 2013):
# the product of Beta(n - d + 1, d) over the times up to now, for the lower limit with the next of
# those still at risk as an event too, as the beta distribution of the same mean and variance.
with_beta_product_limits <- function(curve) {
  tail <- (1 - CONF_LEVEL) / 2
  of_product <- function(p, a, b) {
    mean <- prod(a / (a + b))
    second <- prod(a * (a + 1) / ((a + b) * (a + b + 1)))
    if (mean == 1) return(1)
    first <- (mean - second) * mean / (second - mean^2)
    qbeta(p, first, first * (1 - mean) / mean)
  }
  a <- curve$n.risk - curve$n.event + 1
  b <- curve$n.event
  left <- c(curve$n.risk[-1], 0)                            # at risk at the next time
  row <- seq_along(a)
  upper <- vapply(row, function(i) of_product(1 - tail, a[1:i], b[1:i]), 0)
  lower <- vapply(row, function(i) {
    if (left[i] == 0) 0 else of_product(tail, c(a[1:i], left[i]), c(b[1:i], 1))
  }, 0)
  curve$lower <- cummin(lower)
  curve$upper <- cummin(upper)
  curve
}

# The limits of a quantile by that procedure: the first times at which a limit is below the level,
# also at censorings and, for the lower one, from the start.
beta_product_times <- function(curve, level) {
  from_start <- ((1 - CONF_LEVEL) / 2)^(1 / curve$n) < level
  lower <- c(if (from_start) 0, curve$time[curve$lower < level])
  c(lower[1], curve$time[curve$upper < level][1])
}

# A quantile with its limits, by the rule of the plan.
quantile_of <- function(curve, p) {
  if (is.null(curve)) return(NOT_ESTIMABLE)
  found <- switch(QUANTILE_RULE,
                  r = quantile_r(curve, p),
                  sas = quantile_sas(curve, p),
                  stop("statistics.quantile_rule unknown to this program: ", QUANTILE_RULE))
  if (KM_CI == "bpcp") c(found[1], beta_product_times(curve, 1 - p)) else found
}

# As quantile(survfit). It finds none of the quantiles of a call where 1 - S ends below the least
# of them by rounding: 0.1 is asked for too.
quantile_r <- function(curve, p) {
  found <- quantile(curve, c(0.1, p))
  c(found$quantile[2], found$lower[2], found$upper[2])
}

# As PROC LIFETEST: the first time with S < 1 - p; where S is 1 - p before it, the midpoint of the
# time from which it is and that time; nothing where the curve is never below. Limits: the first
# time at which the pointwise limit is below 1 - p.
quantile_sas <- function(curve, p) {
  at_event <- curve$n.event > 0
  time <- curve$time[at_event]
  level <- 1 - p
  reached <- time[curve$surv[at_event] <= level + 1e-9]     # S is a product: equal but for rounding
  below <- time[curve$surv[at_event] < level - 1e-9]
  lower <- time[which(curve$lower[at_event] < level)]
  upper <- time[which(curve$upper[at_event] < level)]
  c(if (length(below)) (reached[1] + below[1]) / 2 else NA, lower[1], upper[1])
}

# The event-free rate at a day with its limits. After the last observed time it is not estimable,
# but for the tolerance, within which it is that of the last observed time. Before the first event
# (S is 1) there is no interval, but by the beta product confidence procedure.
rate_at <- function(curve, day) {
  if (is.null(curve)) return(NOT_ESTIMABLE)
  last <- max(curve$time)
  if (day > last && day - last <= LANDMARK_TOLERANCE_DAYS) day <- last
  if (day > last) return(NOT_ESTIMABLE)
  if (KM_CI == "bpcp") {
    row <- sum(curve$time <= day)
    if (row == 0) return(c(1, ((1 - CONF_LEVEL) / 2)^(1 / curve$n), 1))
    return(c(curve$surv[row], curve$lower[row], curve$upper[row]))
  }
  at <- summary(curve, times = day)
  if (at$surv == 1) c(1, NA, NA) else c(at$surv, at$lower, at$upper)
}

# The restricted mean up to a day with its limits. Not estimable past the last observed time, unless
# the curve is 0; without limits where its variance is 0, which is no certainty.
restricted_mean <- function(curve, day) {
  if (is.null(curve)) return(NOT_ESTIMABLE)
  if (day > max(curve$time) && min(curve$surv) > 0) return(NOT_ESTIMABLE)
  if (day <= min(curve$time)) return(c(day, NA, NA))        # survfit has no mean before any time
  found <- summary(curve, rmean = day)$table
  mean <- found[[grep("^\\*?rmean", names(found))]]
  error <- found[[grep("^\\*?se\\(rmean\\)", names(found))]]
  if (error == 0) return(c(mean, NA, NA))
  mean + c(0, -1, 1) * qnorm(0.5 + CONF_LEVEL / 2) * error
}

# --- Numbers of one endpoint in one column --------------------------------------------------------

of_endpoint <- function(endpoint, records, in_remission) {
  n <- nrow(records)
  event <- records$CNSR == 0                                # CNSR 0 is an event
  curve <- fit_curve(records$AVAL, event)
  reverse <- fit_curve(records$AVAL, !event)
  counted <- function(name, which) count(endpoint, name, sum(which), n)
  months <- function(days) days / DAYS_PER_MONTH

  out <- list(numbers(endpoint, n_subjects = n), counted("event", event))
  for (name in names(EVENTS[[endpoint]])) {
    description <- EVENTS[[endpoint]][[name]]
    out <- c(out, list(counted(name, event & records$EVNTDESC == description)))
  }
  out <- c(out, list(counted("censored", !event)))
  for (name in names(CENSORINGS[[endpoint]])) {
    reason <- !event & records$EVNTDESC == CENSORINGS[[endpoint]][[name]]
    out <- c(out, list(counted(paste0("censored_", name), reason)))
    if (name == "remission_not_yet_due") out <- c(out, list(counted("pending", reason)))
  }
  if (endpoint %in% COUNTS_BASELINE_REMISSION) {
    out <- c(out, list(counted("baseline_remission", records$USUBJID %in% in_remission)))
  }

  quartiles <- c(q25 = 0.25, median = 0.5, q75 = 0.75)
  for (name in names(quartiles)) {
    out <- c(out, list(estimate(endpoint, name, months(quantile_of(curve, quartiles[[name]])))))
  }
  out <- c(out, of_extremes(endpoint, records, months))
  for (month in LANDMARKS_MONTHS) {
    day <- round(month * DAYS_PER_MONTH, 8)                 # a whole day is that day
    at_risk <- sum(records$AVAL >= day)
    names(at_risk) <- sprintf("at_risk_M%g", month)
    out <- c(out, list(estimate(endpoint, sprintf("landmark_M%g", month), rate_at(curve, day)),
                       numbers(endpoint, at_risk)))
  }
  horizon <- round(RMST_MONTHS * DAYS_PER_MONTH, 8)
  c(out, list(
    estimate(endpoint, "follow_up", months(quantile_of(reverse, 0.5))),
    estimate(endpoint, sprintf("rmst_M%g", RMST_MONTHS), months(restricted_mean(curve, horizon)))))
}

# Shortest and longest duration; noted as censored where no event happened at it.
of_extremes <- function(endpoint, records, months) {
  if (nrow(records) == 0) return(list(numbers(endpoint, min = NA, max = NA)))
  extremes <- range(records$AVAL)
  censored <- vapply(extremes, function(days) all(records$CNSR[records$AVAL == days] > 0), NA)
  notes <- ifelse(censored, "censored", "")
  list(numbers(endpoint, min = months(extremes[1]), max = months(extremes[2])),
       note(endpoint, "min", notes[1]), note(endpoint, "max", notes[2]))
}

# --- All endpoints --------------------------------------------------------------------------------

adsl <- read_dataset("adsl")
adtte <- read_dataset("adtte")
in_remission <- adsl$USUBJID[adsl$BLREMFL == "Y"]

of_column <- function(subjects) {
  do.call(c, lapply(names(EVENTS), function(endpoint) {
    records <- adtte[adtte$PARAMCD == endpoint & adtte$USUBJID %in% subjects, ]
    of_endpoint(endpoint, records, in_remission)
  }))
}

compare("t_dor", by_column(of_column))
