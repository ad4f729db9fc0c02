/* What the programs of this folder share: reading the delivered files, the columns of the tables,
   and the comparison with ard.csv. It is included by each of them and is not run itself.

   SAS 9.4. A session in UTF-8 (sas -encoding utf-8) where text of the study is not ASCII.

   The numbers of a program are gathered in WORK.OURS, a record a number:
   group_by, level   the column of the table: dose_level and 1e7; total and Total
   parameter         as in ard.csv, its parts joined by bars
   statistic         as in ard.csv; limits as "rate (lower)", "rate (upper)"
   value             missing: not estimable (NE)
   text              a note instead of a number */

options validvarname=v7 mergenoby=error nodate nonumber linesize=200 pagesize=max;

/* Two numbers agree when they differ by at most this share of their size (absolute below 1). */
%let tolerance = 1e-9;

data ours;
  length group_by $32 level $200 parameter $2000 statistic $60 value 8 text $40;
  stop;
run;

/* --- Reading ---------------------------------------------------------------------------------- */

/* A delivered dataset, export/xpt/NAME.xpt, as WORK.NAME: these variables of it, or all. */
%macro read_dataset(name, variables);
  libname xpt xport "&results/export/xpt/&name..xpt" access=readonly;
  data &name;
    set xpt.&name;
    %if %length(&variables) > 0 %then %do;
      keep &variables;
    %end;
  run;
  libname xpt clear;
%mend read_dataset;

/* In CSV files a text that a spreadsheet would take for a formula has an apostrophe before it. */
%macro without_apostrophes;
  input @;
  _infile_ = prxchange("s/,'(?='*[-=+@])/,/", -1, _infile_);
%mend without_apostrophes;

/* Text that a transport file cannot hold (accents, Chinese, over 200 bytes) is written otherwise in
   it. export/report.csv lists each such value with the text recorded, which ard.csv has. */
data xpt_changes;
  infile "&results/export/report.csv" dsd firstobs=2 truncover encoding='utf-8' lrecl=32767
         termstr=lf;
  length dataset $8 variable $32 record 8 rule $20 recorded written $2000;
  %without_apostrophes
  input dataset variable record rule recorded written;
run;

/* Gives a variable of a dataset of WORK its text as recorded. */
%macro restore_text(dataset, variable);
  data changed;
    set xpt_changes;
    if dataset = upcase("&dataset") and variable = upcase("&variable");
    keep record recorded;
  run;
  proc sort data=changed;
    by record;
  run;
  data changed;                     /* of several changes the first tells the text recorded */
    set changed;
    by record;
    if first.record;
  run;
  data &dataset;
    length &variable $2000;
    set &dataset;
    record = _n_;
  run;
  data &dataset;
    merge &dataset(in=in_dataset) changed(in=is_changed);
    by record;
    if in_dataset;
    if is_changed then &variable = recorded;
    drop record recorded;
  run;
%mend restore_text;

/* The cells of a table in ard.csv as WORK.THEIRS, a record a cell. */
%macro read_results(table);
  data theirs;
    infile "&results/ard.csv" dsd firstobs=2 truncover encoding='utf-8' lrecl=32767 termstr=lf;
    length table_name analysis $60 group_by $32 level $200 parameter $2000 statistic name $60
           value_cell lower_cell upper_cell theirs $40 note_cell $400 cell $5;
    %without_apostrophes
    input table_name analysis group_by level parameter name
          value_cell lower_cell upper_cell note_cell;
    if table_name = "&table" and analysis = 'primary';
    file_row = _n_;
    cell = 'value'; theirs = value_cell; statistic = name;                        output;
    cell = 'lower'; theirs = lower_cell; statistic = catx(' ', name, '(lower)');  output;
    cell = 'upper'; theirs = upper_cell; statistic = catx(' ', name, '(upper)');  output;
    cell = 'note';  theirs = note_cell;  statistic = catx(' ', name, '(note)');   output;
    keep group_by level parameter statistic cell theirs file_row;
  run;
%mend read_results;

/* --- Columns of the tables -------------------------------------------------------------------- */

/* WORK.MEMBERS: a record for each infused subject and column that the subject is in: each level of
   each group (WORK.GROUPS), "Not recorded" where it is not, and all. WORK.TABLE_COLUMNS: N of each
   column. */
%macro read_members;
  %read_dataset(adsl)
  data _null_;
    set groups;
    call execute(cats('%nrstr(%restore_text)(adsl, ', item, ')'));
  run;
  data members;
    set adsl(where=(saffl = 'Y'));
    length group_by $32 level $200;
    group_by = 'total';
    level = 'Total';
    output;
    do group_number = 1 to n_groups;
      set groups point=group_number nobs=n_groups;
      group_by = name;
      level = vvaluex(trim(item));
      if level = ' ' then level = 'Not recorded';
      output;
    end;
    keep usubjid group_by level;
  run;
  proc sql;
    create table table_columns as
    select group_by, level, count(*) as n
    from members
    group by group_by, level;
  quit;
