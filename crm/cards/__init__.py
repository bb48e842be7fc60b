"""The family's card beyond its header: editing with versions, needs, risks, statuses, merging, keeping it up to date.

`tables` what is stored; every other file one kind of decision or change. Lookups by number and the screen pop stand in
`crm.families`; searching in `crm.search`.
"""
