import type { BenchCase } from '../../../core/bench/case.ts';
import { encodeCase, PLAYER_SAMPLE } from '../messages.ts';

const pbcEncode: BenchCase = encodeCase('pbc-encode', PLAYER_SAMPLE);
export default pbcEncode;
