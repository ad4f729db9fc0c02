/* Disease improvement rate (t_improvement), computed again from ADSL and ADRS.

   Run:   sas t_improvement.sas       (SAS 9.4)
   Reads: export/xpt/adsl.xpt, adrs.xpt, export/report.csv; ard.csv
   Ends:  in batch with return code 2 if a number differs from ard.csv

   Sources: exact interval Clopper & Pearson 1934, Wilson 1927 without continuity correction, and
   Jeffreys (Brown, Cai & DasGupta 2001), by the formulas of PROC FREQ BINOMIAL(CL=(EXACT WILSON
   JEFFREYS)); they are written out because PROC FREQ needs a record of the level that it counts.
   Posterior: Beta(a + improved, b + not improved). Quartiles: QNTLDEF=5. */

/* @PARAMETERS@ */

/* @FOLDER@ */

%read_members
%read_dataset(adrs, usubjid paramcd avisit anl01fl aval avalc reason)

/* --- Records of the visits -------------------------------------------------------------------- */

proc sql;
  /* One record for each column, visit and infused subject: status 1 improved, 0 not, missing. */
  create table status as
  select m.group_by, m.level, v.item as parameter, a.usubjid, a.aval, a.reason,
         (a.reason = 'NEW SYSTEMIC THERAPY') as rescued
  from members as m, adrs as a, visits as v
  where m.usubjid = a.usubjid and a.avisit = v.item
        and a.paramcd = 'IMPR' and a.anl01fl = 'Y';

  /* The records used for the visit that have a value. */
  create table scores as
  select m.group_by, m.level, v.item as parameter, a.usubjid, a.paramcd, a.aval, a.avalc
  from members as m, adrs as a, visits as v
  where m.usubjid = a.usubjid and a.avisit = v.item and a.anl01fl = 'Y' and a.aval ne .;

  /* Failed: without a status, but dead or, by the composite strategy, given new therapy. */
  create table counts as
  select group_by, level, parameter,
         count(*) as n,
         sum(aval ne .) as assessed,
         sum(aval = . and reason = 'PENDING') as pending,
         sum(reason = 'PENDING') as open_window,
         sum(reason = 'PARTIAL') as partial,
         sum(aval ne . and rescued = 1) as new_therapy,
         sum(aval = 1) as yes,
         sum(aval = 0) as not_improved,
         sum(aval = . and (reason = 'DIED'
             or (rescued = 1 and "&new_therapy" = 'composite'))) as failed
  from status
  group by group_by, level, parameter
  order by group_by, level, parameter;
quit;

/* --- Subjects assessed, missing and pending --------------------------------------------------- */

data tallies;
  set counts;
  length name $40;
  total = n;
  name = 'assessed';     subjects = assessed;               output;
  name = 'not_improved'; subjects = not_improved;           output;
  name = 'missing';      subjects = n - assessed - pending; output;
  name = 'pending';      subjects = pending;                output;
  name = 'partial';      subjects = partial;                output;
  name = 'new_therapy';  subjects = new_therapy;            output;
run;
%add_counts(tallies)

data reason_names;
  set missing_reasons(where=(name ne 'pending'));
  name = cats('missing_', name);
run;
proc sql;
  create table reasons as
  select s.group_by, s.level, s.parameter, r.name,
         sum(s.aval = . and s.reason = r.item) as subjects, count(*) as total
  from status as s, reason_names as r
  group by s.group_by, s.level, s.parameter, r.name;
quit;
%add_counts(reasons)

data infused;
  set counts;
  n_infused = n;
run;
%add_variables(infused, n_infused)

/* --- Improved, by a rule for the subjects without a status ------------------------------------ */

data rates;
  set counts;
  length name rule method $40;
  /* By the rule of the plan, with its intervals. */
  rule = "&missing";
  link by_rule;
  name = 'rate';           method = 'exact';     output;
  name = 'rate_wilson';    method = 'wilson';    output;
  name = 'rate_jeffreys';  method = 'jeffreys';  output;
  name = 'posterior_mean'; method = 'posterior'; output;
  /* By each rule. */
  method = 'exact';
  rule = 'observed';     link by_rule; name = 'rate_observed'; output;
  rule = 'non_improved'; link by_rule; name = 'rate_worst';    output;
  rule = 'improved';     link by_rule; name = 'rate_best';     output;
  /* Among subjects whose visit window had closed at the data cut-off. */
  x = yes;
  total = n - open_window;
  name = 'rate_opportunity';
  output;
  return;
