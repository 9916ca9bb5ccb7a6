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
      // Nothing is unpacked: every service has a line for its start and its end.
      dispatch: (request, [text]: Packed) => sink.write(request.source, text as string),
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
