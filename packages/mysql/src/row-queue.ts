import type { SkynetError } from '@skynet/core';
import type { Row } from './answer.ts';

/** Rows of a statement as they come, a few at a time. */
export class RowQueue {
  readonly #most: number;
  readonly #resume: () => void;
  #rows: Row[] = [];
  #next: ((step: IteratorResult<Row, undefined>) => void) | undefined;
  #fail: ((error: SkynetError) => void) | undefined;
  #end: { readonly failure: SkynetError | undefined } | undefined;

  constructor(most: number, resume: () => void) {
    this.#most = most;
    this.#resume = resume;
  }

  /** A row has come. Returns whether more can be taken. */
  add(row: Row): boolean {
    if (this.#next !== undefined) {
      this.#settle()({ done: false, value: row });
      return true;
    }
    this.#rows.push(row);
    return this.#rows.length < this.#most;
  }

  /** No more come. */
  finish(failure: SkynetError | undefined): void {
    this.#end = { failure };
    if (this.#next === undefined) return;
    const fail = this.#fail;
    const next = this.#settle();
    if (failure === undefined) next({ done: true, value: undefined });
    else fail?.(failure);
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  next(): Promise<IteratorResult<Row, undefined>> {
    const row = this.#rows.shift();
    if (row !== undefined) {
      if (this.#rows.length === 0 && this.#end === undefined) this.#resume();
      return Promise.resolve({ done: false, value: row });
    }
    if (this.#end !== undefined) {
      const { failure } = this.#end;
      return failure === undefined
        ? Promise.resolve({ done: true, value: undefined })
        : Promise.reject(failure);
    }
    return new Promise((resolve, reject) => {
      this.#next = resolve;
      this.#fail = reject;
    });
  }

  #settle(): (step: IteratorResult<Row, undefined>) => void {
    const next = this.#next as (step: IteratorResult<Row, undefined>) => void;
    this.#next = undefined;
    this.#fail = undefined;
    return next;
  }
}
