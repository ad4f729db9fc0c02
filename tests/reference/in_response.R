# Probability of being in response by the multi-state survfit of R survival:
#
#   Rscript tests/reference/in_response.R > tests/reference/in_response.json
#
# A case holds start (null: never in response), end, left (1: left at end, 0: censored), and at each
# distinct time the probability of no response yet and of being in response, and the standard error
# of the latter by the infinitesimal jackknife.

suppressMessages({
  library(survival)
  library(jsonlite)
})
set.seed(20261129)

one_case <- function(n) {
  enters <- c(1, 0, 1, rbinom(n - 3, 1, 0.6))
  first <- sample(1:6, n, replace = TRUE)
  later <- first + sample(1:6, n, replace = TRUE)
  left <- c(1, 1, 0, rbinom(n - 3, 1, 0.6))
  start <- ifelse(enters == 1, first, NA)
  end <- ifelse(enters == 1, later, first)
  rows <- do.call(rbind, lapply(seq_len(n), function(i) {
    if (is.na(start[i])) {
      data.frame(id = i, from = 0, to = end[i], state = ifelse(left[i] == 1, "out", "censored"))
    } else {
      data.frame(id = i, from = c(0, start[i]), to = c(start[i], end[i]),
                 state = c("in", ifelse(left[i] == 1, "out", "censored")))
    }
  }))
  rows$state <- factor(rows$state, c("censored", "in", "out"))
  fit <- survfit(Surv(from, to, state) ~ 1, id = id, data = rows)
  states <- fit$states
  list(start = start, end = end, left = left, time = fit$time,
       waiting = fit$pstate[, states == "(s0)"], probability = fit$pstate[, states == "in"],
       std_err = fit$std.err[, states == "in"])
}

cat(toJSON(
  list(
    software = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
    cases = lapply(rep(c(5, 8, 10, 20, 40), each = 4), one_case)
  ),
  digits = I(16), auto_unbox = TRUE, na = "null"
), "\n")
