"""How well the telephone service works (A-11, A-13): what it promises, what it did, what goes on now.

`targets` is what the head promises, `facts` reads the calls, `figures` is the report, `board` the wallboard's moment,
`wall_pass` lets a monitor on the wall show the board without anybody being signed in there.
"""
