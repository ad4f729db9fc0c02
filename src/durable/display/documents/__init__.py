"""Tables and figures as documents: RTF, DOCX and PDF, all with the same pages."""
