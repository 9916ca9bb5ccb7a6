import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as crypt from '../../src/crypt/index.ts';

const P = 2n ** 64n - 59n;
const eight = fc.uint8Array({ minLength: 8, maxLength: 8 });
const key = eight.filter((bytes) => bytes.some((byte) => byte !== 0));
const text = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 150 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 8000, maxLength: 20_000 }) },
);
const mode = fc.constantFrom<crypt.Padding>(0, 1);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function numberOf(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigUInt64LE();
}

function bytesOf(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Uint8Array.from(bytes);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P)
    if (e & 1n) result = (result * b) % P;
  return result;
}

describe('Diffie-Hellman', () => {
  it('is 5 to the power of the key', () => {
    fc.assert(
      fc.property(key, (x) => {
        expect(numberOf(crypt.dhexchange(x))).toBe(power(5n, numberOf(x)));
      }),
    );
  });

  it('is any number to the power of the key, also at the edges of the prime', () => {
    const edges = [
      1n,
      2n,
      P - 2n,
      P - 1n,
      P + 1n,
      P + 2n,
      2n ** 64n - 1n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 63n,
      2n ** 22n,
    ];
    const operand = fc.oneof(
      key,
      fc.constantFrom(...edges).map(bytesOf),
      fc.nat(1000).map((n) => bytesOf(BigInt(n + 1))),
    );
    fc.assert(
      fc.property(operand, operand, (x, y) => {
        fc.pre(numberOf(x) !== P);
        expect(numberOf(crypt.dhsecret(x, y))).toBe(power(numberOf(x), numberOf(y)));
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves the prime itself alone, as the original does', () => {
    expect(numberOf(crypt.dhsecret(bytesOf(P), bytesOf(1n)))).toBe(P);
    expect(numberOf(crypt.dhsecret(bytesOf(P), bytesOf(2n)))).toBe(0n);
    expect(numberOf(crypt.dhsecret(bytesOf(P), bytesOf(2n ** 40n)))).toBe(0n);
  });

  it('brings both sides to one secret', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(crypt.dhsecret(crypt.dhexchange(a), b)).toEqual(crypt.dhsecret(crypt.dhexchange(b), a));
      }),
    );
  });
});

describe('DES', () => {
  it('gives back what it took', () => {
    fc.assert(
      fc.property(eight, text, mode, (k, plain, padding) => {
        const cipher = crypt.desencode(k, plain, padding);
        expect(cipher.length % 8).toBe(0);
        expect(cipher.length - plain.length).toBeGreaterThanOrEqual(1);
        expect(cipher.length - plain.length).toBeLessThanOrEqual(8);
        expect(hex(crypt.desdecode(k, cipher, padding))).toBe(hex(plain));
      }),
    );
  });

  it('is the standard one: triple DES with one key three times', () => {
    fc.assert(
      fc.property(eight, text, (k, plain) => {
        const triple = Buffer.concat([k, k, k]);
        const cipher = createCipheriv('des-ede3', triple, null);
        const expected = Buffer.concat([cipher.update(plain), cipher.final()]);
        expect(hex(crypt.desencode(k, plain, crypt.padding.pkcs7))).toBe(hex(expected));
        const decipher = createDecipheriv('des-ede3', triple, null).setAutoPadding(false);
        const padded = Buffer.concat([decipher.update(crypt.desencode(k, plain)), decipher.final()]);
        const zeros = 7 - (plain.length % 8);
        expect(hex(padded)).toBe(`${hex(plain)}80${'00'.repeat(zeros)}`);
      }),
    );
  });

  /** The cipher text of whole blocks, nothing added: whatever padding was added is in the last block. */
  function raw(blocks: string): Uint8Array {
    return crypt.desencode('12345678', Buffer.from(blocks, 'hex')).subarray(0, -8);
  }

  it.each<[crypt.Padding, string, string]>([
    [0, '8000000000000000', ''],
    [0, '6162636465666780', '61626364656667'],
    [0, '6180800000000000', '6180'],
    [0, '61626364656667688000000000000000', '6162636465666768'],
    [1, '0808080808080808', ''],
    [1, '6161616161616101', '61616161616161'],
    [1, '0202020202020202', '020202020202'],
  ])('takes padding %i off %s', (padding, blocks, plain) => {
    expect(hex(crypt.desdecode('12345678', raw(blocks), padding))).toBe(plain);
  });

  it.each<[crypt.Padding, string]>([
    [0, '0000000000000000'],
    [0, '6161616161618001'],
    [0, '6161616161800100'],
    [0, '61616161616161800000000000000000'],
    [1, '6161616161616100'],
    [1, '0909090909090909'],
    [1, '09090909090909090909090909090909'],
    [1, '6161616161616102'],
    [1, '0708080808080808'],
  ])('refuses padding %i of %s', (padding, blocks) => {
    expect(() => crypt.desdecode('12345678', raw(blocks), padding)).toThrow(
      expect.objectContaining({ code: 'ERR_CRYPT_DES_TEXT', message: 'Invalid des crypt text' }),
    );
  });
});

