import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyValue } from '../../src/codec/copy.ts';
import { errorFromData, errorToData } from '../../src/codec/error.ts';
import { isSkynetError, SkynetError } from '../../src/errors.ts';
import { anyValue, expectSame } from './values.ts';

function across(thrown: unknown): Error {
  return errorFromData(copyValue(errorToData(thrown)) as ReturnType<typeof errorToData>);
}

describe('an error as data', () => {
  it('comes back with code, message, stack, details and causes', () => {
    const system = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' });
    const error = new SkynetError('ERR_TIMEOUT', 'too late', {
      cause: new SkynetError('ERR_REMOTE', 'inner', { cause: system }),
      details: { after: 5, to: [':01000001'] },
    });
    const got = across(error);
    if (!isSkynetError(got, 'ERR_TIMEOUT')) throw new Error('lost its code');
    expect(got.message).toBe('too late');
    expect(got.stack).toBe(error.stack);
    expectSame(got.details, { after: 5, to: [':01000001'] });
    const inner = got.cause as SkynetError;
    expect(isSkynetError(inner, 'ERR_REMOTE')).toBe(true);
    expect(isSkynetError(inner.cause, 'ECONNREFUSED')).toBe(true);
    expect(Object.keys(got)).toEqual(Object.keys(error));
  });

  it('keeps the name of an error without code', () => {
    const got = across(new RangeError('out'));
    expect(String(got)).toBe('RangeError: out');
    expect(got).toBeInstanceOf(Error);
    expect(isSkynetError(got)).toBe(false);
    expect(Object.keys(got)).toEqual([]);
  });

  it('turns details that cannot be sent into text', () => {
    const error = new SkynetError('ERR_CONFIG', 'bad', {
      details: { key: 'start', value: () => 1, nothing: Object.create({}) },
    });
    expectSame(errorToData(error).details, { key: 'start', value: '() => 1', nothing: '[object Object]' });
  });

  it('ends chains of causes, circular ones too', () => {
    const error = new Error('loop');
    error.cause = error;
    let depth = 0;
    for (let at: unknown = across(error); at instanceof Error; at = at.cause) depth++;
    expect(depth).toBe(9);
  });

  it('is made of anything thrown, and always fits in a message', () => {
    fc.assert(
      fc.property(anyValue, fc.boolean(), (thrown, asCause) => {
        const got = across(asCause ? new Error('outer', { cause: thrown }) : thrown);
        expect(got).toBeInstanceOf(Error);
      }),
    );
    for (const odd of [Symbol('s'), Object.create(null), () => 1, undefined])
      expect(across(odd).message.length).toBeGreaterThan(0);
  });
});
