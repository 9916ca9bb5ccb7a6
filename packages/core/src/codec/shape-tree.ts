/** Objects with more keys than this are dictionaries rather than shapes. */
export const MAX_SHAPE_KEYS = 64;
/** Longest key kept in a tree. */
export const MAX_KEY = 64;

/**
 * A point in a tree of keys; the way from the root to it is the list of an object's keys, in order. Objects come in few
 * shapes, so the last way taken is tried first, and looking a shape up costs a comparison for each key.
 */
export class ShapeNode<Node extends ShapeNode<Node>> {
  lastKey: string | undefined = undefined;
  lastNode: Node | undefined = undefined;
  #others: Map<string, Node> | undefined = undefined;

  /** The node for one more key, undefined if there is none yet. */
  find(key: string): Node | undefined {
    const next = this.#others?.get(key);
    if (next !== undefined) this.#remember(key, next);
    return next;
  }

  /** Adds the node for one more key. */
  add(key: string, next: Node): void {
    this.#others ??= new Map();
    this.#others.set(key, next);
    this.#remember(key, next);
  }

  #remember(key: string, next: Node): void {
    this.lastKey = key;
    this.lastNode = next;
  }
}
