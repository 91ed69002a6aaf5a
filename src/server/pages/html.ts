/** HTML by template: whatever is put in is escaped, unless it was made by a template itself. */

export interface Html {
  readonly html: string;
}

type Part = string | number | Html | null | readonly Part[];

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let result = texts[0] ?? "";
  for (let i = 0; i < parts.length; i++) result += toText(parts[i] ?? null) + (texts[i + 1] ?? "");
  return { html: result };
}

function toText(part: Part): string {
  if (part === null) return "";
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeHtml(part);
  if (Array.isArray(part)) return part.map(toText).join("");
  return (part as Html).html;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Texts of the API mark code by backticks, as Markdown does. */
export function prose(text: string): Html {
  const pieces = text.split("`");
  return html`${pieces.map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`))}`;
}

/** Nothing is loaded from elsewhere and nothing runs: these pages are text and a style. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-cache",
};

export function page(title: string, body: Html): string {
  return `<!doctype html>
${
  html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/api/docs/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<a class="brand" href="/">Magic Flow</a>
<nav aria-label="Pages"><a href="/">Start</a> <a href="/api/docs">API</a> <a href="/api/docs/problems">Problems</a></nav>
</header>
<main id="main">
${body}
</main>
</body>
</html>
`.html
}`;
}
