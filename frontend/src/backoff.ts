export interface BackoffLimits {
  /** ms */
  readonly first: number;
  /** ms */
  readonly longest: number;
}

const LIMITS: BackoffLimits = { first: 500, longest: 30_000 };

/** How long to wait before each further attempt: twice as long as before, up to a limit. */
export class Backoff {
  readonly #limits: BackoffLimits;
  #attempts = 0;

  constructor(limits: BackoffLimits = LIMITS) {
    this.#limits = limits;
  }

  /** The next waiting time in ms; half of it is random, so that many pages do not return to a server at once. */
  next(): number {
    const ceiling = Math.min(this.#limits.longest, this.#limits.first * 2 ** this.#attempts);
    this.#attempts += 1;
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  /** Begin with the first waiting time again. */
  reset(): void {
    this.#attempts = 0;
  }
}
