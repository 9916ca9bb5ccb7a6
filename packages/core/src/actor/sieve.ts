import type { Filter } from './filters.ts';
import type { Mailbox } from './mailbox.ts';
import type { TraceTags } from './trace-tags.ts';

/** What the messages of few services go through before they are handled. */
export class Sieve {
  /** Requests that wait while the code is exchanged. */
  held: Mailbox | undefined = undefined;
  /** In the order in which they were set. */
  filters: Filter[] | undefined = undefined;
  /** Once a traced request has come. */
  traces: TraceTags | undefined = undefined;
  /** Types that are handled as other ones. */
  forward: Readonly<Record<number, number>> | undefined = undefined;
}
