# Cellular kinetics (t_kinetics), computed again from ADSL and ADPP.
#
# Run:   Rscript t_kinetics.R        (from any folder, no arguments)
# Reads: export/xpt/adsl.xpt, adpp.xpt; ard.csv
# Exits: 0 if every number agrees with ard.csv, else 1
#
# Sources: geometric mean and coefficient of variation 100 sqrt(exp(s^2) - 1), s the standard
# deviation of the logarithms (Kirkwood 1979), not estimable where a value is 0; quartiles by
# definition 2 of Hyndman & Fan 1996, which is SAS PCTLDEF=5.

# @PARAMETERS@

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
HERE <- if (is.na(script)) "." else dirname(gsub("~+~", " ", script, fixed = TRUE))
source(file.path(HERE, "compare.R"))

adpp <- read_dataset("adpp")
# The parameters of the first infusion.
if ("APERIOD" %in% names(adpp)) adpp <- adpp[adpp$APERIOD == 1, ]

# The parameter as ard.csv names it: its code (PARCAT3), and the assay with its unit where there
# are several.
assay <- paste0(adpp$PARCAT1, " (", adpp$PARCAT2, ")")
several <- length(unique(assay)) > 1
adpp$key <- if (several) join_parameter(adpp$PARCAT3, assay) else join_parameter(adpp$PARCAT3)

geometric <- function(values) {
  if (length(values) == 0 || min(values) <= 0) return(c(NA, NA))
  logs <- log(values)
  c(exp(mean(logs)), 100 * sqrt(exp(sd(logs)^2) - 1))
}

# Numbers of an exposure parameter; values: those that are calculable.
of_exposure <- function(key, values) {
  n <- length(values)
  quartiles <- if (n) quantile(values, c(0.25, 0.5, 0.75), type = 2, names = FALSE) else rep(NA, 3)
  mean <- if (n) mean(values) else NA
  all <- geometric(values)
  detected <- geometric(values[values > 0])
  numbers(key, n = n, mean = mean, sd = sd(values),
          median = quartiles[2], q1 = quartiles[1], q3 = quartiles[3],
          min = if (n) min(values) else NA, max = if (n) max(values) else NA,
          cv = if (mean %in% 0) NA else 100 * sd(values) / mean,
          geo_mean = all[1], geo_cv = all[2], n_detected = sum(values > 0),
          geo_mean_detected = detected[1], geo_cv_detected = detected[2])
}

# Persistence: of the subjects with a result near the day, those in whom cells were quantifiable.
of_persistence <- function(key, values) {
  n <- length(values)
  numbers(key, n = n, n_quantifiable = sum(values),
          percent_quantifiable = if (n) 100 * sum(values) / n else NA)
}

of_column <- function(subjects) {
  own <- adpp[adpp$USUBJID %in% subjects, ]
  out <- list()
  if (nrow(adpp) == 0) out <- list(numbers("", n_infused = length(subjects)))
  for (key in unique(adpp$key)) {
    records <- own[own$key == key, ]
    counts <- numbers(key, n_infused = length(subjects),
                      n_no_sample = length(subjects) - nrow(records),
                      n_not_calculable = sum(is.na(records$AVAL)),
                      n_not_detected = sum(records$FLAG == "NOT DETECTED"),
                      n_extrapolated = sum(records$FLAG == "EXTRAPOLATED"))
    values <- records$AVAL[!is.na(records$AVAL)]
    persistence <- startsWith(adpp$PARCAT3[match(key, adpp$key)], "PERS")
    rest <- if (persistence) of_persistence(key, values) else of_exposure(key, values)
    out <- c(out, list(counts, rest))
  }
  out
}

compare("t_kinetics", by_column(of_column))
