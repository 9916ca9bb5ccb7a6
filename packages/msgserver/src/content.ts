import { msgError } from './errors.ts';
import type { Content } from './options.ts';
import { contentBytes } from './wire.ts';

/** Content as bytes. @throws ERR_ARGUMENT for what has none: an object, a list, true or false. */
export function bytesOf(content: Content, what: string): Uint8Array {
  if (content instanceof Uint8Array) return content;
  switch (typeof content) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'undefined':
      return contentBytes(content);
    default:
      if (content === null) return contentBytes(content);
      throw msgError('ERR_ARGUMENT', `${what} is text, bytes, a number or nothing, not ${typeof content}`);
  }
}

/** Whether content is only to come. */
export function isPromise(value: unknown): value is Promise<Content> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
