import type { ScopeState, StepState } from "./execution.ts";

/** A replay tidies for the first time when this much has gathered. */
const TIDY_AT = 4096;

/**
 * What has to be looked at before a decision is done: scopes in which something ended or can begin, and containers that
 * may start or end something. First in, first out. A superset is harmless: looking where nothing is to be done does
 * nothing, which is why the agenda is no part of the state.
 */
export class Agenda {
  private items: Look[] = [];
  private head = 0;
  private tidyAt = TIDY_AT;
  private readonly queued = new Set<ScopeState | StepState>();

  get isEmpty(): boolean {
    return this.head === this.items.length;
  }

  addScope(scope: ScopeState): void {
    if (this.queued.has(scope)) return;
    this.queued.add(scope);
    this.items.push({ kind: "scope", scope });
  }

  addStep(step: StepState): void {
    if (this.queued.has(step)) return;
    this.queued.add(step);
    this.items.push({ kind: "step", step });
  }

  take(): Look | null {
    const look = this.items[this.head];
    if (look === undefined) return null;
    this.head += 1;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      // What was taken is let go of now and then, so that a long decision does not keep every scope it passed.
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    this.queued.delete(look.kind === "scope" ? look.scope : look.step);
    return look;
  }

  /** A replay only adds: what has ended since is dropped now and then, more rarely the more is still alive. */
  tidy(): void {
    if (this.size < this.tidyAt) return;
    this.compact();
    this.tidyAt = Math.max(TIDY_AT, this.size * 2);
  }

  compact(): void {
    const rest = this.items.slice(this.head).filter((look) => !hasEnded(look));
    this.items = rest;
    this.head = 0;
    this.queued.clear();
    for (const look of rest) this.queued.add(look.kind === "scope" ? look.scope : look.step);
  }

  /** What is still to be looked at, in its order. */
  looks(): readonly Look[] {
    return this.items.slice(this.head).filter((look) => !hasEnded(look));
  }

  get size(): number {
    return this.items.length - this.head;
  }
}

export type Look =
  | { readonly kind: "scope"; readonly scope: ScopeState }
  | { readonly kind: "step"; readonly step: StepState };

function hasEnded(look: Look): boolean {
  if (look.kind === "scope") return look.scope.status === "ended";
  const { status } = look.step;
  return status === "completed" || status === "failed" || status === "skipped" || status === "cancelled";
}
