/* Cellular kinetics (t_kinetics), computed again from ADSL and ADPP.

   Run:   sas t_kinetics.sas       (SAS 9.4)
   Reads: export/xpt/adsl.xpt, adpp.xpt, export/report.csv; ard.csv
   Ends:  in batch with return code 2 if a number differs from ard.csv

   Sources: geometric mean and coefficient of variation 100 sqrt(exp(s**2) - 1), s the standard
   deviation of the logarithms (Kirkwood 1979), not estimable where a value is 0; quartiles by
   QNTLDEF=5. */

/* @PARAMETERS@ */

/* @FOLDER@ */

%read_members
%read_dataset(adpp)
%restore_text(adpp, PARCAT1)
%restore_text(adpp, PARCAT2)

/* The parameters of the first infusion; a study without a second one has no APERIOD. */
data adpp;
  length aperiod 8;
  set adpp;
  if aperiod ne 2;
  keep usubjid parcat1 parcat2 parcat3 aval flag;
run;

/* --- The parameter as ard.csv names it: its code, and the assay with its unit where several --- */

proc sql noprint;
  select count(distinct catx('|', parcat1, parcat2)) into :n_assays trimmed
  from adpp;
quit;
data parameters;
  set adpp;
  length parameter assay $2000;
  /* A bar or backslash within a text is written with a backslash before it. */
  assay = catx(' ', parcat1, cats('(', parcat2, ')'));
  assay = tranwrd(assay, '\', '\\');
  assay = tranwrd(assay, '|', '\|');
  parameter = parcat3;
  if &n_assays > 1 then parameter = cats(parcat3, '|', assay);
  persistence = (parcat3 =: 'PERS');
run;

/* --- Subjects --------------------------------------------------------------------------------- */

proc sql;
  create table table_rows as
  select distinct parameter, persistence from parameters;
  create table records as
  select m.group_by, m.level, p.parameter, p.persistence, p.usubjid, p.aval, p.flag
  from members as m inner join parameters as p on m.usubjid = p.usubjid
  order by m.group_by, m.level, p.parameter;
  /* Every parameter in every column, also where nobody has a value. */
  create table grid as
  select c.group_by, c.level, c.n as n_infused, r.parameter, r.persistence
  from table_columns as c, table_rows as r;
  create table cells as
  select g.group_by, g.level, g.parameter, g.persistence, g.n_infused,
         g.n_infused - count(d.usubjid) as n_no_sample,
         sum(d.aval = . and d.usubjid ne ' ') as n_not_calculable,
         sum(d.flag = 'NOT DETECTED') as n_not_detected,
         sum(d.flag = 'EXTRAPOLATED') as n_extrapolated,
         sum(d.aval ne .) as n,
         sum(d.aval > 0) as n_detected,
         sum(d.aval = 1) as n_quantifiable
  from grid as g left join records as d
       on g.group_by = d.group_by and g.level = d.level and g.parameter = d.parameter
  group by g.group_by, g.level, g.parameter, g.persistence, g.n_infused
  order by g.group_by, g.level, g.parameter;
  /* Without any sample the table has the number of subjects alone. */
  create table without_samples as
  select group_by, level, ' ' as parameter length=2000, n as n_infused
  from table_columns
  where (select count(*) from adpp) = 0;
quit;
%add_variables(cells, n_infused n_no_sample n_not_calculable n_not_detected n_extrapolated n)
%add_variables(without_samples, n_infused)

/* --- Persistence: of the subjects with a result near the day, those with quantifiable cells --- */

data persistent;
  set cells(where=(persistence = 1));
  if n > 0 then percent_quantifiable = 100 * n_quantifiable / n;
run;
%add_variables(persistent, n_quantifiable percent_quantifiable)

/* --- Exposure --------------------------------------------------------------------------------- */

data exposure;
  set records(where=(persistence = 0 and aval ne .));
  if aval > 0 then log_aval = log(aval);
run;
proc means data=exposure noprint qntldef=5;
  by group_by level parameter;
  var aval;
  output out=summaries(drop=_type_ _freq_)
         mean=mean std=sd median=median q1=q1 q3=q3 min=min max=max;
run;
proc means data=exposure noprint;
  by group_by level parameter;
  var log_aval;
  output out=logs(drop=_type_ _freq_) mean=log_mean std=log_sd;
run;
data described;
  merge cells(where=(persistence = 0) in=is_row) summaries logs;
  by group_by level parameter;
  if is_row;
  if mean ne . and mean ne 0 and sd ne . then cv = 100 * sd / mean;
  if log_mean ne . then geo_mean_detected = exp(log_mean);
  if log_sd ne . then geo_cv_detected = 100 * sqrt(exp(log_sd**2) - 1);
  /* Of everyone: none where cells were never detected in a subject. */
  if n_detected = n then do;
    geo_mean = geo_mean_detected;
    geo_cv = geo_cv_detected;
  end;
run;
%add_variables(described, mean sd median q1 q3 min max cv geo_mean geo_cv n_detected
                          geo_mean_detected geo_cv_detected)

%compare(t_kinetics)
