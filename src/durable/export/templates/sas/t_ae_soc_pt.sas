/* Adverse events by system organ class and preferred term (t_ae_soc_pt), computed again from ADSL
   and ADAE.

   Run:   sas t_ae_soc_pt.sas       (SAS 9.4)
   Reads: export/xpt/adsl.xpt, adae.xpt, export/report.csv; ard.csv
   Ends:  in batch with return code 2 if a number differs from ard.csv

   A subject counts once in a row, at the worst known CTCAE grade. Percentages are of all infused
   subjects of the column. Where no subject of a column has an event: the exact one-sided upper
   limit of the proportion (Clopper & Pearson 1934), 1 - (1 - level)**(1/n). */

/* @PARAMETERS@ */

/* @FOLDER@ */

%read_members
%read_dataset(adae)                       /* all: the flags of the windows are named in the plan */
%restore_text(adae, AEBODSYS)
%restore_text(adae, AEDECOD)

/* --- Rows of the table: an event stands under its class and under its term, in each window ---- */

data emerged;
  set adae;
  length parameter $2000 class_text term_text $2000;
  /* A bar or backslash within a text is written with a backslash before it. */
  class_text = tranwrd(aebodsys, '\', '\\');
  class_text = tranwrd(class_text, '|', '\|');
  term_text = tranwrd(aedecod, '\', '\\');
  term_text = tranwrd(term_text, '|', '\|');
  grade = coalesce(aetoxgr, 0);                           /* 0: not known */
  do window_number = 1 to n_windows;
    set windows point=window_number nobs=n_windows;
    if vvaluex(trim(item)) = 'Y' then do;
      parameter = cats(name, '|', class_text, '|');
      output;
      parameter = cats(name, '|', class_text, '|', term_text);
      output;
    end;
  end;
  keep usubjid parameter grade;
run;

/* --- Subjects by their worst grade ------------------------------------------------------------ */

proc sql;
  create table table_rows as
  select distinct parameter from emerged;
  create table subjects as
  select m.group_by, m.level, e.parameter, m.usubjid, count(*) as events, max(e.grade) as worst
  from members as m inner join emerged as e on m.usubjid = e.usubjid
  group by m.group_by, m.level, e.parameter, m.usubjid;
  /* Every row in every column, also where nobody has an event. */
  create table grid as
  select c.group_by, c.level, c.n, r.parameter
  from table_columns as c, table_rows as r;
  create table cells as
  select g.group_by, g.level, g.n, g.parameter,
         count(s.usubjid) as n_subjects,
         coalesce(sum(s.events), 0) as n_events,
         sum(s.worst = 0) as grade_missing,
         sum(s.worst = 1) as grade_1,
         sum(s.worst = 2) as grade_2,
         sum(s.worst = 3) as grade_3,
         sum(s.worst = 4) as grade_4,
         sum(s.worst = 5) as grade_5,
         sum(s.worst in (1, 2)) as grade_1_2,
         sum(s.worst in (3, 4, 5)) as grade_3_5
  from grid as g left join subjects as s
       on g.group_by = s.group_by and g.level = s.level and g.parameter = s.parameter
  group by g.group_by, g.level, g.n, g.parameter;
quit;

data grades;
  set cells;
  length name $40;
  array counts {8} grade_missing grade_1 grade_2 grade_3 grade_4 grade_5 grade_1_2 grade_3_5;
  total = n;
  do i = 1 to 8;
    name = lowcase(vname(counts{i}));
    subjects = counts{i};
    output;
  end;
run;
%add_counts(grades)

data any_grade;
  set cells;
  percent = 100 * n_subjects / n;
run;
%add_variables(any_grade, n_subjects percent n_events)

/* --- Upper limit where nobody has an event: in rows, and of each column ----------------------- */

data limits;
  set cells(where=(n_subjects = 0)) table_columns;        /* a column has no parameter */
  upper = 1 - (1 - &conf_level)**(1 / n);
run;
%add_variables(limits, upper)

data column_size;
  set table_columns;
  length parameter $2000;
  parameter = ' ';
  n_infused = n;
run;
%add_variables(column_size, n_infused)

%compare(t_ae_soc_pt)
