"""Print the table: while working on it."""

from tests.bench.media import rows

for row in rows():
    figures = f"{row['ratio']:>9} ({row['min']} to {row['max']})"
    verdict = {None: "", True: "holds", False: "MISSED"}[row["holds"]]
    print(
        f"{row['what']:<58} {figures:<32} {row['budget'] or '':<10} {verdict:<7} "
        f"against {row['against']}"
    )
