/**
 * Parts of a line that differ from run to run: handles, task numbers, ports of peers, descriptors.
 * The same part of the book must always be the same part of ours, and the other way round.
 */
const PARTS: readonly {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly value: (text: string) => string;
}[] = [
  {
    kind: 'handle',
    pattern: /(?<=:)[0-9a-f]{7,8}\b|(?<=\[)[0-9a-f]{7,8}(?= to )/,
    value: (text) => String(Number.parseInt(text, 16)),
  },
  { kind: 'task', pattern: /(?<=thread: 0x)[0-9a-f]+/, value: (text) => text },
  { kind: 'port', pattern: /(?<=\d\.\d+\.\d+\.\d+:)\d+/, value: (text) => text },
  { kind: 'fd', pattern: /(?<=\bfd ?[:=] ?)\d+/, value: (text) => text },
];

/** In a transcript: `{473}` stands for any number, `…` for any text. */
const WILDCARDS: readonly { readonly pattern: RegExp; readonly source: string }[] = [
  { pattern: /\{[\d.]+\}/, source: '[\\d.]+' },
  { pattern: /…/, source: '.*' },
];

const TOKEN = new RegExp([...PARTS, ...WILDCARDS].map(({ pattern }) => `(${pattern.source})`).join('|'), 'g');

interface Pattern {
  readonly regex: RegExp;
  /** Kind and value of each captured part. */
  readonly parts: readonly { readonly kind: number; readonly text: string }[];
}

function compile(line: string): Pattern {
  const parts: { kind: number; text: string }[] = [];
  let source = '';
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    source += quote(line.slice(end, match.index));
    end = match.index + match[0].length;
    const kind = match
      .slice(1, 1 + PARTS.length + WILDCARDS.length)
      .findIndex((group) => group !== undefined);
    const wildcard = WILDCARDS[kind - PARTS.length];
    if (wildcard !== undefined) source += wildcard.source;
    else {
      source += '([0-9a-f]+)';
      parts.push({ kind, text: match[0] });
    }
  }
  return { regex: new RegExp(`^${source}${quote(line.slice(end))}$`, 's'), parts };
}

function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Which part of the book is which of ours, as far as the lines compared so far have told. */
export class Bindings {
  readonly #ours = new Map<string, string>();
  readonly #theirs = new Map<string, string>();

  /** Whether a line of ours is the expected one; if so its parts are known from now on. */
  matches(expected: string, actual: string): boolean {
    const { regex, parts } = compile(expected);
    const found = regex.exec(actual);
    if (found === null) return false;
    const pairs = parts.map(({ kind, text }, i) => {
      const { kind: name, value } = PARTS[kind] as (typeof PARTS)[number];
      return [`${name} ${value(text)}`, `${name} ${value(found[i + 1] as string)}`] as const;
    });
    const fresh = new Map<string, string>();
    for (const [theirs, ours] of pairs) {
      if ((this.#ours.get(theirs) ?? fresh.get(theirs) ?? ours) !== ours) return false;
      if ((this.#theirs.get(ours) ?? theirs) !== theirs) return false;
      fresh.set(theirs, ours);
    }
    if (new Set(fresh.values()).size !== fresh.size) return false;
    for (const [theirs, ours] of fresh) {
      this.#ours.set(theirs, ours);
      this.#theirs.set(ours, theirs);
    }
    return true;
  }

  /** What is typed, with the handles of ours in the place of those of the book, and `{9}` for the descriptor 9. */
  toOurs(typed: string): string {
    return typed
      .replace(/(?<=:)[0-9a-f]{8}\b/g, (text) => {
        const ours = this.#ours.get(`handle ${Number.parseInt(text, 16)}`);
        return ours === undefined ? text : Number(ours.slice('handle '.length)).toString(16).padStart(8, '0');
      })
      .replace(/\{(\d+)\}/g, (_text, fd: string) => this.#ours.get(`fd ${fd}`)?.slice('fd '.length) ?? fd);
  }
}
