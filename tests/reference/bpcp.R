# Limits by the beta product confidence procedure, by the R package of its authors (bpcp).
#
#   Rscript tests/reference/bpcp.R OUTPUT_FILE
#
# writes bpcp.json: for samples of right-censored times the intervals [left, right) of time with the
# survival and its limits, at 95 % by the method of moments (the default of the package), and at 90 %.
# Needs R and the packages bpcp (from CRAN) and survival.

suppressMessages({library(survival); library(bpcp)})

set.seed(2013)
random <- function(n) {
  # Whole months, so that events tie with each other and with censorings.
  list(time = ceiling(rexp(n, 1 / 8)), status = rbinom(n, 1, 0.6))
}
mp6 <- list(time = c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35),
            status = c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0))
samples <- c(
  list(one_event = list(time = 5, status = 1), one_censored = list(time = 5, status = 0),
       ten_events = list(time = 1:10, status = rep(1, 10)),
       ten_censored = list(time = 1:10, status = rep(0, 10)),
       ten_tied = list(time = rep(4, 10), status = rep(1, 10)),
       tied_with_censored = list(time = c(3, 3, 3, 7), status = c(1, 0, 1, 1)),
       freireich_6mp = mp6),
  setNames(lapply(rep(c(4, 6, 10, 10, 10, 20, 50), 4), random), sprintf("random_%02d", 1:28)))

numbers <- function(x) paste0("[", paste(ifelse(is.finite(x), sprintf("%.15g", x), "null"),
                                         collapse = ","), "]")
case <- function(id) {
  data <- samples[[id]]
  band <- function(alpha) {
    found <- bpcp(data$time, data$status, alpha = alpha)
    sprintf('{"left":%s,"right":%s,"survival":%s,"lower":%s,"upper":%s}', numbers(found$L),
            numbers(found$R), numbers(found$surv), numbers(found$lower), numbers(found$upper))
  }
  sprintf('{"id":"%s","time":%s,"status":%s,"0.95":%s,"0.9":%s}', id, numbers(data$time),
          numbers(data$status), band(0.05), band(0.1))
}
software <- sprintf('{"R":"%s","bpcp":"%s"}', R.version.string, packageVersion("bpcp"))
writeLines(sprintf('{"software":%s,\n"cases":[%s]}', software,
                   paste(vapply(names(samples), case, ""), collapse = ",\n")),
           commandArgs(TRUE)[1])
