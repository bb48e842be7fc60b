"""The outbound engine's records (reliability.md §3): tasks, attempts, lines, switches, refusals.

`tables` what is stored; `claiming` one owner per task; `facts` and `gating` every rule asked at the moment of the
order, and the attempt written before it leaves; `following` what the exchange says of it; `reconciling` what proves the
rest; `sweeping` frees what nobody holds; `switches` the red stop and the pause; `settings` what the head decides;
`refusals` who is not called, and why; `reading` for the pages. What is decided is `callflow.dialler`; who orders is
`workers.dialler`.
"""
