# What the programs of this folder share: reading the delivered files, the columns of the tables,
# and the comparison with ard.csv. It is read by each of them and is not run itself.
#
# Needs R 4.0 or later with the packages foreign and survival, which every installation of R has.

library(foreign)
library(survival)

RESULTS <- file.path(HERE, "..", "..")      # results/ID: ard.csv and export/xpt lie below it

# Two numbers agree when they differ by at most this share of their size (absolute below 1). Both
# programs compute in double precision, to about 16 digits, and round otherwise in the last ones.
TOLERANCE <- 1e-12

# --- Reading --------------------------------------------------------------------------------------

# A CSV file as text: nothing is taken for a number or for missing.
read_text <- function(path) {
  data <- read.csv(path, colClasses = "character", na.strings = character(), encoding = "UTF-8",
                   check.names = FALSE)
  # Text that a spreadsheet would take for a formula is written with an apostrophe before it.
  data[] <- lapply(data, function(text) sub("^'(?='*[=+@\t\r-])", "", text, perl = TRUE))
  data
}

# A delivered dataset, export/xpt/NAME.xpt: a missing text is "", a missing number NA.
read_dataset <- function(name) {
  data <- read.xport(file.path(RESULTS, "export", "xpt", paste0(name, ".xpt")), as.is = TRUE)
  texts <- vapply(data, is.character, NA)
  data[texts] <- lapply(data[texts], function(text) { Encoding(text) <- "UTF-8"; text })
  # Text that a transport file cannot hold (accents, Chinese, over 200 bytes) is written otherwise
  # in it; export/report.csv lists each such value with the text recorded, which ard.csv has.
  changed <- read_text(file.path(RESULTS, "export", "report.csv"))
  changed <- changed[changed$dataset == toupper(name) & changed$variable %in% names(data), ]
  changed <- changed[changed$row != "0", ]  # labels
  # Of several changes of one value the first tells the text recorded.
  changed <- changed[!duplicated(changed[c("variable", "row")]), ]
  for (i in seq_len(nrow(changed))) {
    data[as.integer(changed$row[i]), changed$variable[i]] <- changed$recorded[i]
  }
  data
}

# --- Columns of the tables ------------------------------------------------------------------------

# The columns of a table: each level of each group among the infused subjects, those for whom it is
# not recorded, then all. A column is a list of group_by, group and subjects (USUBJID).
table_columns <- function() {
  infused <- read_dataset("adsl")
  infused <- infused[infused$SAFFL == "Y", ]
  columns <- list()
  for (by in names(GROUPS)) {
    level <- as.character(infused[[GROUPS[[by]]]])
    level[level %in% c("", NA)] <- "Not recorded"
    for (group in unique(level)) {
      subjects <- infused$USUBJID[level == group]
      columns[[length(columns) + 1]] <- list(group_by = by, group = group, subjects = subjects)
    }
  }
  all <- list(group_by = "total", group = "Total", subjects = infused$USUBJID)
  c(columns, list(all))
}

# The numbers of a table: those that `numbers_of` gives for the subjects of each column.
by_column <- function(numbers_of) {
  parts <- lapply(table_columns(), function(column) {
    numbers <- do.call(rbind, numbers_of(column$subjects))
    cbind(group_by = column$group_by, group = column$group, numbers)
  })
  do.call(rbind, parts)
}

# --- Numbers --------------------------------------------------------------------------------------

# Numbers of one parameter, each with the name that it has in ard.csv: numbers("M2", n_infused = 10).
numbers <- function(parameter, ...) {
  values <- unlist(list(...))
  data.frame(parameter = parameter, statistic = names(values), value = unname(values),
             text = rep(NA_character_, length(values)))
}

# An estimate with its limits, three numbers.
estimate <- function(parameter, name, three) {
  statistic <- paste0(name, c("", " (lower)", " (upper)"))
  data.frame(parameter = parameter, statistic = statistic, value = as.numeric(three),
             text = NA_character_)
}

# The note of a number, a text.
note <- function(parameter, name, text) {
  data.frame(parameter = parameter, statistic = paste(name, "(note)"), value = NA_real_,
             text = text)
}