by_rule:
  select (rule);
    when ('non_improved') do; x = yes;                         total = n;                 end;
    when ('observed')     do; x = yes;                         total = assessed + failed; end;
    when ('improved')     do; x = yes + n - assessed - failed; total = n;                 end;
  end;                                    /* another rule ends the step with an error */
  return;
run;

/* The score with one component fixed: what new systemic therapy decides no score decides. */
proc sql;
  create table status_by_score as
  select s.*, o.name as score, o.item
  from status as s, other_scores as o;
  create table other_status as
  select s.group_by, s.level, s.parameter, s.score, s.reason, s.rescued,
         case when s.rescued = 1 then s.aval
              when c.aval = . then .
              else (c.aval >= &least_score) end as reached
  from status_by_score as s left join scores as c
       on s.group_by = c.group_by and s.level = c.level and s.parameter = c.parameter
          and s.usubjid = c.usubjid and s.item = c.paramcd;
  create table other_counts as
  select group_by, level, parameter, score,
         count(*) as n,
         sum(reached ne .) as assessed,
         sum(reached = 1) as yes,
         sum(reached = . and (reason = 'DIED'
             or (rescued = 1 and "&new_therapy" = 'composite'))) as failed
  from other_status
  group by group_by, level, parameter, score;
quit;
data other_rates;
  set other_counts;
  length name method $40;
  name = cats('rate_', score);
  method = 'exact';
  select ("&missing");
    when ('non_improved') do; x = yes;                         total = n;                 end;
    when ('observed')     do; x = yes;                         total = assessed + failed; end;
    when ('improved')     do; x = yes + n - assessed - failed; total = n;                 end;
  end;
run;

/* --- Rates with their limits ------------------------------------------------------------------ */

data limits;
  set rates other_rates;
  tail = (1 - &conf_level) / 2;
  call missing(value, lower, upper);
  if total > 0 then do;
    value = x / total;
    select (method);
      when ('exact') do;
        if x > 0 then lower = quantile('BETA', tail, x, total - x + 1);
        else lower = 0;
        if x < total then upper = quantile('BETA', 1 - tail, x + 1, total - x);
        else upper = 1;
      end;
      when ('wilson') do;
        z = quantile('NORMAL', 1 - tail);
        middle = (x + z**2 / 2) / (total + z**2);
        half = z * sqrt(x * (total - x) / total + z**2 / 4) / (total + z**2);
        lower = max(0, middle - half);
        upper = min(1, middle + half);
      end;
      when ('jeffreys') do;
        if x > 0 then lower = quantile('BETA', tail, x + 0.5, total - x + 0.5);
        else lower = 0;
        if x < total then upper = quantile('BETA', 1 - tail, x + 0.5, total - x + 0.5);
        else upper = 1;
      end;
      when ('posterior') do;
        a = &prior_a + x;
        b = &prior_b + total - x;
        value = a / (a + b);
        lower = quantile('BETA', tail, a, b);
        upper = quantile('BETA', 1 - tail, a, b);
      end;
    end;
  end;
run;
%add_estimates(limits)

/* The counts behind the rates. */
data improved;
  set limits;
  length statistic $60;
  select (name);
    when ('rate') do;
      statistic = 'n_denominator';    value = total; output;
      statistic = 'n_improved';       value = x;     output;
      statistic = 'percent_improved';
      if total > 0 then value = 100 * x / total;
      else value = .;
      output;
    end;
    when ('rate_wilson', 'rate_jeffreys', 'posterior_mean');
    when ('rate_opportunity') do;
      statistic = 'n_opportunity';          value = total; output;
      statistic = 'n_improved_opportunity'; value = x;     output;
    end;
    when ('rate_observed', 'rate_worst', 'rate_best') do;
      statistic = tranwrd(name, 'rate_', 'n_denominator_'); value = total; output;
      statistic = tranwrd(name, 'rate_', 'n_improved_');    value = x;     output;
    end;
    otherwise do;                                        /* the score with one component fixed */
      statistic = tranwrd(name, 'rate_', 'n_improved_');    value = x;     output;
    end;
  end;
  keep group_by level parameter statistic value;
run;
%add(improved)

/* --- Category and summary of the score -------------------------------------------------------- */

data categories;
  length name $40;
  do name = 'none', 'minimal', 'moderate', 'major';
    output;
  end;
