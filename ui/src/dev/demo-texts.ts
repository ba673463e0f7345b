// Texts of the design mode's examples: what was turned down, and what was accepted instead.

export const DRAFT_LETTER = `Dear Sir or Madam,

I am hereby writing to inform you that the heating installation of the aforementioned apartment has ceased to function
as of the third of November, and that I consequently request its immediate repair.

Failing this I shall be forced to consider legal steps.

Yours faithfully,
Ana Horvat`;

export const GOOD_LETTER = `Dear Mr. Novak,

the heating in our flat has not worked since 3 November. The radiators in both rooms stay cold, and it was 15 degrees
inside this morning.

Could you please have it repaired by Friday, 14 November? I am at home on weekdays after four, and Mrs. Babić next door
has a key for the time before that.

Thank you, and warm regards (at least those),
Ana Horvat`;

export const DRAFT_SCRIPT = `import csv

total = 0
for row in csv.reader(open("data.csv")):
    total += float(row[2])
print(total)
`;

export const GOOD_SCRIPT = `import csv
import sys
from pathlib import Path


def column_sum(path: Path, column: int) -> float:
    """The sum of a column; empty and unreadable cells are left out and counted."""
    total, skipped = 0.0, 0
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            try:
                total += float(row[column])
            except (IndexError, ValueError):
                skipped += 1
    if skipped:
        print(f"{skipped} rows had no number", file=sys.stderr)
    return total


print(column_sum(Path("data.csv"), 2))
`;

export const ARABIC_WORK = `جيراننا الأعزاء،

نرجو منكم خفض صوت الموسيقى بعد العاشرة مساءً، فالأطفال ينامون مبكرًا.

شكرًا جزيلًا لتفهمكم 🍋
عائلة هورفات`;
