/** Where ids come from. */
export interface Entropy {
  /** 30 hex digits, those of a later call sort after those of an earlier one. */
  id(): string;
}
