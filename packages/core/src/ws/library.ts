import { SkynetError } from '../errors.ts';

/** The library `ws`. Loaded when it is needed first: who does not use the transport need not install it. */
export type Library = typeof import('ws');

/** @throws ERR_CONFIG if it is not installed. */
export async function loadLibrary(): Promise<Library> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new SkynetError('ERR_CONFIG', 'the transport ws needs the library ws: npm install ws', { cause });
  }
}
