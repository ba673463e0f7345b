// Markdown of a model -> HTML that can be shown. Everything that a model writes is untrusted:
// raw HTML is shown as text, links lose their target (the app offers to copy it), pictures become their description,
// and DOMPurify with a short list of allowed elements stands behind all of that.
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

const TAGS = [
  "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "mark",
  "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
];
const ATTRIBUTES = ["align", "aria-label", "class", "data-address", "role", "start", "tabindex", "title"];
/** Elements without attributes that models use inside Markdown; everything else stays visible as text. */
const PLAIN_TAG = /^<\/?(b|i|u|s|em|strong|sub|sup|kbd|mark|small)>$|^<br\s*\/?>$/i;
const ADDRESS = /^(https?:\/\/|mailto:)/i;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function address(label: string, target: string): string {
  if (!ADDRESS.test(target)) return label;
  const safe = escapeHtml(target);
  return `<a class="address" role="button" tabindex="0" data-address="${safe}" title="Copy ${safe}">${label}</a>`;
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => (PLAIN_TAG.test(text.trim()) ? text : escapeHtml(text)),
    link({ href, tokens }: Tokens.Link) {
      return address(this.parser.parseInline(tokens), href);
    },
    image: ({ href, text }: Tokens.Image) => address(`[picture: ${escapeHtml(text || href)}]`, href),
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
  },
});

export interface HtmlBlock {
  kind: "html";
  raw: string;
  html: string;
}

export interface CodeBlock {
  kind: "code";
  raw: string;
  code: string;
  language: string;
}

export type Block = HtmlBlock | CodeBlock;

export function sanitise(html: string): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOW_UNKNOWN_PROTOCOLS: false,
  });
}

/** The blocks of a text, each with the Markdown that it came from. */
export function renderBlocks(text: string): Block[] {
  const tokens = marked.lexer(text);
  const blocks: Block[] = [];
  for (const token of tokens) {
    if (token.type === "space" || token.type === "def") continue;
    if (token.type === "code") {
      const { text: code, lang } = token as Tokens.Code;
      blocks.push({ kind: "code", raw: token.raw, code, language: (lang ?? "").trim().split(/\s+/)[0] ?? "" });
    } else {
      blocks.push({ kind: "html", raw: token.raw, html: sanitise(marked.parser([token])) });
    }
  }
  return blocks;
}

/** Where the last block that can still change begins: the last one that is not just empty lines. */
export function lastBlockStart(text: string): number {
  const tokens = marked.lexer(text);
  let end = text.length;
  let start = 0;
  let at = 0;
  for (const token of tokens) {
    if (token.type !== "space") start = at;
    at += token.raw.length;
  }
  // The lexer normalises line ends; if the lengths disagree, nothing is taken for finished.
  if (at !== end) start = 0;
  return start;
}
