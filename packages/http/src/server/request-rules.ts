import type { SkynetError } from '@skynet/core';
import { statusError } from '../errors.ts';
import type { MessageHead } from '../parser/message-parser.ts';

/** What is to be known of a request before anybody works on it. */
export interface HeadCheck {
  /** Why it is refused; `details.status` is the answer. */
  readonly refusal: SkynetError | undefined;
  /** Whether the client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean;
  /** Bytes of the body, where the head says so; 0 otherwise. */
  readonly length: number;
}

const ACCEPTED: HeadCheck = { refusal: undefined, expectsContinue: false, length: 0 };
const HTTP_1_0 = 10;
const HTTP_1_1 = 11;
/** A name or address, and perhaps a port. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]*)(?::\d{0,5})?$/;

/**
 * What RFC 9112 demands beyond what the parser checks: whatever two servers in a row could read in two ways is refused.
 */
export function checkHead({ version, method, fields }: MessageHead, bodyLimit: number): HeadCheck {
  if (version !== HTTP_1_1 && version !== HTTP_1_0) return refused(505, 'not HTTP/1.0 or HTTP/1.1');
  if (method === 'CONNECT') return refused(501, 'this is no proxy');
  let hosts = 0;
  let length = 0;
  let codings: string | undefined;
  let expectation: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1] as string;
    switch (fields[i]) {
      case 'host':
        hosts += 1;
        if (!HOST.test(value)) return refused(400, 'not a host');
        break;
      case 'transfer-encoding':
        codings = codings === undefined ? value : `${codings}, ${value}`;
        break;
      case 'content-length':
        length = Number(value);
        if (length > bodyLimit) return refused(413, 'the body is above the limit');
        break;
      case 'expect':
        expectation = value;
        break;
      default:
    }
  }
  if (hosts > 1) return refused(400, 'several hosts');
  if (hosts === 0 && version === HTTP_1_1) return refused(400, 'host Required');
  if (codings !== undefined) {
    if (version === HTTP_1_0) return refused(400, 'a transfer coding in HTTP/1.0');
    if (!/^chunked$/i.test(codings)) return refused(501, 'a transfer coding other than chunked');
  }
  const expected = version === HTTP_1_1 ? expectation : undefined;
  const expects = expected !== undefined;
  if (expects && !/^100-continue$/i.test(expected)) return refused(417, 'an unknown expectation');
  return length === 0 && !expects ? ACCEPTED : { refusal: undefined, expectsContinue: expects, length };
}

function refused(status: number, why: string): HeadCheck {
  const code = status === 413 ? 'ERR_HTTP_BODY_LIMIT' : 'ERR_HTTP_MESSAGE';
  return { refusal: statusError(status, code, why), expectsContinue: false, length: 0 };
}
