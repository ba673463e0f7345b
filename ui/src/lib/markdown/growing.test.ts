import { expect, it } from "vitest";
import { GrowingMarkdown } from "./growing";
import { renderBlocks } from "./render";

const TEXT = `# Title

A paragraph with **bold**
and a second line.

- one

- two
  - deeper

1. first
2. second

| a | b |
| - | - |
| 1 | 2 |

\`\`\`python
def f():

    return 1
\`\`\`

Setext
======

> quote
goes on

last 🍋 words`;

it("ends with exactly what rendering the whole text gives, wherever the pieces are cut", () => {
  for (const step of [1, 2, 3, 7, 40]) {
    const growing = new GrowingMarkdown();
    for (let end = step; end < TEXT.length; end += step) growing.update(TEXT.slice(0, end), false);
    const strip = (blocks: ReturnType<typeof renderBlocks>) => blocks.map(({ raw: _, ...rest }) => rest);
    expect(strip(growing.update(TEXT, false))).toEqual(strip(renderBlocks(TEXT)));
    expect(growing.update(TEXT, true)).toEqual(renderBlocks(TEXT));
  }
});

it("renders a finished block once: only the last block is a new object", () => {
  const growing = new GrowingMarkdown();
  const before = growing.update("one\n\ntwo\n\nthr", false);
  const after = growing.update("one\n\ntwo\n\nthree and", false);
  expect(after).toHaveLength(3);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toBe(before[1]);
  expect(after[2]).not.toBe(before[2]);
});

it("keeps finished blocks when the text ends", () => {
  const growing = new GrowingMarkdown();
  const before = growing.update("one\n\ntwo", false);
  expect(growing.update("one\n\ntwo.", true)[0]).toBe(before[0]);
});

it("resolves a link that is defined at the end, once all is there", () => {
  const growing = new GrowingMarkdown();
  const text = "See [here][1].\n\nMore.\n\n[1]: https://example.org";
  growing.update(text.slice(0, 25), false);
  expect(growing.update(text, true)[0]).toMatchObject({ html: expect.stringContaining('data-address="https://example.org"') });
});

it("starts over when the text is another one", () => {
  const growing = new GrowingMarkdown();
  growing.update("one\n\ntwo\n\nthree", false);
  expect(growing.update("else", false)).toEqual(renderBlocks("else"));
});
