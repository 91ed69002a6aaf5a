/** Where a text stops being JSON. The engine's own parser knows, but does not always tell. */

const BLANK = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
/** A string as far as it is one. */
const BROKEN_STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

type Expected = "value" | "value or end" | "name" | "name or end" | "colon" | "comma or end" | "nothing";

/** The offset of the first character that fits nowhere; the length of the text if it only ends too early. */
export function firstFault(text: string): number {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const afterValue = (): Expected => (open.length === 0 ? "nothing" : "comma or end");
  for (;;) {
    skip(BLANK);
    const character = text[at];
    if (character === undefined || expected === "nothing") return at;
    const closes = open.at(-1) === "{" ? "}" : "]";
    if (character === closes && open.length > 0 && expected.endsWith("or end")) {
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (expected === "comma or end" && character === ",") {
      at += 1;
      expected = closes === "}" ? "name" : "value";
    } else if (expected === "colon" && character === ":") {
      at += 1;
      expected = "value";
    } else if (expected === "name" || expected === "name or end") {
      if (!skip(STRING)) return faultOfString(text, at);
      expected = "colon";
    } else if (expected !== "value" && expected !== "value or end") {
      return at;
    } else if (character === "{" || character === "[") {
      open.push(character);
      at += 1;
      expected = character === "{" ? "name or end" : "value or end";
    } else if (skip(STRING) || skip(SCALAR)) {
      expected = afterValue();
    } else {
      return faultOfString(text, at);
    }
  }
}

/** Inside the string that begins at `at`, else `at` itself. */
function faultOfString(text: string, at: number): number {
  BROKEN_STRING.lastIndex = at;
  return BROKEN_STRING.test(text) ? BROKEN_STRING.lastIndex : at;
}
