export { CLOSE, headSize, isCloseCode, OP, writeHead } from './frame.ts';
export { FrameReader, type FrameRules, READ, type ReadEvent, type Violation } from './frame-reader.ts';
export { acceptOf, isHandshakeKey } from './handshake-key.ts';
