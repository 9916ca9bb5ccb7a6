import { createProtobuf, type Protobuf } from '@skynet/pbc';
import protobufjs from 'protobufjs';
import { type BenchCase, type Measure, PLAYER } from '../../core/bench/case.ts';

const DEFINITIONS = `
  syntax = "proto2";
  package bench;
  message Pos { optional double x = 1; optional double y = 2; optional double z = 3; }
  message Player {
    optional int32 id = 1;
    optional string name = 2;
    optional Pos pos = 3;
    repeated string tags = 4;
    optional int32 hp = 5;
  }
  message Person {
    required string name = 1;
    required int32 id = 2;
    optional string email = 3;
    enum PhoneType { MOBILE = 0; HOME = 1; WORK = 2; }
    message PhoneNumber {
      required string number = 1;
      optional PhoneType type = 2 [default = HOME];
    }
    repeated PhoneNumber phone = 4;
  }
`;

type Fields = Readonly<Record<string, unknown>>;

/** What is encoded: by names as we take it, and with numbers as the library takes it. */
interface Sample {
  readonly type: string;
  readonly named: Fields;
  readonly numbered: Fields;
}

/** The usual payload: one message in another, a list, nothing that has to be converted. */
export const PLAYER_SAMPLE: Sample = { type: 'bench.Player', named: PLAYER, numbered: PLAYER };

/** The book's (§17.4): a list of messages with enums. */
export const PERSON_SAMPLE: Sample = {
  type: 'bench.Person',
  named: person('MOBILE', 'WORK'),
  numbered: person(0, 2),
};

function person(mobile: string | number, work: string | number): Fields {
  return {
    name: 'xiaoming',
    id: 1,
    email: 'xiaoming@163.com',
    phone: [
      { number: '1388888888', type: mobile },
      { number: '8888888' },
      { number: '87878787', type: work },
    ],
  };
}

/** A batch of calls, their results used so that none can be left out. */
function many(work: () => unknown): Measure {
  return async (effort) => {
    let used: unknown;
    const rate = await effort.rate(async (count) => {
      for (let i = 0; i < count; i++) used = work();
    }, 1000);
    if (used === undefined) throw new Error('nothing was computed');
    return [rate];
  };
}

function ours(): Protobuf {
  const protobuf = createProtobuf();
  protobuf.register(DEFINITIONS);
  return protobuf;
}

function theirs({ type }: Sample): protobufjs.Type {
  return protobufjs.parse(DEFINITIONS, { keepCase: true }).root.resolveAll().root.lookupType(type);
}

/**
 * Encoding beside the library: the message as it stands, with numbers for enums and nothing looked at; and with what it
 * has for names of enums (`fromObject`), as we take them.
 */
export function encodeCase(name: string, sample: Sample): BenchCase {
  const type = theirs(sample);
  const protobuf = ours();
  return {
    lines: [{ name, unit: 'messages/s' }],
    floors: {
      protobufjs: many(() => type.encode(sample.numbered).finish()),
      fromObject: many(() => type.encode(type.fromObject(sample.named)).finish()),
    },
    run: many(() => protobuf.encode(sample.type, sample.named)),
  };
}

/** Decoding beside the library: with numbers for enums; and with what it has for their names (`toObject`). */
export function decodeCase(name: string, sample: Sample): BenchCase {
  const type = theirs(sample);
  const protobuf = ours();
  const bytes = protobuf.encode(sample.type, sample.named);
  return {
    lines: [{ name, unit: 'messages/s' }],
    floors: {
      protobufjs: many(() => type.decode(bytes)),
      toObject: many(() => type.toObject(type.decode(bytes), { enums: String, longs: BigInt })),
    },
    run: many(() => protobuf.decode(sample.type, bytes)),
  };
}