describe('hashes', () => {
  it('md5 and sha1 are those of the host', () => {
    const own: [string, (bytes: Uint8Array) => Uint8Array][] = [
      ['md5', crypt.md5],
      ['sha1', crypt.sha1],
    ];
    for (const [name, hash] of own) {
      for (let size = 0; size < 200; size++) {
        const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
        expect(hex(hash(bytes)), `${name} of ${size} bytes`).toBe(
          createHash(name).update(bytes).digest('hex'),
        );
      }
      fc.assert(
        fc.property(text, (bytes) => {
          expect(hex(hash(bytes))).toBe(createHash(name).update(bytes).digest('hex'));
        }),
      );
    }
  });

  it('hmacSha1 is that of the host, under keys of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140 }), text, (k, bytes) => {
        expect(hex(crypt.hmacSha1(k, bytes))).toBe(createHmac('sha1', k).update(bytes).digest('hex'));
      }),
    );
  });

  it('hmac64Md5 is a folded md5', () => {
    fc.assert(
      fc.property(eight, eight, (x, y) => {
        const digest = createHash('md5')
          .update(Buffer.concat([x, y, x, y, x, y]))
          .digest();
        expect(hex(crypt.hmac64Md5(x, y))).toBe(
          hex(digest.subarray(0, 8).map((byte, i) => byte ^ (digest[8 + i] as number))),
        );
      }),
    );
  });

  it('hmacHash is hmac64 of the hash, the arguments turned round', () => {
    fc.assert(
      fc.property(eight, text, (k, bytes) => {
        expect(crypt.hmacHash(k, bytes)).toEqual(crypt.hmac64(crypt.hashkey(bytes), k));
      }),
    );
  });
});

describe('base64', () => {
  it('is that of the host, and gives back what it took', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        const encoded = crypt.base64encode(bytes);
        expect(encoded).toBe(Buffer.from(bytes).toString('base64'));
        expect(hex(crypt.base64decode(encoded))).toBe(hex(bytes));
        expect(hex(crypt.base64decode(encoded.replaceAll('=', '')))).toBe(hex(bytes));
        expect(hex(crypt.base64decode(Buffer.from(encoded)))).toBe(hex(bytes));
      }),
    );
  });

  it('skips what is not of the alphabet between the characters', () => {
    const noise = fc.stringMatching(/^[\n\t !_\-é中]{0,3}$/);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 30 }),
        fc.array(noise, { minLength: 40, maxLength: 40 }),
        (bytes, noises) => {
          const encoded = [...crypt.base64encode(bytes)]
            .map((char, i) => (noises[i] as string) + char)
            .join('');
          expect(hex(crypt.base64decode(encoded))).toBe(hex(bytes));
        },
      ),
    );
  });

  it.each(['Zg==', 'Zg', 'Zg=', 'Zg\n', 'Z g\n=\t='])('reads %j as f', (encoded) => {
    expect(hex(crypt.base64decode(encoded))).toBe('66');
  });

  it.each([
    'Zm9v\n',
    'Zm9v\r',
    'Zm9v ',
    'Zg==\r',
    'Zg==x',
    'Z',
    '=',
    '==',
    '====',
    'Zh==',
    'Zm9=',
    'Zm=v',
    '!!!!',
    'Zm9v====',
  ])('refuses %j', (encoded) => {
    expect(() => crypt.base64decode(encoded)).toThrow(expect.objectContaining({ code: 'ERR_CRYPT_BASE64' }));
  });
});

describe('hex', () => {
  it('is that of the host, and gives back what it took', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(crypt.hexencode(bytes)).toBe(hex(bytes));
        expect(hex(crypt.hexdecode(hex(bytes)))).toBe(hex(bytes));
      }),
    );
  });

  it('refuses every character but 0-9 and a-f, in either place', () => {
    const digits = '0123456789abcdef';
    for (let code = 0; code < 256; code++) {
      const char = Uint8Array.of(code);
      const first = Uint8Array.of(code, 0x30);
      const second = Uint8Array.of(0x30, code);
      if (digits.includes(String.fromCharCode(...char))) {
        expect(crypt.hexencode(crypt.hexdecode(first)).charCodeAt(0)).toBe(code);
        expect(crypt.hexencode(crypt.hexdecode(second)).charCodeAt(1)).toBe(code);
      } else {
        expect(() => crypt.hexdecode(first)).toThrow(expect.objectContaining({ code: 'ERR_CRYPT_HEX' }));
        expect(() => crypt.hexdecode(second)).toThrow(expect.objectContaining({ code: 'ERR_CRYPT_HEX' }));
      }
    }
  });
});

describe('xorStr', () => {
  it('is its own inverse', () => {
    fc.assert(
      fc.property(text, fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes, k) => {
        const mixed = crypt.xorStr(bytes, k);
        expect(mixed.every((byte, i) => byte === ((bytes[i] as number) ^ (k[i % k.length] as number)))).toBe(
          true,
        );
        expect(hex(crypt.xorStr(mixed, k))).toBe(hex(bytes));
      }),
    );
  });
});

describe('equal', () => {
  it('tells equal from different', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.nat(20),
        fc.integer({ min: 1, max: 255 }),
        (bytes, place, flip) => {
          expect(crypt.equal(bytes, bytes.slice())).toBe(true);
          expect(crypt.equal(bytes, Uint8Array.of(...bytes, 0))).toBe(false);
          if (place < bytes.length) {
            expect(
              crypt.equal(
                bytes,
                bytes.map((byte, i) => (i === place ? byte ^ flip : byte)),
              ),
            ).toBe(false);
          }
        },
      ),
    );
    expect(crypt.equal('secret', Buffer.from('secret'))).toBe(true);
  });

  it('is not misled by differences that cancel out', () => {
    expect(crypt.equal('ab', 'ba')).toBe(false);
    expect(crypt.equal(Uint8Array.of(1, 1, 5), Uint8Array.of(0, 0, 5))).toBe(false);
  });
});
