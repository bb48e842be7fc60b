"""Keeps the service's processes alive: starts them in order, restarts what ends, stops everything cleanly.

`python -m workers.supervisor PLAN.json`; `family-dispatch up` writes the plan and becomes this process. Standard
library only and little of it: this is the one process that must never die of memory, and it takes 14 MB.

plan      what shall run (JSON)                         ready   is a process healthy yet?
child     one process and its state, back-off           logs    one coloured stream, one rotating file for each process
ports     which address is taken, and by what           lock    one supervisor for one data folder
loop      the supervisor itself                         guard   keeps the exchange beyond the supervisor's own death
"""
