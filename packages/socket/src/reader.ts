import type { ReadBuffer } from '@skynet/core/channel';
import type { Suspension } from '@skynet/core/kernel';
import { decode, type Encoding } from './data.ts';
import { incompleteTail } from './text.ts';

/** What a task wants to read. */
export type Want =
  /** Whatever is there, at least one byte. */
  | { readonly kind: 'any'; readonly encoding: Encoding }
  /** That many bytes. */
  | { readonly kind: 'count'; readonly count: number; readonly encoding: Encoding }
  /** Up to a separator. */
  | { readonly kind: 'line'; readonly separator: Uint8Array; readonly encoding: Encoding }
  /** Everything until the end. */
  | { readonly kind: 'all'; readonly encoding: Encoding }
  /** Nothing: to know that there is something. */
  | { readonly kind: 'block' };

/** The task that waits, and for what. */
export interface Reader {
  readonly want: Want;
  readonly suspension: Suspension<unknown>;
}

/** What there is for a reader, undefined if it is not enough. `ended`: no more will come. */
export function satisfy(want: Want, buffer: ReadBuffer, ended: boolean): unknown {
  if (buffer.size === 0 && !(want.kind === 'count' && want.count === 0)) return undefined;
  switch (want.kind) {
    case 'any': {
      const held = want.encoding === 'utf8' && !ended ? incompleteTail(buffer.tail(3)) : 0;
      return held === buffer.size
        ? undefined
        : [decode(buffer.take(buffer.size - held), want.encoding), undefined];
    }
    case 'count':
      return buffer.size < want.count
        ? undefined
        : [decode(buffer.take(want.count), want.encoding), undefined];
    case 'line': {
      const line = buffer.takeLine(want.separator);
      return line === undefined ? undefined : [decode(line, want.encoding), undefined];
    }
    case 'all':
      return undefined;
    case 'block':
      return true;
  }
}

/** What a reader gets at the end of the stream. `waited`: it had to wait for that. */
export function atEnd(want: Want, buffer: ReadBuffer, waited: boolean): unknown {
  if (want.kind === 'block') return false;
  const rest = decode(buffer.take(buffer.size), want.encoding);
  if (want.kind === 'all') return rest.length > 0 || waited ? rest : undefined;
  return [undefined, rest];
}
