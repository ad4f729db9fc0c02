# Reference results of R survival for the tests in tests/stats.
#
#   Rscript tests/reference/generate.R OUTPUT_FOLDER [SEED]
#
# writes km.json, aalen_johansen.json and turnbull.json: fixed samples, and random ones from a fixed
# seed. With a seed of yours it writes into random_*.json what R makes of some hundred new samples.
# One file holds {software, cases}; README.md describes a case. Needs R and its package survival alone.

suppressMessages(library(survival))

probabilities <- c(0.1, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
transforms <- c("plain", "log", "log-log", "logit", "arcsin")
tolerance <- sqrt(.Machine$double.eps)

# A vector that stays an array in JSON at length one; NaN and Inf become null as NA does.
values <- function(x) I(as.numeric(x))

# 17 digits where 15 lose the last bit: times that differ by rounding have to stay different.
number <- function(x) {
  text <- rep("null", length(x))
  known <- is.finite(x)
  text[known] <- sprintf("%.15g", x[known])
  shortened <- known
  shortened[known] <- as.numeric(text[known]) != x[known]
  text[shortened] <- sprintf("%.17g", x[shortened])
  text
}

to_json <- function(x) {
  if (is.list(x)) {
    items <- vapply(x, to_json, "")
    if (is.null(names(x))) return(paste0("[", paste(items, collapse = ",\n"), "]"))
    return(paste0("{", paste0('"', names(x), '":', items, collapse = ","), "}"))
  }
  text <- if (is.character(x)) encodeString(x, quote = '"')
          else if (is.logical(x)) ifelse(is.na(x), "null", tolower(x))
          else number(as.numeric(x))
  if (inherits(x, "AsIs") || length(x) != 1) paste0("[", paste(text, collapse = ","), "]") else text
}

observed <- function(data) {
  if (is.null(data$entry)) Surv(data$time, data$status)
  else Surv(data$entry, data$time, data$status)
}

# Midpoints, the times themselves, and one time past the last; thinned where there are many.
landmark_times <- function(times) {
  if (length(times) > 30) times <- times[round(seq(1, length(times), length.out = 15))]
  between <- (c(0, times[-length(times)]) + times) / 2
  sort(unique(c(0, between, times, max(times) * 1.25 + 1)))
}

# First time with S < 1 - p; the midpoint of a flat part at 1 - p; none if that is never left.
quantile_sas <- function(fit, p) {
  below <- which(fit$surv < 1 - p - tolerance)
  if (length(below) == 0) return(NA)
  flat <- which(abs(fit$surv - (1 - p)) < tolerance)
  if (length(flat) == 0) fit$time[below[1]] else (fit$time[flat[1]] + fit$time[below[1]]) / 2
}

restricted_mean <- function(fit, tau) {
  table <- survival:::survmean(survfit0(fit), rmean = tau)$matrix
  result <- list(tau = tau, rmst = table[["rmean"]], se = table[["se(rmean)"]])
  if (tau < min(fit$time)) result$r_refuses <- TRUE  # summary() stops; survmean itself does not
  result
}

km_case <- function(id, title, data, level = 0.95) {
  fits <- lapply(setNames(nm = transforms), function(transform)
    survfit(observed(data) ~ 1, conf.type = transform, conf.int = level))
  fit <- fits[[1]]
  times <- landmark_times(fit$time)
  at <- lapply(fits, function(f) summary(f, times = times, extend = TRUE))
  last <- max(fit$time)
  expected <- list(
    n = length(data$time),
    events = sum(data$status),
    curve = list(
      time = values(fit$time), n_risk = values(fit$n.risk), n_event = values(fit$n.event),
      n_censor = values(fit$n.censor), surv = values(fit$surv),
      std_err = values(fit$surv * fit$std.err), std_err_log = values(fit$std.err)
    ),
    ci = lapply(fits, function(f) list(lower = values(f$lower), upper = values(f$upper))),
    quantiles = c(list(p = values(probabilities)), lapply(fits, function(f) {
      q <- quantile(f, probabilities)
      list(estimate = values(q$quantile), lower = values(q$lower), upper = values(q$upper))
    })),
    landmarks = list(
      times = values(times), surv = values(at[[1]]$surv), std_err = values(at[[1]]$std.err),
      n_risk = values(at[[1]]$n.risk),
      ci = lapply(at, function(a) list(lower = values(a$lower), upper = values(a$upper)))
    ),
    rmst = lapply(c(last / 3, last * 0.75, last, last * 1.5 + 1), function(t) restricted_mean(fit, t)),
    quantiles_sas_formula = list(
      p = values(probabilities),
      estimate = values(sapply(probabilities, function(p) quantile_sas(fit, p)))
    )
  )
  if (is.null(data$entry)) {
    reverse <- survfit(Surv(data$time, 1 - data$status) ~ 1, conf.type = "log-log", conf.int = level)
    q <- quantile(reverse, probabilities)
    median <- probabilities == 0.5
    expected$reverse_km <- list(status_flip = list(
      median = q$quantile[[which(median)]], lower = q$lower[[which(median)]],
      upper = q$upper[[which(median)]], time = values(reverse$time), surv = values(reverse$surv)
    ))
  }
  list(id = id, kind = "km", title = title, conf_level = level,
       data = lapply(data, values), expected = expected)
}

# NULL where survival, from 3.8 on, stops at several states: nobody with an event, or one time only.
aj_case <- function(...) tryCatch(
  aj_computed(...),
  error = function(e) if (packageVersion("survival") < "3.8") stop(e)
)

aj_computed <- function(id, title, data) {
  state <- factor(data$event, 0:2, c("censored", "event", "death"))
  fits <- lapply(setNames(nm = c("log", "log-log", "plain")), function(transform)
    survfit(Surv(data$time, state) ~ 1, conf.type = transform))
  fit <- fits[[1]]
  times <- landmark_times(fit$time)
  at <- lapply(fits, function(f) summary(f, times = times, extend = TRUE))
  column <- function(x, name) values(x[, match(name, fit$states)])
  naive <- survfit(Surv(data$time, data$event == 1) ~ 1)
  list(
    id = id, kind = "aalen_johansen", title = title,
    notes = "std.err of R multi-state survfit = infinitesimal jackknife (robust)",
    data = lapply(data, values),
    expected = list(
      states = fit$states,
      curve = list(
        time = values(fit$time), n_risk = values(fit$n.risk[, 1]),
        cif_event = column(fit$pstate, "event"), cif_death = column(fit$pstate, "death"),
        p_free = column(fit$pstate, "(s0)"),
        se_event = column(fit$std.err, "event"), se_death = column(fit$std.err, "death")
      ),
      landmarks = list(
        times = values(times),
        cif_event = column(at[[1]]$pstate, "event"), cif_death = column(at[[1]]$pstate, "death"),
        se_event = column(at[[1]]$std.err, "event"), se_death = column(at[[1]]$std.err, "death"),
        ci = lapply(at, function(a) list(
          event_lower = column(a$lower, "event"), event_upper = column(a$upper, "event"),
          death_lower = column(a$lower, "death"), death_upper = column(a$upper, "death")
        ))
      ),
      naive_1_minus_km = list(
        times = values(times),
        one_minus_km = values(1 - summary(naive, times = times, extend = TRUE)$surv)
      )
    )
  )
}

km_fixed <- function() {
  # Days of which the two routes to months differ in the last bit.
  by_month <- function(days) days / 30.4375
  by_year <- function(days) days / 365.25 * 12
  days <- c(59, 94, 183, 366, 547)
  list(
    km_case("n1_censored", "one subject, censored", list(time = 5, status = 0)),
    km_case("n2_both_events", "two events", list(time = c(1, 2), status = c(1, 1))),
    km_case("n2_tie_event_censored", "event and censoring at one time",
            list(time = c(3, 3), status = c(1, 0))),
    km_case("n6_uncensored", "six events at 1..6: S(3) = 0.5", list(time = 1:6, status = rep(1, 6))),
    km_case("n10_uncensored", "ten events at 1..10", list(time = 1:10, status = rep(1, 10))),
    km_case("n10_uncensored_reversed", "the same in descending order",
            list(time = 10:1, status = rep(1, 10))),
    km_case("one_time_all_events", "all events at one time", list(time = rep(4, 5), status = rep(1, 5))),
    km_case("one_time_all_censored", "all censored at one time",
            list(time = rep(4, 5), status = rep(0, 5))),
    km_case("one_time_half_events", "half of ten at one time: S = 0.5 to the end",
            list(time = rep(4, 10), status = rep(c(1, 0), 5))),
    km_case("time_zero_event", "an event and a censoring at time 0",
            list(time = c(0, 0, 1, 2, 5), status = c(1, 0, 1, 0, 1))),
    km_case("time_zero_censored", "censored at time 0 only", list(time = c(0, 1, 2), status = c(0, 1, 1))),
    km_case("n8_all_censored_ties", "all censored, tied", list(time = c(1, 1, 2, 2, 3, 3, 4, 4), status = rep(0, 8))),
    km_case("last_tied_event_censored", "event and censoring at the last time",
            list(time = c(1, 2, 3, 3), status = c(1, 0, 1, 0))),
    km_case("half_ends_curve", "S = 0.5 from 4 to the end at 9",
            list(time = c(1, 2, 3, 4, 6, 7, 8, 9), status = c(1, 1, 1, 1, 0, 0, 0, 0))),
    km_case("half_ends_curve_at_event", "S = 0.5 reached at the last time",
            list(time = c(1, 2, 2), status = c(0, 1, 0))),
    km_case("quarter_ends_curve", "S = 0.75 to the end", list(time = c(2, 5, 6, 9), status = c(1, 0, 0, 0))),
    km_case("three_quarters_end_curve", "S = 0.25 to the end",
            list(time = c(1, 2, 3, 9), status = c(1, 1, 1, 0))),
    km_case("all_quartiles_flat", "S = 0.75, 0.5, 0.25 inside",
            list(time = 1:8, status = rep(1, 8))),
    km_case("quartiles_flat_ties", "S = 0.75, 0.5, 0.25 by tied events",
            list(time = c(1, 1, 2, 2, 4, 4, 8, 8), status = rep(1, 8))),
    km_case("half_before_censoring", "S = 9/10 x 8/9 x 5/8 = 0.5, then flat over censorings",
            list(time = c(1, 2, 3, 3, 3, 4, 5, 6, 7, 8), status = c(1, 1, 1, 1, 1, 0, 0, 1, 0, 1))),
    km_case("half_by_fifths", "S = 10/12 x 3/5 = 0.5, the censored between",
            list(time = c(1, 1, 2, 2, 3, 3, 4, 5, 5, 7, 8, 9),
                 status = c(1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1))),
    km_case("n10_one_event", "S = 0.9 to the end: below p = 0.1 by rounding alone, R answers NA",
            list(time = 1:10, status = as.numeric(1:10 == 1))),
    km_case("n20_two_events", "S = 0.9 to the end, rounded the other way: R answers the midpoint",
            list(time = 1:20, status = as.numeric(1:20 <= 2))),
    km_case("n27_half_ends_curve", "S = 0.5 to the end but for rounding: R answers NA if asked for the median alone",
            list(time = 1:27, status = c(rep(0, 3), rep(1, 12), rep(0, 12)))),
    km_case("n10_nine_events", "S = 0.1 to the end", list(time = 1:10, status = as.numeric(1:10 <= 9))),
    km_case("n10_first_censored", "censored before the first event",
            list(time = c(1, 1, 2, 4, 5, 6, 7, 8, 9, 12), status = c(0, 0, 0, 1, 1, 0, 1, 0, 0, 0))),
    km_case("timefix_n10", "each time by both routes, ten subjects",
            list(time = c(by_year(days), by_month(days)), status = c(1, 1, 0, 1, 1, 1, 0, 1, 1, 0))),
    km_case("timefix_n8", "each time by both routes, eight subjects",
            list(time = c(rbind(by_month(days[1:4]), by_year(days[1:4]))),
                 status = c(1, 0, 1, 1, 0, 1, 1, 0))),
    km_case("timefix_last", "the last time by both routes, ten subjects",
            list(time = c(by_month(c(28, 59, 65, 94, 183, 271, 366, 456, 547)), by_year(547)),
                 status = c(1, 0, 1, 1, 0, 1, 0, 1, 1, 0))),
    km_case("timefix_median", "S = 0.5 only if two times are one",
            list(time = c(by_month(59), by_year(59), by_month(94), by_year(94)), status = c(1, 1, 0, 1))),
    km_case("timefix_sums", "0.1 + 0.2 and 0.3",
            list(time = c(0.1 + 0.2, 0.3, 0.7 + 0.1, 0.8, 1.1 + 2.2, 3.3), status = c(1, 0, 1, 1, 0, 1))),
    km_case("timefix_large_times", "relative tolerance: 1e-6 apart at 100,000",
            list(time = c(1e5, 1e5 + 1e-6, 2e5, 2e5 + 1, 3e5), status = c(1, 0, 1, 1, 0))),
    km_case("close_but_distinct", "1e-6 apart at 1: distinct",
            list(time = c(1, 1 + 1e-6, 2, 2 - 1e-6, 3), status = c(1, 1, 0, 1, 0))),
    km_case("level_90", "90 percent", list(time = c(2, 3, 3, 5, 7, 8, 11, 12, 12, 14),
                                           status = c(1, 1, 0, 1, 0, 1, 1, 0, 1, 0)), 0.9),
    km_case("level_99", "99 percent", list(time = c(2, 3, 3, 5, 7, 8, 11, 12, 12, 14),
                                           status = c(1, 1, 0, 1, 0, 1, 1, 0, 1, 0)), 0.99),
    km_case("level_80_uncensored", "80 percent, uncensored", list(time = 1:12, status = rep(1, 12)), 0.8),
    km_case("trunc_entry_ties_event", "who enters at an event's time is not at risk at it",
            list(time = c(3, 4, 5, 6, 7), status = c(1, 1, 0, 1, 0), entry = c(0, 0, 3, 3, 4))),
    km_case("trunc_emptied_by_event", "all at risk have the event at 2: S stays 0",
            list(time = c(1, 2, 5, 6, 7), status = c(0, 1, 1, 0, 1), entry = c(0, 0, 3, 3, 4))),
    km_case("trunc_emptied_by_censoring", "nobody at risk between 2 and 3: S flat",
            list(time = c(1, 2, 5, 6, 7, 8), status = c(1, 0, 1, 0, 1, 0), entry = c(0, 0, 3, 3, 4, 4))),
    km_case("trunc_late_start", "nobody at risk before 2",
            list(time = c(4, 5, 6, 8), status = c(1, 0, 1, 0), entry = c(2, 2, 3, 5))),
    km_case("trunc_growing_risk_set", "more at risk later",
            list(time = c(2, 4, 8, 9, 10, 11, 12, 13), status = c(1, 1, 1, 0, 1, 1, 0, 0),
                 entry = c(0, 0, 1, 3, 3, 5, 6, 7))),
    km_case("trunc_all_zero_entry", "entry 0 for all: as without truncation",
            list(time = c(1, 2, 2, 4, 6, 9), status = c(1, 0, 1, 1, 0, 1), entry = rep(0, 6))),
    km_case("trunc_timefix", "entry and time by two routes",
            list(time = c(by_month(59), by_month(94), by_year(183), by_year(366)), status = c(1, 1, 0, 1),
                 entry = c(0, by_year(59), 0, by_month(59)))),
    km_case("trunc_n1", "one subject", list(time = 5, status = 1, entry = 2)),
    km_case("trunc_half_flat", "S = 0.5 on a flat part",
            list(time = c(3, 4, 7, 9), status = c(1, 0, 1, 1), entry = c(0, 1, 4, 4)))
  )
}

km_random <- function() {
  set.seed(20240607)
  small <- lapply(1:40, function(i) {
    n <- 1 + (i - 1) %% 12
    data <- list(time = sample(1:8, n, replace = TRUE), status = rbinom(n, 1, c(0.3, 0.6, 0.9)[1 + i %% 3]))
    km_case(sprintf("random_small_%02d", i), "random, tied", data, c(0.95, 0.9, 0.99)[1 + i %% 3])
  })
  truncated <- lapply(1:12, function(i) {
    n <- 3 + i
    entry <- sample(0:6, n, replace = TRUE)
    data <- list(time = entry + sample(1:9, n, replace = TRUE), status = rbinom(n, 1, 0.6), entry = entry)
    km_case(sprintf("random_truncated_%02d", i), "random, left-truncated", data)
  })
  continuous <- lapply(1:6, function(i) {
    n <- 10 * i
    data <- list(time = round(rweibull(n, 1.2, 10), 4), status = rbinom(n, 1, 0.7))
    km_case(sprintf("random_continuous_%02d", i), "random, continuous", data)
  })
  large <- list(km_case("large_n3000", "3000 subjects, 60 months",
    list(time = pmin(ceiling(rexp(3000, 1 / 30)), 60), status = rbinom(3000, 1, 0.6))))
  c(small, truncated, continuous, large)
}

aj_cases <- function() {
  set.seed(77)
  random <- lapply(1:16, function(i) {
    n <- 2 + i
    data <- list(time = sample(1:9, n, replace = TRUE), event = sample(0:2, n, replace = TRUE))
    aj_case(sprintf("aj_random_%02d", i), "random, tied", data)
  })
  fixed <- list(
    aj_case("aj_tie_event_death", "event and death at one time",
            list(time = c(1, 2, 2, 2, 3, 4, 4, 5), event = c(1, 1, 2, 0, 2, 1, 2, 0))),
    aj_case("aj_time_zero", "events at time 0", list(time = c(0, 0, 1, 2, 3), event = c(1, 2, 1, 0, 2))),
    aj_case("aj_all_one_time", "everything at one time", list(time = rep(2, 6), event = c(1, 1, 2, 2, 0, 0))),
    aj_case("aj_no_censoring", "every subject has one of the two",
            list(time = c(1, 1, 2, 3, 3, 4), event = c(1, 2, 1, 1, 2, 2))),
    aj_case("aj_all_censored", "no event", list(time = c(1, 2, 2, 3), event = c(0, 0, 0, 0))),
    aj_case("aj_no_death", "deaths absent", list(time = c(1, 2, 2, 3, 5), event = c(1, 1, 0, 1, 0))),
    aj_case("aj_two_routes", "months by two routes",
            list(time = c(59 / 365.25 * 12, 59 / 30.4375, 94 / 30.4375, 94 / 365.25 * 12),
                 event = c(1, 2, 0, 1)))
  )
  c(fixed, random)
}

turnbull_case <- function(id, title, data) {
  fit <- survfit(Surv(data$lower, ifelse(is.finite(data$upper), data$upper, NA_real_), type = "interval2") ~ 1)
  list(id = id, kind = "turnbull", title = title, data = lapply(data, values),
       expected = list(time = values(fit$time), surv = values(fit$surv)))
}

# Visits at 1, 2, ...; some missed, some subjects never with the event.
random_intervals <- function(n) {
  lower <- sample(0:7, n, replace = TRUE)
  upper <- lower + sample(1:3, n, replace = TRUE)
  upper[runif(n) < 0.3] <- Inf
  list(lower = lower, upper = upper)
}

turnbull_cases <- function() {
  set.seed(1976)
  lapply(1:12, function(i) turnbull_case(sprintf("turnbull_%02d", i), "random visits", random_intervals(3 + 2 * i)))
}

# New samples of every kind: few and many ties, time 0, times by two routes, left truncation that
# may empty the set at risk.
random_sample <- function(i) {
  n <- sample(1:24, 1)
  status <- rbinom(n, 1, sample(c(0, 0.2, 0.5, 0.8, 1), 1, prob = c(1, 4, 6, 6, 2)))
  switch(1 + i %% 6,
    list(time = sample(0:6, n, replace = TRUE), status = status),
    list(time = sample(1:40, n, replace = TRUE), status = status),
    list(time = sample(c(1, 35, 59, 94, 183, 366), n, replace = TRUE) /
           ifelse(runif(n) < 0.5, 30.4375, 365.25 / 12), status = status),
    list(time = rexp(n, 0.1), status = status),
    with(list(entry = sample(0:9, n, replace = TRUE)),
         list(time = entry + sample(1:4, n, replace = TRUE), status = status, entry = entry)),
    with(list(entry = sample(0:3, n, replace = TRUE)),
         list(time = entry + sample(1:12, n, replace = TRUE), status = status, entry = entry))
  )
}

km_new <- function(seed) {
  set.seed(seed)
  lapply(1:360, function(i)
    km_case(sprintf("new_%03d", i), "random", random_sample(i), sample(c(0.8, 0.9, 0.95, 0.99), 1)))
}

aj_new <- function(seed) {
  set.seed(seed)
  lapply(1:60, function(i) {
    n <- sample(1:20, 1)
    times <- if (i %% 2) sample(0:6, n, replace = TRUE) else rexp(n)
    aj_case(sprintf("aj_new_%02d", i), "random", list(time = times, event = sample(0:2, n, replace = TRUE)))
  })
}

turnbull_new <- function(seed) {
  set.seed(seed)
  lapply(1:40, function(i) turnbull_case(sprintf("turnbull_new_%02d", i), "random visits", random_intervals(sample(2:25, 1))))
}

write_cases <- function(cases, path) {
  software <- list(R = R.version.string, survival = as.character(packageVersion("survival")))
  known <- Filter(Negate(is.null), cases)
  writeLines(to_json(list(software = software, cases = known)), path)
}

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
if (length(arguments) > 1) {
  seed <- as.integer(arguments[2])
  write_cases(km_new(seed), file.path(folder, "random_km.json"))
  write_cases(aj_new(seed), file.path(folder, "random_aalen_johansen.json"))
  write_cases(turnbull_new(seed), file.path(folder, "random_turnbull.json"))
} else {
  write_cases(c(km_fixed(), km_random()), file.path(folder, "km.json"))
  write_cases(aj_cases(), file.path(folder, "aalen_johansen.json"))
  write_cases(turnbull_cases(), file.path(folder, "turnbull.json"))
}
