/** What each problem means and what to do about it: where the `type` of a problem leads. */

import { PROBLEMS } from "../../core/protocol/problems.ts";
import { html, page, prose } from "./html.ts";

export function problemsPage(): string {
  return page(
    "Magic Flow problems",
    html`<h1>Problems</h1>
<p>What goes wrong is answered as <code>application/problem+json</code> (RFC 9457). Programs branch on <code>code</code>, which never changes; <code>detail</code> is for people; <code>errors</code> names each place that is wrong.</p>
${Object.entries(PROBLEMS).map(
  ([
    code,
    { status, title, help },
  ]) => html`<section aria-labelledby="${code}"><h2 id="${code}"><code>${code}</code></h2>
<p><strong>${status}: ${title}.</strong> ${prose(help)}</p></section>`,
)}`,
  );
}
