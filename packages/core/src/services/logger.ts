import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import type { LogSink } from '../log/sink.ts';
import type { Packed } from '../message.ts';
import { PTYPE } from '../protocol.ts';

/** The service that takes the log: one message a line, so that logging never waits (spec of the original: handle 1). */
export function createLogger(sink: LogSink): ServiceDefinition {
  return defineService((skynet) => {
    skynet.registerProtocol({
      name: 'text',
      id: PTYPE.TEXT,
      unpack: (body) => [...(body as Packed)],
      dispatch: (request, text: string) => sink.write(request.source, text),
    });
    // SIGHUP arrives as a system message: somebody moved the file away.
    skynet.registerProtocol({
      name: 'system',
      id: PTYPE.SYSTEM,
      unpack: (body) => body,
      dispatch: () => sink.reopen(),
    });
    skynet.register('.logger');
  });
}
