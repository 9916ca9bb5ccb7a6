import type { Request, Response } from '../contracts/request.ts';
import { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import type { Body, Message } from '../message.ts';

/** `OPEN`: to be answered. `DETACHED`: a response object has the answer. `DONE`: answered, or never to be. */
export const ANSWER = { OPEN: 0, DETACHED: 1, DONE: 2 } as const;

/** What a request needs of the service that works on it. */
export interface Answerer {
  /** Packs values the way of the message's protocol. */
  packAnswer(type: number, values: unknown[]): Body;
  /** Sends the answer. False if nobody waits for it any more. */
  answer(request: ActiveRequest, body: Body): boolean;
  /** Sends an error as the answer. */
  answerError(request: ActiveRequest, error: unknown): boolean;
  /** Whether the caller lives. */
  callerAlive(request: ActiveRequest): boolean;
}

/** A message while a handler works on it. Made for each: no private method, which would be one more thing to put into it. */
export class ActiveRequest implements Request {
  readonly message: Message;
  readonly #service: Answerer;
  state: number = ANSWER.OPEN;
  /** Place in the list of open requests, -1 when it is not in. */
  place = -1;

  constructor(service: Answerer, message: Message) {
    this.#service = service;
    this.message = message;
  }

  get type(): number {
    return this.message.type;
  }

  get session(): number {
    return this.message.session;
  }

  get source(): Handle {
    return this.message.source;
  }

  get body(): Body {
    return this.message.body as Body;
  }

  ret(...values: unknown[]): boolean {
    mustBeOpen(this);
    return answer(this.#service, this, this.#service.packAnswer(this.message.type, values));
  }

  rawRet(body: Body): boolean {
    mustBeOpen(this);
    return answer(this.#service, this, body);
  }

  fail(error: unknown): boolean {
    mustBeOpen(this);
    this.state = ANSWER.DONE;
    return this.message.session !== 0 && this.#service.answerError(this, error);
  }

  noReply(): void {
    mustBeOpen(this);
    this.state = ANSWER.DONE;
  }

  response(): Response {
    mustBeOpen(this);
    this.state = ANSWER.DETACHED;
    const respond = (ok: true | false | 'TEST', ...values: unknown[]): boolean => {
      const wanted = this.message.session !== 0;
      if (ok === 'TEST') return wanted && this.state === ANSWER.DETACHED && this.#service.callerAlive(this);
      if (this.state !== ANSWER.DETACHED)
        throw new SkynetError('ERR_NO_SESSION', "Can't response more than once");
      if (ok) return answer(this.#service, this, this.#service.packAnswer(this.message.type, values));
      this.state = ANSWER.DONE;
      const error = values[0] ?? new SkynetError('ERR_REFUSED', 'the service refused to answer');
      return wanted && this.#service.answerError(this, error);
    };
    return respond;
  }
}

/** Sends the answer, if somebody waits for one. */
function answer(service: Answerer, request: ActiveRequest, body: Body): boolean {
  request.state = ANSWER.DONE;
  return request.message.session !== 0 && service.answer(request, body);
}

function mustBeOpen(request: ActiveRequest): void {
  if (request.state !== ANSWER.OPEN) {
    throw new SkynetError(
      'ERR_NO_SESSION',
      'No session: the request was answered already, or its answer was detached',
    );
  }
}
