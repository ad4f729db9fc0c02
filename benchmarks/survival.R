# R's side of benchmarks/survival.py:
#
#   Rscript survival.R SUBJECTS SAMPLES.txt OUTPUT.csv LANDMARKS
#
# SAMPLES.txt holds one number a line: of each sample the times, then the events. Prints the CPU
# seconds of the loop over survfit and quantile, and of the same with summary at the landmarks. Writes, unless
# OUTPUT is -, for each sample survival, lower and upper limit at its distinct times (NA behind them),
# median with limits, survival with limits at the landmarks (NA past the last time).

suppressMessages(library(survival))
arguments <- commandArgs(trailingOnly = TRUE)
n <- as.integer(arguments[1])
samples <- matrix(scan(arguments[2], quiet = TRUE), ncol = 2 * n, byrow = TRUE)
landmarks <- as.numeric(strsplit(arguments[4], ",")[[1]])
time <- samples[, 1:n, drop = FALSE]
event <- samples[, n + 1:n, drop = FALSE]
every <- seq_len(nrow(samples))

seconds <- function(task) sum(system.time(task())[c("user.self", "sys.self")])
fit <- function(i) survfit(Surv(time[i, ], event[i, ]) ~ 1, conf.type = "log-log")
loop <- seconds(function() for (i in every) quantile(fit(i), c(0.25, 0.5, 0.75)))
longer <- seconds(function() for (i in every) {
  curve <- fit(i)
  quantile(curve, c(0.25, 0.5, 0.75))
  summary(curve, times = landmarks, extend = TRUE)
})
cat(loop, longer, "\n")

numbers <- function(i) {
  curve <- fit(i)
  median <- quantile(curve, c(0.25, 0.5, 0.75))
  at <- summary(curve, times = landmarks, extend = TRUE)
  followed <- ifelse(landmarks <= max(curve$time), 1, NA)
  padded <- function(x) c(x, rep(NA, n - length(x)))
  c(
    padded(curve$surv), padded(curve$lower), padded(curve$upper),
    median$quantile[[2]], median$lower[[2]], median$upper[[2]],
    at$surv * followed, at$lower * followed, at$upper * followed
  )
}
if (arguments[3] != "-") {
  rows <- t(vapply(every, numbers, numeric(3 * n + 3 + 3 * length(landmarks))))
  write.table(format(rows, digits = 17), arguments[3], sep = ",", quote = FALSE,
              row.names = FALSE, col.names = FALSE)
}
