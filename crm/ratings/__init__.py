"""Ratings of the work and the coefficient of efficiency (B-34…B-37; domain.md §1.3).

`efficiency` Сб, Кг, K and the verdict: pure arithmetic; `giving` column 8; `reports` the quarter, open and closed.
By telephone: `planning` who is called, `script` and `by_phone` the robot, `worklist` and `spoken_by_person` people.
"""