# A count and its percentage, n_NAME and percent_NAME; no percentage of nobody.
count <- function(parameter, name, n, total) {
  percentage <- if (total > 0) 100 * n / total else NA
  found <- c(n, percentage)
  names(found) <- paste0(c("n_", "percent_"), name)
  numbers(parameter, found)
}

# The text of a parameter of several parts: joined by bars, a bar or backslash within one escaped.
join_parameter <- function(...) {
  parts <- lapply(list(...), function(part) gsub("([\\\\|])", "\\\\\\1", part))
  do.call(paste, c(parts, sep = "|"))
}

# --- Comparison -----------------------------------------------------------------------------------

# The cells of a table in ard.csv, a row a cell; "" is NE, not estimable.
read_results <- function(table) {
  ard <- read_text(file.path(RESULTS, "ard.csv"))
  ard <- ard[ard$output == table & ard$analysis == "primary", ]
  cells <- lapply(c("value", "lower", "upper", "note"), function(cell) {
    suffix <- if (cell == "value") "" else paste0(" (", cell, ")")
    data.frame(ard[c("group_by", "group", "parameter")], statistic = paste0(ard$statistic, suffix),
               cell = rep(cell, nrow(ard)), theirs = ard[[cell]], row = seq_len(nrow(ard)))
  })
  do.call(rbind, cells)
}

# Whether numbers are those of a text; NE is the same as NE only.
same_number <- function(value, text) {
  theirs <- suppressWarnings(as.numeric(text))
  near <- abs(value - theirs) <= TOLERANCE * pmax(1, abs(theirs))
  ifelse(is.na(value), text == "", near %in% TRUE)
}

# Prints every number of a table beside that of ard.csv, then those that differ and the counts.
# Ends R with exit status 1 if any differ.
compare <- function(table, ours) {
  ours$here <- rep(TRUE, nrow(ours))
  both <- merge(ours, read_results(table), all = TRUE)    # by group, parameter and statistic
  both <- both[order(both$row), ]
  here <- both$here %in% TRUE
  there <- !is.na(both$row)
  # What ard.csv has and this program has not: numbers, not the notes and the limits left empty.
  left_out <- !here & (both$cell == "value" | (both$cell != "note" & both$theirs != ""))

  both$theirs[!there] <- ""
  is_note <- !is.na(both$text)
  agree <- ifelse(is_note, both$text == both$theirs, same_number(both$value, both$theirs))
  verdict <- ifelse(!there, "NO: not in ard.csv", ifelse(agree, "yes", "NO"))
  verdict[left_out] <- "not computed here: no such statistic in this program"

  shown <- data.frame(
    table = rep(table, nrow(both)),
    group = ifelse(both$group_by == "total", "Total", paste0(both$group_by, "=", both$group)),
    parameter = both$parameter,
    statistic = both$statistic,
    ours = ifelse(is_note, both$text, ifelse(here, as_text(both$value), "")),
    theirs = ifelse(both$theirs == "" & there & !is_note, "NE", both$theirs),
    agree = verdict)
  print_lines(shown[here | left_out, ])
  differ <- here & verdict != "yes"
  if (any(differ)) {
    cat("\nDifferent from ard.csv:\n")
    print_lines(shown[differ, ])
  }
  cat(sprintf("\n%s: %d numbers compared with ard.csv, %d agree, %d differ; %d not computed here\n",
              table, sum(here), sum(here) - sum(differ), sum(differ), sum(left_out)))
  if (!interactive()) quit(status = as.integer(any(differ)))
}

# Numbers to 15 digits; NE where not estimable.
as_text <- function(value) ifelse(is.na(value), "NE", sprintf("%.15g", value))

# Rows in columns under their headings; a text of more than 60 signs widens its own row alone.
print_lines <- function(shown) {
  columns <- Map(function(name, texts) {
    texts <- c(name, texts)
    sprintf(paste0("%-", min(60, max(nchar(texts))), "s"), texts)
  }, names(shown), shown)
  writeLines(trimws(do.call(paste, c(unname(columns), sep = "  ")), "right"))
}
