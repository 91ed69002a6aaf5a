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
  let column = 0;
  let lineHasContent = false;
  /** For each bracket around this place: values, anchors, tags and stray signs since the last thing that parts values. */
  const runs: number[] = [0];

  function open(): void {
    while (!lineHasContent && columns.length > 0 && (columns.at(-1) as number) >= column) columns.pop();
    lineHasContent = true;
    if (columns.at(-1) !== column) columns.push(column);
  }

  function count(lexeme: string): void {
    const inner = runs.length - 1;
    if (lexeme === "]" || lexeme === "}") {
      if (inner > 0) runs.pop();
      else runs[0] = (runs[0] ?? 0) + 1;
    } else if ("-?:,".includes(lexeme) || lexeme === "---") {
      runs[inner] = 0;
    } else if (!" \t\r\n#\ufeff".includes(lexeme[0] ?? "")) {
      runs[inner] = (runs[inner] ?? 0) + 1;
      if (lexeme === "[" || lexeme === "{") runs.push(0);
    }
  }

  return {
    accept(lexeme) {
      if (lexeme === DOCUMENT_BEGINS || lexeme === FLOW_ERROR || lexeme === SCALAR_FOLLOWS) return null;
      if (runs.length === 1) {
        const isContent = !lineHasContent && !" \t\n\r#,".includes(lexeme[0] ?? "");
        if (lexeme === "-" || lexeme === "?" || isContent) open();
      }
      count(lexeme);
      const lastBreak = lexeme.lastIndexOf("\n");
      if (lastBreak === -1) column += lexeme.length;
      else {
        column = lexeme.length - lastBreak - 1;
        lineHasContent = false;
      }
      if (columns.length + runs.length > levelsMax) return "nested too deeply";
      return (runs.at(-1) ?? 0) > RUN_MAX ? "no separators" : null;
    },
  };
}
