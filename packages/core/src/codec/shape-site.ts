/** Values of another shape after which another one is expected. */
const PATIENCE = 8;

/** Copies an object of one shape, whose parts lie at a depth; undefined for one that does not travel as an object with keys. */
export type ShapeCopier = (
  value: object,
  depth: number,
  /** The value may be of another shape, or no object with keys at all: looks first. Undefined then, too. */
  isUnsure?: boolean,
) => Record<string, unknown> | undefined;

/**
 * Where objects come that mostly have one shape, as they do at one key of objects that have one themselves: what is expected
 * is compared with, which is quicker than to be looked up.
 */
export class ShapeSite {
  /** Of the shape that is expected. */
  copier: ShapeCopier | undefined = undefined;
  #missed = 0;

  /** Something else has come. Returns whether that is to be expected from now on. */
  missed(): boolean {
    return this.#missed++ % PATIENCE === 0;
  }
}
