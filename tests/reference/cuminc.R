# Cumulative incidence and Aalen's variance with tied times, by R cmprsk:
#
#   Rscript tests/reference/cuminc.R > tests/reference/cuminc.json
#
# A case holds time, event (0 censored, 1, 2), and at each distinct time a row of two causes.

suppressMessages({
  library(cmprsk)
  library(jsonlite)
})
set.seed(20261123)

one_case <- function(n) {
  time <- sample(0:7, n, replace = TRUE)
  event <- c(1, 2, sample(0:2, n - 2, replace = TRUE))
  at <- timepoints(cuminc(time, event), sort(unique(time)))
  list(time = time, event = event, cif = t(unname(at$est)), variance = t(unname(at$var)))
}

cat(toJSON(
  list(
    software = list(R = R.version.string, cmprsk = as.character(packageVersion("cmprsk"))),
    cases = lapply(4:23, one_case)
  ),
  digits = I(16), auto_unbox = TRUE
), "\n")
