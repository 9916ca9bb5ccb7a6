import { compile, objectSource, textSource } from './compile.ts';
import { MAX_KEY, MAX_SHAPE_KEYS, ShapeNode } from './shape-tree.ts';
import { isPlain } from './value.ts';

/** Copies an object of one shape, whose parts lie at a depth; undefined for one that does not travel as an object with keys. */
type ShapeCopier = (value: object, depth: number) => Record<string, unknown> | undefined;

/** Copies that make a shape worth a function of its own: until that is optimized, it costs as much as thousands of them. */
const OFTEN = 2000;
/** One in so many objects with unknown keys adds one key to the tree: dictionaries are to cost little. */
const SAMPLE = 8;
/** Nodes of the tree after which it is thrown away, with its functions, and grown again: shapes come and go. */
const MAX_NODES = 4096;
/** Functions of one tree; each takes a few kilobytes. */
const MAX_COPIERS = 512;

class CopyNode extends ShapeNode<CopyNode> {
  uses = 0;
  copier: ShapeCopier | undefined = undefined;
}

/** Functions that copy the objects of shapes that come often. */
export class ShapeCopiers {
  readonly #copyPart: (value: unknown, depth: number) => unknown;
  #root = new CopyNode();
  #nodes = 0;
  #made = 0;
  #misses = 0;

  /** `copyPart` copies what is no primitive. */
  constructor(copyPart: (value: unknown, depth: number) => unknown) {
    this.#copyPart = copyPart;
  }

  /** The one for the shape of an object, which may be of a class: the function looks. Undefined if there is none (yet). */
  find(value: object): ShapeCopier | undefined {
    let node: CopyNode | undefined = this.#root;
    for (const key in value) {
      node = node.lastKey === key ? node.lastNode : (node.find(key) ?? this.#miss(node, key));
      if (node === undefined) return undefined;
    }
    if (node.copier === undefined && ++node.uses >= OFTEN) this.#make(node, value);
    return node.copier;
  }

  /** Nobody has come this way. Perhaps the next one goes on from here. */
  #miss(node: CopyNode, key: string): undefined {
    if (++this.#misses % SAMPLE !== 0 || key.length > MAX_KEY) return;
    if (++this.#nodes > MAX_NODES) {
      this.#root = new CopyNode();
      this.#nodes = 0;
      this.#made = 0;
    } else node.add(key, new CopyNode());
  }

  #make(node: CopyNode, value: object): void {
    node.uses = 0;
    const keys = Object.keys(value);
    // Others inherit something that can be enumerated.
    if (!isPlain(value) || keys.length > MAX_SHAPE_KEYS || this.#made === MAX_COPIERS) return;
    this.#made++;
    node.copier = compile<ShapeCopier>({ isPlain, copy: this.#copyPart }, sourceOf(keys));
  }
}

/** Reads everything first: from then on V8 knows the object's hidden class, and with it the prototype. */
function sourceOf(keys: readonly string[]): string {
  const reads = keys.map((key, i) => `let v${i} = o[${textSource(key)}];`);
  const copies = keys.map(
    (_, i) => `
    if (typeof v${i} === 'object' ? v${i} !== null : typeof v${i} === 'function' || typeof v${i} === 'symbol')
      v${i} = copy(v${i}, d);`,
  );
  return `return (o, d) => {
    ${reads.join('\n    ')}
    if (!isPlain(o)) return undefined;${copies.join('')}
    return ${objectSource(keys)};
  };`;
}