run;
proc sql;
  /* After new systemic therapy no category is credited: those subjects are in none. */
  create table credited as
  select c.*
  from scores as c inner join status as s
       on c.group_by = s.group_by and c.level = s.level and c.parameter = s.parameter
          and c.usubjid = s.usubjid
  where c.paramcd = "&score" and s.rescued = 0;
  create table category_cells as
  select n.group_by, n.level, n.parameter, n.n as total, n.new_therapy, k.name
  from counts as n, categories as k;
  create table in_category as
  select k.group_by, k.level, k.parameter, k.name, k.total, k.new_therapy,
         sum(c.avalc = upcase(k.name)) as subjects
  from category_cells as k left join credited as c
       on k.group_by = c.group_by and k.level = c.level and k.parameter = c.parameter
  group by k.group_by, k.level, k.parameter, k.name, k.total, k.new_therapy;
quit;
data in_category;
  set in_category;
  if name = 'none' then subjects = subjects + new_therapy;
run;
%add_counts(in_category)

proc sort data=scores(where=(paramcd = "&score")) out=total_scores;
  by group_by level parameter;
run;
proc means data=total_scores noprint qntldef=5;
  by group_by level parameter;
  var aval;
  output out=summaries(drop=_type_ _freq_)
         n=n mean=mean std=sd median=median q1=q1 q3=q3 min=min max=max;
run;
data score_summary;
  merge counts(keep=group_by level parameter) summaries;   /* both are in this order */
  by group_by level parameter;
  length statistic $60;
  array figures {7} mean sd median q1 q3 min max;
  statistic = "n_&score_name";
  value = coalesce(n, 0);
  output;
  do i = 1 to 7;
    statistic = cats("&score_name._", vname(figures{i}));
    value = figures{i};
    output;
  end;
  keep group_by level parameter statistic value;
run;
%add(score_summary)

/* --- Measures worse than at baseline, among the subjects with a score ------------------------- */

data change_names;
  set changes;
  name = cats('worsened_', name);
run;
proc sql;
  create table worse as
  select c.group_by, c.level, c.parameter, c.usubjid, h.name
  from scores as c inner join change_names as h on c.paramcd = h.item
       inner join total_scores as t
       on c.group_by = t.group_by and c.level = t.level and c.parameter = t.parameter
          and c.usubjid = t.usubjid
  where c.aval < 0;
  create table assessed as
  select n.group_by, n.level, n.parameter, count(t.usubjid) as total
  from counts as n left join total_scores as t
       on n.group_by = t.group_by and n.level = t.level and n.parameter = t.parameter
  group by n.group_by, n.level, n.parameter;
  create table change_cells as
  select a.group_by, a.level, a.parameter, a.total, h.name
  from assessed as a, change_names as h;
  create table worsened as
  select a.group_by, a.level, a.parameter, a.total, a.name, count(w.usubjid) as subjects
  from change_cells as a left join worse as w
       on a.group_by = w.group_by and a.level = w.level and a.parameter = w.parameter
          and a.name = w.name
  group by a.group_by, a.level, a.parameter, a.total, a.name;
  create table worsened_any as
  select a.group_by, a.level, a.parameter, a.total, 'worsened_any' as name length=40,
         count(distinct w.usubjid) as subjects
  from assessed as a left join worse as w
       on a.group_by = w.group_by and a.level = w.level and a.parameter = w.parameter
  group by a.group_by, a.level, a.parameter, a.total;
quit;
%add_counts(worsened)
%add_counts(worsened_any)

/* --- Improved at every and at any visit; descriptive ------------------------------------------ */

proc sql noprint;
  create table by_subject as
  select group_by, level, usubjid, min(aval = 1) as at_every, max(aval = 1) as at_any
  from status
  group by group_by, level, usubjid;
  create table over_visits as
  select group_by, level, count(*) as n_infused, sum(at_every) as every, sum(at_any) as any
  from by_subject
  group by group_by, level;
  select count(*) into :n_visits trimmed from visits;
quit;
data across;
  set over_visits;
  if &n_visits > 1;
  length parameter $2000;
  parameter = 'BOTH';
  n_improved = every;
  rate = n_improved / n_infused;
  percent_improved = 100 * n_improved / n_infused;
  output;
  parameter = 'EITHER';
  n_improved = any;
  rate = n_improved / n_infused;
  percent_improved = 100 * n_improved / n_infused;
  output;
run;
%add_variables(across, n_infused n_improved percent_improved rate)

%compare(t_improvement)
