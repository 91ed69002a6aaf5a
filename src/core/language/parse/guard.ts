/**
 * Stops a text that was made to keep the parser busy, before anything recursive or slow meets it.
 *
 * The YAML composer calls itself for each level, so that a megabyte of `[` would exhaust the stack, and it describes each
 * mistake at length, so that a megabyte of `*a *a *a` would take seconds. The lexer does neither: its lexemes pass through
 * here first.
 *
 * The level is estimated from open brackets and from the columns at which block collections begin. The estimate is never
 * below the true depth and at most about three times as deep.
 */

export interface Guard {
  /** Takes the next lexeme; says what is wrong with the text so far, or null. */
  accept(lexeme: string): "nested too deeply" | "no separators" | null;
}

/** The lexer announces what follows by characters that are not part of the text. */
const DOCUMENT_BEGINS = "\u0002";
const FLOW_ERROR = "\u0018";
const SCALAR_FOLLOWS = "\u001f";

/** A value has an anchor and a tag at most, and then something parts it from the next one. */
const RUN_MAX = 50;

export function createGuard(levelsMax: number): Guard {
  /** Where the block collections begin that are open at this place. */
  const columns: number[] = [];
  let flowDepth = 0;
  let column = 0;
  let lineHasContent = false;
  /** Values, anchors, tags and stray signs since the last thing that parts values. */
  let run = 0;

  function open(): void {
    while (!lineHasContent && columns.length > 0 && (columns.at(-1) as number) >= column) columns.pop();
    lineHasContent = true;
    if (columns.at(-1) !== column) columns.push(column);
  }

  function count(lexeme: string): void {
    const first = lexeme[0] ?? "";
    if ("-?:,[{".includes(lexeme) || lexeme === "---") run = 0;
    else if (!" \t\r\n#\ufeff".includes(first)) run++;
  }

  return {
    accept(lexeme) {
      if (lexeme === DOCUMENT_BEGINS || lexeme === FLOW_ERROR || lexeme === SCALAR_FOLLOWS) return null;
      const first = lexeme[0] ?? "";
      if (lexeme === "[" || lexeme === "{") flowDepth++;
      else if (lexeme === "]" || lexeme === "}") flowDepth = Math.max(0, flowDepth - 1);
      else if (flowDepth === 0 && (lexeme === "-" || lexeme === "?")) open();
      else if (flowDepth === 0 && !lineHasContent && !" \t\n\r#,".includes(first)) open();
      count(lexeme);
      const lastBreak = lexeme.lastIndexOf("\n");
      if (lastBreak === -1) column += lexeme.length;
      else {
        column = lexeme.length - lastBreak - 1;
        lineHasContent = false;
      }
      if (columns.length + flowDepth > levelsMax) return "nested too deeply";
      return run > RUN_MAX + flowDepth ? "no separators" : null;
    },
  };
}