%mend read_members;

/* --- Numbers ---------------------------------------------------------------------------------- */

/* Adds the numbers of a dataset to WORK.OURS. */
%macro add(data);
  data ours;
    set ours &data;
    keep group_by level parameter statistic value text;
  run;
%mend add;

/* Adds n_NAME and percent_NAME; the dataset has name, subjects and total. */
%macro add_counts(data);
  data counted;
    set &data;
    length statistic $60;
    statistic = cats('n_', name);
    value = subjects;
    output;
    statistic = cats('percent_', name);
    if total > 0 then value = 100 * subjects / total;
    else value = .;
    output;
    keep group_by level parameter statistic value;
  run;
  %add(counted)
%mend add_counts;

/* Adds estimates with their limits; the dataset has name, value, lower and upper. */
%macro add_estimates(data);
  data estimated;
    set &data;
    length statistic $60;
    statistic = name;
    output;
    statistic = catx(' ', name, '(lower)');
    value = lower;
    output;
    statistic = catx(' ', name, '(upper)');
    value = upper;
    output;
    keep group_by level parameter statistic value;
  run;
  %add(estimated)
%mend add_estimates;

/* Adds variables of a dataset, each as the statistic of its name. */
%macro add_variables(data, variables);
  data named;
    set &data;
    length statistic $60;
    array numbers {*} &variables;
    do number = 1 to dim(numbers);
      statistic = lowcase(vname(numbers{number}));
      value = numbers{number};
      output;
    end;
    keep group_by level parameter statistic value;
  run;
  %add(named)
%mend add_variables;

/* --- Comparison ------------------------------------------------------------------------------- */

/* Prints every number beside that of ard.csv, those that differ once more, and the counts. In batch
   SAS ends with return code 2 if any differ.

   not_computed   statistics that the plan defines in a way not written here, and
   reason         why */
%macro compare(table, not_computed=, reason=no such statistic in this program);
  %local n_compared n_agree n_differ n_left;
  %read_results(&table)
  proc sort data=ours;
    by group_by level parameter statistic;
  run;
  proc sort data=theirs;
    by group_by level parameter statistic;
  run;
  data compared;
    merge ours(in=here) theirs(in=there);
    by group_by level parameter statistic;
    length table $32 agree $200 ours $40;
    table = "&table";
    number = input(theirs, ?? 32.);
    if there and not here then do;
      /* Of what is not computed here: the numbers, not the notes and the limits left empty. */
      if cell = 'note' or (cell ne 'value' and theirs = ' ') then delete;
      agree = 'not computed here: no such statistic in this program';
      if findw("&not_computed", scan(statistic, 1, ' '), ' ') > 0 then
        agree = "not computed here: &reason";
    end;
    else if not there then agree = 'NO: not in ard.csv';
    else if cell = 'note' then agree = ifc(text = theirs, 'yes', 'NO');
    else if value = . then agree = ifc(theirs = ' ', 'yes', 'NO');
    else if number = . then agree = 'NO';
    else agree = ifc(abs(value - number) <= &tolerance * max(1, abs(number)), 'yes', 'NO');
    if theirs = ' ' and there and cell ne 'note' then theirs = 'NE';
    if cell = 'note' then ours = text;
    else if here then ours = ifc(value = ., 'NE', left(put(value, best24.)));
  run;
  proc sort data=compared;
    by file_row statistic;
  run;
  data _null_;
    set compared end=last;
    compared + (agree ne: 'not');
    same + (agree = 'yes');
    differ + (agree =: 'NO');
    left_out + (agree =: 'not');
    if last then do;
      call symputx('n_compared', compared);
      call symputx('n_agree', same);
      call symputx('n_differ', differ);
      call symputx('n_left', left_out);
    end;
  run;
  title1 "&table: &n_compared numbers compared with ard.csv, &n_agree agree, &n_differ differ;"
         " &n_left not computed here";
  proc print data=compared noobs label;
    var table group_by level parameter statistic ours theirs agree;
    label level = 'group';
    format level $24. parameter $80. agree $60.;
  run;
  title2 'Different from ard.csv';
  proc print data=compared(where=(agree =: 'NO')) noobs label;
    var table group_by level parameter statistic ours theirs agree;
    label level = 'group';
    format level $24. parameter $80. agree $60.;
  run;
  title1;
  %put NOTE: &table: &n_compared numbers compared with ard.csv, &n_agree agree, &n_differ differ,
       &n_left not computed here;
  %if &n_differ > 0 %then %do;
    %put ERROR: &table: &n_differ numbers differ from ard.csv;
    %if &sysenv = BACK %then %do;
      data _null_;
        abort return 2;
      run;
    %end;
  %end;
%mend compare;
