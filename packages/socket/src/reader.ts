import type { Suspension } from '@skynet/core/kernel';
import type { Encoding } from './data.ts';

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
