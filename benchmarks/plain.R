# What a statistician would write by hand, for the time it takes (benchmarks/__main__.py):
#
#   Rscript plain.R DATA OUTPUT
#
# Reads the demo study, derives improvement at months 2 and 3 and duration of response at the interim
# cut-off, and writes two tables and a Kaplan-Meier plot. No checks of the data, no windows about
# missed assessments, no other definition, one group, nothing that says what was done.

suppressMessages({
  library(dplyr)
  library(survival)
})
folders <- commandArgs(trailingOnly = TRUE)
cutoff <- as.Date("2024-06-30")
read <- function(table) {
  frame <- read.csv(file.path(folders[1], paste0(table, ".csv")), na.strings = "")
  dated <- grep("_date$", names(frame))
  frame[dated] <- lapply(frame[dated], as.Date)
  frame
}
infused <- read("subjects") |> filter(infusion_date <= cutoff)
visits <- read("visits") |>
  inner_join(select(infused, subject_id, infusion_date, lymphodepletion_date), by = "subject_id") |>
  filter(visit_date <= cutoff) |>
  mutate(day = as.integer(visit_date - infusion_date)) |>
  arrange(subject_id, visit_date)

# Total Improvement Score, PRINTO core set: range (negative: higher is better), cut points, scores.
usual <- c(5, 15, 25, 40)
measures <- list(
  physician_global = list(10, usual, c(0, 7.5, 15, 17.5, 20)),
  parent_global = list(10, usual, c(0, 2.5, 5, 7.5, 10)),
  cmas = list(-52, c(2, 10, 20, 30), c(0, 10, 20, 27.5, 32.5)),
  chaq = list(3, usual, c(0, 5, 7.5, 7.5, 10)),
  chq_phs = list(-40, usual, c(0, 2.5, 5, 7.5, 7.5)),
  das = list(20, usual, c(0, 7.5, 12.5, 15, 20))
)
baseline <- visits |>
  filter(visit_date < lymphodepletion_date) |>
  group_by(subject_id) |>
  slice_tail(n = 1) |>
  ungroup()
before <- baseline[match(visits$subject_id, baseline$subject_id), ]
scores <- sapply(names(measures), function(name) {
  measure <- measures[[name]]
  change <- round(100 * (before[[name]] - visits[[name]]) / measure[[1]], 9)
  measure[[3]][findInterval(change, measure[[2]], left.open = TRUE) + 1]
})
lighter <- c("parent_global", "chaq", "chq_phs")
scores[, lighter][is.na(scores[, lighter])] <- 0
visits$score <- rowSums(scores)

improvement <- bind_rows(lapply(c(M2 = 60, M3 = 90), function(target) {
  assessed <- visits |>
    filter(abs(day - target) <= 14) |>
    group_by(subject_id) |>
    slice_min(abs(day - target), n = 1, with_ties = FALSE)
  improved <- sum(assessed$score >= 20, na.rm = TRUE)
  limits <- binom.test(improved, nrow(infused))$conf.int
  data.frame(
    infused = nrow(infused), assessed = nrow(assessed), improved = improved,
    rate = improved / nrow(infused), lower = limits[1], upper = limits[2]
  )
}), .id = "visit")

# Duration of response: first modified PRINTO remission to recurrence, death or new therapy.
visits <- visits |> mutate(
  remission = physician_global <= 0.2 & (ck <= 150) + (cmas >= 48) + (mmt8 >= 78) + 1 >= 3,
  recorded = coalesce(investigator_assessment %in% c("recurrence", "progression"), FALSE)
)
starts <- visits |>
  filter(day > 0, remission) |>
  group_by(subject_id) |>
  summarise(start = min(visit_date))
after <- visits |>
  inner_join(starts, by = "subject_id") |>
  filter(visit_date >= start) |>
  group_by(subject_id) |>
  mutate(lost = recorded | (day > 30 & !remission & coalesce(!lead(remission), FALSE)))
therapies <- read("therapies") |> filter(new_systemic == "Y", start_date <= cutoff)
first <- function(dates) if (any(!is.na(dates))) min(dates, na.rm = TRUE) else as.Date(NA)
dor <- after |>
  summarise(start = first(start), lost = first(visit_date[lost]), last = max(visit_date)) |>
  left_join(select(infused, subject_id, death_date), by = "subject_id") |>
  rowwise() |>
  mutate(
    therapy = first(therapies$start_date[
      therapies$subject_id == subject_id & therapies$start_date > start
    ]),
    death = if_else(death_date <= cutoff, death_date, as.Date(NA)),
    event_date = first(c(lost, therapy, death)),
    event = !is.na(event_date),
    months = as.numeric(coalesce(event_date, last) - start + 1) / 30.4375
  )
fit <- survfit(Surv(months, event) ~ 1, data = dor, conf.type = "log-log")
median <- quantile(fit, 0.5)
duration <- data.frame(
  subjects = nrow(dor), events = sum(dor$event),
  median = median$quantile, lower = median$lower, upper = median$upper
)

write.csv(improvement, file.path(folders[2], "improvement.csv"), row.names = FALSE)
write.csv(duration, file.path(folders[2], "duration.csv"), row.names = FALSE)
png(file.path(folders[2], "km.png"), width = 170, height = 120, units = "mm", res = 200)
plot(fit, xlab = "Months since first remission", ylab = "Event-free", mark.time = TRUE)
invisible(dev.off())
