import { describe, expect, it } from 'vitest';
import * as crypt from '../../src/crypt/index.ts';

const oneArgument = {
  dhexchange: crypt.dhexchange,
  hashkey: crypt.hashkey,
  base64encode: crypt.base64encode,
  base64decode: crypt.base64decode,
  hexencode: crypt.hexencode,
  hexdecode: crypt.hexdecode,
  md5: crypt.md5,
  sha1: crypt.sha1,
};

const twoArguments = {
  dhsecret: crypt.dhsecret,
  hmac64: crypt.hmac64,
  hmac64Md5: crypt.hmac64Md5,
  hmacHash: crypt.hmacHash,
  desencode: crypt.desencode,
  desdecode: crypt.desdecode,
  hmacSha1: crypt.hmacSha1,
  xorStr: crypt.xorStr,
  equal: crypt.equal,
};

const refusal = expect.objectContaining({ code: 'ERR_CRYPT_ARGUMENT' });
const wrong = [undefined, null, 8, {}, [1, 2, 3, 4, 5, 6, 7, 8], new ArrayBuffer(8)];

describe('arguments', () => {
  it.each(Object.entries(oneArgument))('%s takes text and bytes only', (_, call) => {
    for (const value of wrong) expect(() => call(value as string)).toThrow(refusal);
  });

  it.each(Object.entries(twoArguments))('%s takes text and bytes only', (_, call) => {
    for (const value of wrong) {
      expect(() => call(value as string, '12345678')).toThrow(refusal);
      expect(() => call('12345678', value as string)).toThrow(refusal);
    }
  });

  it('are UTF-8 when they are text', () => {
    const text = 'é中😀';
    const bytes = Buffer.from(text);
    expect(crypt.sha1(text)).toEqual(crypt.sha1(bytes));
    expect(crypt.hashkey(text)).toEqual(crypt.hashkey(bytes));
    expect(crypt.base64encode(text)).toBe(bytes.toString('base64'));
    expect(crypt.hexencode(text)).toBe(bytes.toString('hex'));
    expect(crypt.hmac64('12éé56', '12345678')).toEqual(crypt.hmac64(Buffer.from('12éé56'), '12345678'));
  });

  it('are not changed', () => {
    const key = Buffer.from('12345678');
    const text = Buffer.from('A text of 24 bytes......');
    const cipher = crypt.desencode(key, text);
    const copy = cipher.slice();
    crypt.desdecode(key, cipher);
    crypt.xorStr(text, key);
    crypt.dhsecret(text.subarray(0, 8), key);
    expect([key.toString(), text.toString()]).toEqual(['12345678', 'A text of 24 bytes......']);
    expect(cipher).toEqual(copy);
  });

  it('come with details that say the size', () => {
    const size = (length: number): unknown =>
      expect.objectContaining({ code: 'ERR_CRYPT_KEY_SIZE', details: { size: length } });
    expect(() => crypt.dhexchange('1234567')).toThrow(size(7));
    expect(() => crypt.desencode('123456789', 'x')).toThrow(size(9));
    expect(() => crypt.desdecode('12345678', 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_CRYPT_DES_SIZE', details: { size: 1 } }),
    );
  });

  it.each<[crypt.CryptErrorCode, () => unknown]>([
    ['ERR_CRYPT_ZERO', () => crypt.dhexchange('\0'.repeat(8))],
    ['ERR_CRYPT_ZERO', () => crypt.dhsecret('12345678', '\0'.repeat(8))],
    ['ERR_CRYPT_PADDING', () => crypt.desencode('12345678', 'x', 2 as crypt.Padding)],
    ['ERR_CRYPT_PADDING', () => crypt.desdecode('12345678', '12345678', null as unknown as crypt.Padding)],
    ['ERR_CRYPT_DES_TEXT', () => crypt.desdecode('12345678', crypt.desencode('12345678', 'x', 1))],
    ['ERR_CRYPT_DES_TEXT', () => crypt.desdecode('12345678', crypt.desencode('12345678', 'x'), 1)],
    ['ERR_CRYPT_BASE64', () => crypt.base64decode('Zg==x')],
    ['ERR_CRYPT_HEX', () => crypt.hexdecode('AB')],
    ['ERR_CRYPT_HEX', () => crypt.hexdecode('abc')],
    ['ERR_CRYPT_XOR_KEY', () => crypt.xorStr('abc', '')],
  ])('that are refused give %s', (code, call) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
