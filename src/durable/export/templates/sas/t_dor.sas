/* Time to event (t_dor), computed again from ADSL and ADTTE with PROC LIFETEST.

   Run:   sas t_dor.sas       (SAS 9.4)
   Reads: export/xpt/adsl.xpt, adtte.xpt, export/report.csv; ard.csv
   Ends:  in batch with return code 2 if a number differs from ard.csv

   Sources: Kaplan & Meier 1958; Greenwood 1926; limits of quantiles by inversion of the pointwise
   limits (Brookmeyer & Crowley 1982); median follow-up by reverse Kaplan-Meier (Schemper & Smith
   1996); restricted mean and its variance by Klein & Moeschberger 2003, section 4.5. */

/* @PARAMETERS@ */

/* @FOLDER@ */

/* Scale of the pointwise limits, as LIFETEST names it. */
data _null_;
  length conftype $8;
  select ("&km_ci");
    when ('log-log') conftype = 'LOGLOG';
    when ('log')     conftype = 'LOG';
    when ('plain')   conftype = 'LINEAR';
    when ('logit')   conftype = 'LOGIT';
    when ('arcsine') conftype = 'ASINSQRT';
    when ('bpcp')    conftype = 'LOGLOG'; /* what has such limits is left out */
  end;                                    /* another scale ends the step with an error */
  call symputx('conftype', conftype);
run;
%let alpha = %sysevalf(1 - &conf_level);

%read_members
%read_dataset(adtte, usubjid paramcd aval cnsr evntdesc)

/* --- Durations, in days ----------------------------------------------------------------------- */

proc sql;
  create table endpoints as
  select distinct paramcd from events;

  /* PARAMETER is PARAMCD: the table has an endpoint a parameter. CNSR 0 is an event. */
  create table durations as
  select m.group_by, m.level, a.paramcd as parameter, a.usubjid, a.aval, a.cnsr, a.evntdesc,
         (a.cnsr = 0) as event
  from members as m, adtte as a, endpoints as e
  where m.usubjid = a.usubjid and a.paramcd = e.paramcd
  order by m.group_by, m.level, parameter;

  /* Every column and endpoint, also where nobody is in it. */
  create table grid as
  select c.group_by, c.level, e.paramcd as parameter
  from table_columns as c, endpoints as e;
  create table cells as
  select g.group_by, g.level, g.parameter, count(d.usubjid) as n,
         sum(d.event) as n_event, min(d.aval) as shortest, max(d.aval) as longest
  from grid as g left join durations as d
       on g.group_by = d.group_by and g.level = d.level and g.parameter = d.parameter
  group by g.group_by, g.level, g.parameter;
quit;

/* --- Events by kind, censorings by reason ----------------------------------------------------- */

data kinds;
  set events(in=is_event) censorings;
  length statistic_name $40;
  of_event = is_event;
  if is_event then statistic_name = name;
  else statistic_name = cats('censored_', name);
  output;
  if name = 'remission_not_yet_due' then do;
    statistic_name = 'pending';
    output;
  end;
run;
proc sql;
  create table kind_cells as
  select c.group_by, c.level, c.parameter, c.n as total, k.statistic_name as name,
         k.of_event, k.item
  from cells as c inner join kinds as k on c.parameter = k.paramcd;
  create table by_kind as
  select k.group_by, k.level, k.parameter, k.name, k.total,
         sum(d.event = k.of_event and d.evntdesc = k.item) as subjects
  from kind_cells as k left join durations as d
       on k.group_by = d.group_by and k.level = d.level and k.parameter = d.parameter
  group by k.group_by, k.level, k.parameter, k.name, k.total;

  /* In remission at baseline, for the endpoints whose rows say it. */
  create table already as
  select d.group_by, d.level, d.parameter, d.usubjid
  from durations as d inner join adsl as s on d.usubjid = s.usubjid
  where s.blremfl = 'Y';
  create table at_baseline as
  select c.group_by, c.level, c.parameter, c.n as total, 'baseline_remission' as name length=40,
         count(a.usubjid) as subjects
  from cells as c left join already as a
       on c.group_by = a.group_by and c.level = a.level and c.parameter = a.parameter
  where c.parameter in (select item from counts_baseline_remission)
  group by c.group_by, c.level, c.parameter, c.n;
quit;
%add_counts(by_kind)
%add_counts(at_baseline)

