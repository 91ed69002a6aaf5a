/**
 * Stops a deeply nested text before anything recursive meets it.
 *
 * The YAML composer calls itself for each level, so that a megabyte of `[` would exhaust the stack. The lexer does not:
 * its lexemes pass through here first, and the level is estimated from open brackets and from the columns at which block
 * collections begin. The estimate is never below the true depth and at most about twice as deep.
 */

export interface NestingGuard {
  /** Takes the next lexeme; false once the text is nested too deeply. */
  accept(lexeme: string): boolean;
}

/** The lexer announces what follows by characters that are not part of the text. */
const DOCUMENT_BEGINS = "\u0002";
const FLOW_ERROR = "\u0018";
const SCALAR_FOLLOWS = "\u001f";

export function createNestingGuard(levelsMax: number): NestingGuard {
  const columns: number[] = [];
  let flowDepth = 0;
  let column = 0;
  let lineHasContent = false;

  function open(): void {
    while (!lineHasContent && columns.length > 0 && (columns.at(-1) as number) >= column) columns.pop();
    lineHasContent = true;
    if (columns.at(-1) !== column) columns.push(column);
  }

  return {
    accept(lexeme) {
      if (lexeme === DOCUMENT_BEGINS || lexeme === FLOW_ERROR || lexeme === SCALAR_FOLLOWS) return true;
      const first = lexeme[0];
      if (lexeme === "[" || lexeme === "{") flowDepth++;
      else if (lexeme === "]" || lexeme === "}") flowDepth = Math.max(0, flowDepth - 1);
      else if (flowDepth === 0 && (lexeme === "-" || lexeme === "?")) open();
      else if (flowDepth === 0 && !lineHasContent && first !== undefined && !" \t\n\r#,".includes(first)) open();
      const lastBreak = lexeme.lastIndexOf("\n");
      if (lastBreak === -1) column += lexeme.length;
      else {
        column = lexeme.length - lastBreak - 1;
        lineHasContent = false;
      }
      return columns.length + flowDepth <= levelsMax;
    },
  };
}
