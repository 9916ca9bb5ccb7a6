import type { BenchCase } from '../../../core/bench/case.ts';
import { decodeCase, PERSON_SAMPLE } from '../messages.ts';

const pbcDecodeEnums: BenchCase = decodeCase('pbc-decode-enums', PERSON_SAMPLE);
export default pbcDecodeEnums;
