import { Readable } from 'node:stream';
import { isSkynetError, type SkynetError } from '@skynet/core';
import { adoptIterable } from '@skynet/core/adopt';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import { httpError } from '../errors.ts';

/** Pieces of a body: a list, a generator, an async generator, a stream. */
export type BodyPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Bytes that may be ready before the server takes them. */
const HIGH = 65_536;

/** Whether a value gives pieces of a body, one after another. */
export function isPieces(value: unknown): value is BodyPieces {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/**
 * A body of pieces as a stream for the library. Nothing is asked for before it is wanted; then a task of the service asks
 * for one piece after another, and waits while the server takes none.
 * @param failed told why no more pieces come.
 */
export function outgoingBody(
  kernel: ServiceKernel,
  pieces: BodyPieces,
  failed: (error: SkynetError) => void,
): Readable {
  let room: Suspension<void> | undefined;
  let begun = false;
  let over = false;
  const goOn = (): void => {
    const waiting = room;
    room = undefined;
    waiting?.resolve();
  };
  const send = async (): Promise<void> => {
    try {
      for await (const piece of inTurns(kernel, pieces)) {
        if (over) return;
        const bytes = bytesOfPiece(piece);
        if (bytes.length === 0 || stream.push(bytes)) continue;
        room = kernel.suspend<void>();
        await room.promise;
      }
      if (!over) stream.push(null);
    } catch (error) {
      failed(failureOf(error));
      // The service ends, or the task was killed.
      if (!(error instanceof Error)) throw error;
    }
  };
  const stream = new Readable({
    highWaterMark: HIGH,
    read() {
      if (begun) goOn();
      else {
        begun = true;
        kernel.enqueue(send);
      }
    },
    destroy(error, done) {
      over = true;
      goOn();
      done(error);
    },
  });
  // Whoever asked is told of it by the request.
  stream.on('error', () => undefined);
  return stream;
}

/** The pieces, each in a turn of the service, wherever they come from. */
function inTurns(kernel: ServiceKernel, pieces: BodyPieces): Iterable<unknown> | AsyncIterable<unknown> {
  return Symbol.asyncIterator in pieces ? adoptIterable(kernel.skynet, pieces) : pieces;
}

function failureOf(error: unknown): SkynetError {
  if (isSkynetError(error)) return error;
  return error instanceof Error
    ? httpError('ERR_HTTP_BODY', `the body that was to be sent breaks off: ${error.message}`, {
        cause: error,
      })
    : httpError('ERR_ABORTED', 'the task that gave the body has ended');
}

/** @throws ERR_ARGUMENT. */
function bytesOfPiece(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw httpError('ERR_ARGUMENT', `a piece of a body is text or bytes, not ${typeof piece}`);
}
