/* The folder of this program: from SYSIN in batch, from the editor in SAS for Windows and in
   Enterprise Guide. Elsewhere set HERE yourself after this step. */
data _null_;
  length path here $1000;
  path = getoption('SYSIN');
  if path = ' ' and envlen('SAS_EXECFILEPATH') > 0 then path = sysget('SAS_EXECFILEPATH');
  here = '.';
  slash = findc(path, '/\', 'b');
  if slash > 1 then here = substr(path, 1, slash - 1);
  call symputx('here', here, 'G');
run;
%let results = &here/../..;                 /* results/ID: ard.csv and export/xpt lie below it */
%include "&here/compare.sas";
