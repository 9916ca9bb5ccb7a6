import { byteCalls } from '../byte-calls.ts';

export default byteCalls('threads-call-4k', 4096, 1000);
