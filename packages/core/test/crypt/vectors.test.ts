import { describe, expect, it } from 'vitest';
import * as crypt from '../../src/crypt/index.ts';
import { isSkynetError } from '../../src/errors.ts';
import { bytesOf, expectBytes, rowsOf, type Written } from '../vectors/rows.ts';

interface Row {
  fn: string;
  in: (Written | number)[];
  out?: Written;
  err?: string;
}

interface ExchangeRow {
  fn: string;
  clientkey: string;
  serverkey: string;
  ckey: string;
  skey: string;
  secret: string;
}

type Argument = Uint8Array & crypt.Padding;
type Crypt = (...args: Argument[]) => Uint8Array | string;

/** Names of the original and ours. */
const functions: Record<string, Crypt> = {
  dhexchange: crypt.dhexchange,
  dhsecret: crypt.dhsecret,
  hmac64: crypt.hmac64,
  hmac64_md5: crypt.hmac64Md5,
  hmac_hash: crypt.hmacHash,
  hashkey: crypt.hashkey,
  desencode: crypt.desencode,
  desdecode: crypt.desdecode,
  base64encode: crypt.base64encode,
  base64decode: crypt.base64decode,
  hexencode: crypt.hexencode,
  hexdecode: crypt.hexdecode,
  sha1: crypt.sha1,
  hmac_sha1: crypt.hmacSha1,
  xor_str: crypt.xorStr,
};

/** The original takes `g` for a hex digit; we do not. */
function isRefusedHere(row: Row): boolean {
  return row.fn === 'hexdecode' && row.in[0] === '3067';
}

function run(row: Row): Uint8Array {
  const args = row.in.map((argument) => (typeof argument === 'number' ? argument : bytesOf(argument)));
  const result = (functions[row.fn] as Crypt)(...(args as Argument[]));
  return typeof result === 'string' ? Uint8Array.from(Buffer.from(result, 'latin1')) : result;
}

describe.each(['crypt-dh', 'crypt-hash', 'crypt-des', 'crypt-text'])('%s', (family) => {
  const rows = rowsOf<Row>(`${family}.json`).filter((row) => row.fn !== 'exchange');
  const named = rows.map((row, i): [string, Row] => [`${i} ${row.fn}`, row]);

  it.each(named.filter(([, row]) => row.out !== undefined && !isRefusedHere(row)))('row %s', (_, row) => {
    expectBytes(run(row), row.out as Written);
  });

  it.each(named.filter(([, row]) => row.err !== undefined))('row %s fails', (_, row) => {
    let failure: unknown;
    try {
      run(row);
    } catch (error) {
      failure = error;
    }
    expect(isSkynetError(failure)).toBe(true);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^ERR_CRYPT_/), message: row.err });
  });
});

describe('exchange', () => {
  const rows = rowsOf<ExchangeRow>('crypt-dh.json').filter((row) => row.fn === 'exchange');
  it.each(rows.map((row): [string, ExchangeRow] => [row.clientkey, row]))('both sides of %s', (_, row) => {
    const clientkey = bytesOf(row.clientkey);
    const serverkey = bytesOf(row.serverkey);
    const ckey = crypt.dhexchange(clientkey);
    const skey = crypt.dhexchange(serverkey);
    expectBytes(ckey, row.ckey);
    expectBytes(skey, row.skey);
    expectBytes(crypt.dhsecret(skey, clientkey), row.secret);
    expectBytes(crypt.dhsecret(ckey, serverkey), row.secret);
  });
});

it('refuses g as a hex digit', () => {
  expect(() => crypt.hexdecode('0g')).toThrow(expect.objectContaining({ code: 'ERR_CRYPT_HEX' }));
});
