/** What is wrong with a request, as a sentence. Thrown and caught within this adapter. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
}
