"""Papers: the journal and the registry as Excel files, protected and provable, and registers read in from files.

`tables` the log of exports and the imports; `workbook` writes .xlsx; `journal_sheet`, `registry_sheet` and
`efficiency_sheet` what stands in them; `verify` tells a genuine file from a tampered one; `reading`, `mapping` and
`importing` take a file in.
"""
