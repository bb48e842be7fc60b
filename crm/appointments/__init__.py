"""Connect or book, the booking half: timetables, free times, appointments, the waiting list (A-25, B-22; domain §5.3).

`callflow.slots` decides what is free, purely; here it is told what the records know.
`timetable` when a specialist receives people, `timetable_editing` its changes; `slots` the nearest free times;
`holding` a time kept while talking; `booking` and `steps` an appointment from «запланировано» to its end; `by_family`
the same steps done by a family's key in a call of the robot; `waiting` those for whom no time suited; `support` «нужно
длительное сопровождение» (A-26); `linking` what a booking does to the appeal; `reading` the pages' lists, with «занято»
for whoever may not know of a family.
"""
