"""Opening a source file as rows of text cells: one reader for text, one for workbooks."""
