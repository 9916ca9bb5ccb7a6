/** Where setup functions leave accessors of their variables; see `join.ts`. */
const JOIN = Symbol.for('@skynet/snax join');

type Accessors = () => object;
type Holder = Record<symbol, ((own: Accessors, outer: Accessors) => void) | undefined>;

/** The variables of one instance that patches may join: those that the loader has found, and those that the script gives. */
export class Locals {
  #given: object | undefined;
  #own: Accessors | undefined;
  #outer: Accessors | undefined;
  #all: object | undefined;

  /** Runs a setup function, which begins by leaving its accessors where the loader has put them into it. */
  collect<Result>(setup: () => Result): Result {
    const holder = globalThis as unknown as Holder;
    const before = holder[JOIN];
    holder[JOIN] = (own, outer) => {
      holder[JOIN] = before;
      this.#own = own;
      this.#outer = outer;
    };
    try {
      return setup();
    } finally {
      holder[JOIN] = before;
    }
  }

  /** What the script gives by itself comes first. */
  give(locals: object): void {
    this.#given = locals;
    this.#all = undefined;
  }

  /** Accessors of all of them, its own properties. */
  get all(): object {
    // Not without a prototype: such an object is a table to V8, and each access costs five times as much.
    this.#all ??= Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(this.#outer?.() ?? {}), ...this.#ofInstance() },
    );
    return this.#all;
  }

  /** Those of the instance alone: those of the module are shared with others. */
  get own(): object {
    return Object.create(null, this.#ofInstance()) as object;
  }

  #ofInstance(): PropertyDescriptorMap {
    return {
      ...Object.getOwnPropertyDescriptors(this.#own?.() ?? {}),
      ...Object.getOwnPropertyDescriptors(this.#given ?? {}),
    };
  }
}
