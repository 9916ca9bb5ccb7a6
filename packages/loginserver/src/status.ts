import { base64encode } from '@skynet/core/crypt';

/** The lines a login can end with (book §14.3); a `\n` follows on the wire. */
export const STATUS = {
  badRequest: '400 Bad Request',
  unauthorized: '401 Unauthorized',
  forbidden: '403 Forbidden',
  notAcceptable: '406 Not Acceptable',
} as const;

/** One of the lines for a login that failed. */
export type FailureStatus = (typeof STATUS)[keyof typeof STATUS];

/** What a login handler may return as subid: text goes as UTF-8, a number as decimal text. */
export type Subid = string | number | bigint | Uint8Array;

/** Whether a login handler may return this: a subid, or nothing. */
export function isSubid(value: unknown): value is Subid | null | undefined {
  return (
    value instanceof Uint8Array ||
    value === null ||
    ['string', 'number', 'bigint', 'undefined'].includes(typeof value)
  );
}

/** The line for a login that succeeded; without a subid nothing stands behind the space. */
export function okStatus(subid: Subid | null | undefined): string {
  if (subid === undefined || subid === null) return '200 ';
  return `200 ${base64encode(subid instanceof Uint8Array ? subid : String(subid))}`;
}
