// Texts of the design mode: what is easy to get wrong on a screen.

export const LETTER = `Here is a friendly message you can send:

> Hi Anna! We are away from **Monday to Friday** next week. Could you water the plants on the balcony once or twice?
> The key is with Mr. Novak. Thank you so much, we owe you a cake! 🍋

A few things you might add:

1. How much water each plant needs
2. Where the watering can is
   - the blue one, behind the door
3. A phone number for emergencies

Shall I make it shorter?`;

export const CODE = `This function reads the file line by line, so it also works for very large files:

\`\`\`python
from collections import Counter
from pathlib import Path


def count_words(path: Path) -> Counter[str]:
    """How often each word occurs in a text file."""
    words = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words.update(line.lower().split())  # punctuation stays on the word, deliberately, to keep this example short
    return words


print(count_words(Path("letter.txt")).most_common(10))
\`\`\`

| Step | What happens | Cost |
| --- | --- | ---: |
| \`open\` | the file is opened as UTF-8 | 1 |
| \`split\` | each line is cut at white space | n |
| \`update\` | the words are counted | n |

See [the documentation](https://docs.python.org/3/library/collections.html#collections.Counter) for more.`;

export const HOSTILE = `Look at this picture: ![a cat](https://example.org/tracker.png) and <img src=x onerror=alert(1)> and
[click me](javascript:alert(1)). Averyveryveryverylongwordthatneverendsandgoesonandonandonandonandonandonandonandonandonandonandonandon

- [x] done
- [ ] not yet`;

export const RTL = `بالطبع! هذه قائمة قصيرة:

1. خبز وحليب
2. ليمون وبرتقال 🍊
3. شاي بالنعناع

هل تريد أن أضيف شيئًا آخر؟`;

export const LONG = Array.from(
  { length: 14 },
  (_, index) =>
    `### Part ${index + 1}\n\nThe light of the sun holds all colours. On its way through the air it meets molecules that are much ` +
    `smaller than its waves, and they scatter *blue* far more than red. So blue light reaches your eye from everywhere in ` +
    `the sky, while the rest comes straight on.\n\n- short waves scatter most\n- long waves pass through`,
).join("\n\n");
