// Requests and answers over one connection, without the connection: what of a request channel needs no socket.
export { type Answer, Expected, type Waiter } from './answer.ts';
export { ByteReader, type ByteReaderOptions, type ReadWait } from './byte-reader.ts';
export { type Host, HostRound } from './host-round.ts';
export { type AnswerReader, OrderedAnswers } from './ordered-answers.ts';
export { Pauses } from './pauses.ts';
export { ReadBuffer } from './read-buffer.ts';
export { SessionAnswers } from './session-answers.ts';
