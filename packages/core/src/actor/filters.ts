import type { FilteredMessage } from '../contracts/request.ts';
import { type Body, limitedLike, type Message } from '../message.ts';

/** Rewrites a message before it is dispatched, or drops it. */
export type Filter = (message: FilteredMessage) => FilteredMessage | undefined;

/** What filters make of a message, one after another; undefined if one of them drops it. @throws what they throw. */
export function filtered(message: Message, filters: readonly Filter[]): Message | undefined {
  const { type, session, source, body } = message;
  let rewritten: FilteredMessage | undefined = { type, session, source, body: body as Body };
  for (const filter of filters) {
    rewritten = filter(rewritten);
    if (rewritten === undefined) return undefined;
  }
  return limitedLike(message, rewritten.type, rewritten.session, rewritten.source, rewritten.body);
}
