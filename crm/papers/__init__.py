"""Papers: the journal and the registry as Excel files, protected and provable, and registers read in from files.

`tables` the log of exports and the imports; `workbook` writes .xlsx; `journal_sheet`, `registry_sheet` and
`efficiency_sheet` what stands in them; `kinds` who may have which; `exporting` asks and fetches, `making` makes,
`forgetting` removes, `waiting` tells whether there is work; `verify` with `verdict_words` tells a genuine file from a
tampered one; `reading`, `mapping` and
`importing` take a file in: `xlsx_reading` and `csv_reading` unpack it, `stored_rows` keeps its rows, `rows` with
`drafts`, `composition`, `contacts` and `dates` understands them, `known_families` tells the new from the known,
`examining` makes the preview, `loading` the cards.
"""