data all_kinds;
  set cells;
  length name $40;
  total = n;
  name = 'event';
  subjects = coalesce(n_event, 0);
  output;
  name = 'censored';
  subjects = n - coalesce(n_event, 0);
  output;
run;
%add_counts(all_kinds)

/* N; shortest and longest duration, noted as censored where no event happened at it. */
proc sql;
  create table at_extremes as
  select c.group_by, c.level, c.parameter, c.n, c.shortest, c.longest,
         max(d.event = 1 and d.aval = c.shortest) as event_at_shortest,
         max(d.event = 1 and d.aval = c.longest) as event_at_longest
  from cells as c left join durations as d
       on c.group_by = d.group_by and c.level = d.level and c.parameter = d.parameter
  group by c.group_by, c.level, c.parameter, c.n, c.shortest, c.longest;
quit;
data extremes;
  set at_extremes;
  length statistic $60 text $40;
  statistic = 'n_subjects';
  value = n;
  output;
  statistic = 'min';
  value = shortest / &days_per_month;
  output;
  statistic = 'max';
  value = longest / &days_per_month;
  output;
  value = .;
  if n > 0 then do;
    statistic = 'min (note)';
    text = ifc(event_at_shortest, ' ', 'censored');
    output;
    statistic = 'max (note)';
    text = ifc(event_at_longest, ' ', 'censored');
    output;
  end;
run;
%add(extremes)

/* --- Kaplan-Meier curve and quartiles --------------------------------------------------------- */

ods select none;
proc lifetest data=durations alpha=&alpha alphaqt=&alpha conftype=&conftype
              outsurv=curve plots=none;
  by group_by level parameter;
  time aval * event(0);
  ods output Quartiles=quartiles;
run;
/* Reverse Kaplan-Meier: the end of follow-up is the event, the event ends follow-up early. */
proc lifetest data=durations alpha=&alpha alphaqt=&alpha conftype=&conftype
              outsurv=reverse_curve plots=none;
  by group_by level parameter;
  time aval * event(1);
  ods output Quartiles=reverse_quartiles;
run;
ods select all;

data quantiles;
  set quartiles(in=forward) reverse_quartiles;
  length name $40;
  if not forward and percent ne 50 then delete;
  if not forward then name = 'follow_up';
  else if percent = 50 then name = 'median';
  else name = cats('q', percent);
  keep group_by level parameter name estimate lowerlimit upperlimit;
run;
data quantile_names;
  length name $40;
  do name = 'q25', 'median', 'q75', 'follow_up';
    output;
  end;
run;
proc sql;
  create table quantile_cells as
  select c.group_by, c.level, c.parameter, k.name
  from cells as c, quantile_names as k
  where "&quantile_rule" = 'sas' and "&km_ci" ne 'bpcp';
  create table in_months as
  select c.group_by, c.level, c.parameter, c.name,
         q.estimate / &days_per_month as value,
         q.lowerlimit / &days_per_month as lower,
         q.upperlimit / &days_per_month as upper
  from quantile_cells as c left join quantiles as q
       on c.group_by = q.group_by and c.level = q.level and c.parameter = q.parameter
          and c.name = q.name;
quit;
%add_estimates(in_months)

/* --- Event-free rates at months --------------------------------------------------------------- */

/* The day of each landmark. After the last observed time a rate is not estimable, but for the
   tolerance, within which it is that of the last observed time. */
proc sql;
  create table landmark_cells as
  select c.group_by, c.level, c.parameter, c.longest, l.item as month
  from cells as c, landmarks_months as l
  where "&km_ci" ne 'bpcp';
quit;
data landmarks;
  set landmark_cells;
  day = round(month * &days_per_month, 1e-8);             /* a whole day is that day */
  seen_to = day;
  if longest = . then seen_to = .;
  else if day > longest then do;
    if day - longest <= &landmark_tolerance_days then seen_to = longest;
    else seen_to = .;
  end;
