import { compile, objectSource, textSource } from './compile.ts';
import { type ShapeCopier, ShapeSite } from './shape-site.ts';
import { MAX_KEY, MAX_SHAPE_KEYS, ShapeNode } from './shape-tree.ts';
import { isPlain, MAX_DEPTH } from './value.ts';

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
    // Without asking a getter, which is asked once for each copy.
    const partOf = (key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value;
    const parts = keys.map((key) => (hasSite(partOf(key)) ? new ShapeSite() : undefined));
    const given = { isPlain, copy: this.#copyPart, copyAt: this.#copyAt, keys, parts };
    node.copier = compile<ShapeCopier>(given, sourceOf(keys, parts));
  }

  readonly #copyAt = (site: ShapeSite, value: unknown, depth: number): unknown =>
    this.copyAt(site, value, depth);

  /** Copies something that has come to a site and is not what is expected there. */
  copyAt(site: ShapeSite, value: unknown, depth: number): unknown {
    if (site.missed()) site.copier = hasSite(value) ? this.find(value) : undefined;
    return this.#copyPart(value, depth);
  }
}

/** Whether objects with keys may be expected where this has come. */
function hasSite(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/**
 * Reads everything first: from then on V8 knows the object's hidden class, and with it the prototype. Of an array or bytes,
 * which may be large, no keys are asked for.
 */
function sourceOf(keys: readonly string[], sites: readonly (ShapeSite | undefined)[]): string {
  const reads = keys.map((key, i) => `let v${i} = o[${textSource(key)}];`);
  const places = sites.map((site, i) => (site === undefined ? '' : `const s${i} = parts[${i}];`));
  const copies = keys.map(
    (_, i) => `
    if (typeof v${i} === 'object' ? v${i} !== null : typeof v${i} === 'function' || typeof v${i} === 'symbol')
      v${i} = ${sites[i] === undefined ? `copy(v${i}, d)` : expected(`s${i}`, `v${i}`)};`,
  );
  return `${places.join('')}
  return (o, d, isUnsure) => {
    if (isUnsure) {
      if (Array.isArray(o) || ArrayBuffer.isView(o)) return undefined;
      let n = 0;
      for (const key in o) if (n === ${keys.length} || key !== keys[n++]) return undefined;
      if (n !== ${keys.length}) return undefined;
    }
    ${reads.join('\n    ')}
    if (!isPlain(o)) return undefined;${copies.join('')}
    return ${objectSource(keys)};
  };`;
}

/** Copies a value at a site. What lies too deep is refused the usual way. */
function expected(site: string, value: string): string {
  return `(${site}.copier !== undefined && d < ${MAX_DEPTH} ? ${site}.copier(${value}, d + 1, true) : undefined) ?? copyAt(${site}, ${value}, d)`;
}