run;
proc sql;
  /* The curve at its last event (or its start) not after the day; rows of censorings are left out.
     HAVING picks that row of each group; where there is none both sides are missing. */
  create table at_landmarks as
  select l.group_by, l.level, l.parameter, l.month, l.day,
         k.aval, k.survival, k.sdf_lcl, k.sdf_ucl
  from landmarks as l left join curve(where=(_censor_ ne 1)) as k
       on l.group_by = k.group_by and l.level = k.level and l.parameter = k.parameter
          and l.seen_to ne . and k.aval <= l.seen_to
  group by l.group_by, l.level, l.parameter, l.month
  having k.aval = max(k.aval);
  create table at_risk as
  select l.group_by, l.level, l.parameter, l.month, sum(d.aval >= l.day) as value
  from landmarks as l left join durations as d
       on l.group_by = d.group_by and l.level = d.level and l.parameter = d.parameter
  group by l.group_by, l.level, l.parameter, l.month;
quit;
data at_risk;
  set at_risk;
  length statistic $60;
  statistic = cats('at_risk_M', put(month, best12.));
run;
data landmark_rates;
  set at_landmarks;
  length name $40;
  name = cats('landmark_M', put(month, best12.));
  value = survival;
  lower = sdf_lcl;
  upper = sdf_ucl;
  /* No interval before the first event, nor where the curve is 0. */
  if survival in (0, 1) then call missing(lower, upper);
run;
%add_estimates(landmark_rates)
%add(at_risk)

/* --- Restricted mean -------------------------------------------------------------------------- */

/* Area under the curve from 0 to the horizon. Its variance is the sum over the event times of
   (area after the time)**2 d / (n (n - d)), n at risk and d events. */
proc sql;
  create table times as
  select distinct group_by, level, parameter, aval as time
  from durations
  where event = 1 and aval <= round(&rmst_months * &days_per_month, 1e-8);
  create table event_times as
  select t.group_by, t.level, t.parameter, t.time,
         sum(d.aval >= t.time) as n_risk, sum(d.event = 1 and d.aval = t.time) as n_event
  from times as t inner join durations as d
       on t.group_by = d.group_by and t.level = d.level and t.parameter = d.parameter
  group by t.group_by, t.level, t.parameter, t.time
  order by t.group_by, t.level, t.parameter, t.time;
quit;
data areas;
  set event_times;
  by group_by level parameter;
  retain s area previous;
  if first.parameter then do;
    s = 1;
    area = 0;
    previous = 0;
  end;
  area = area + s * (time - previous);                    /* area up to this time */
  s = s * (n_risk - n_event) / n_risk;
  previous = time;
  keep group_by level parameter time n_risk n_event s area;
run;
data last_event;
  set areas;
  by group_by level parameter;
  if last.parameter;
  keep group_by level parameter time s area;
run;
proc sql;
  create table horizon as
  select c.group_by, c.level, c.parameter, c.longest,
         round(&rmst_months * &days_per_month, 1e-8) as tau,
         coalesce(e.s, 1) as s,
         case when e.time = . then calculated tau
              else e.area + e.s * (calculated tau - e.time) end as mean
  from cells as c left join last_event as e
       on c.group_by = e.group_by and c.level = e.level and c.parameter = e.parameter;
  create table variances as
  select h.group_by, h.level, h.parameter, h.longest, h.tau, h.s, h.mean,
         sum(case when a.n_risk > a.n_event
                  then (h.mean - a.area)**2 * a.n_event / (a.n_risk * (a.n_risk - a.n_event))
                  else 0 end) as variance
  from horizon as h left join areas as a
       on h.group_by = a.group_by and h.level = a.level and h.parameter = a.parameter
  group by h.group_by, h.level, h.parameter, h.longest, h.tau, h.s, h.mean;
quit;
data restricted_means;
  set variances;
  length name $40;
  name = cats('rmst_M', put(&rmst_months, best12.));
  call missing(value, lower, upper);
  /* Not estimable past the last observed time, unless the curve is 0. */
  if longest ne . and (tau <= longest or s = 0) then value = mean / &days_per_month;
  /* Without limits where the variance is 0, which is no certainty. */
  if value ne . and variance > 0 then do;
    half = quantile('NORMAL', 0.5 + &conf_level / 2) * sqrt(variance) / &days_per_month;
    lower = value - half;
    upper = value + half;
  end;
run;
%add_estimates(restricted_means)

/* LIFETEST has one rule of quantiles and no limits by the beta product: with the rule of survfit
   the quantiles, with such limits quantiles and rates at months are not computed. */
%compare(t_dor, not_computed=q25 median q75 follow_up,
         reason=statistics.quantile_rule or km_ci is not of PROC LIFETEST)
