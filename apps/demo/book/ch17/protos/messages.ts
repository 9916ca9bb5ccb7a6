// Made by pbc-types from test.pb, person.pb.

/** What each message type is decoded to: `createProtobuf<Messages>(skynet)`. */
export interface Messages {
  'cs.test': Test;
  'cs.Person': Person;
  'cs.Person.PhoneNumber': PersonPhoneNumber;
}

/** cs.test */
export interface Test {
  name: string;
  age: number;
  email: string;
  online: boolean;
  account: number;
}

/** cs.Person */
export interface Person {
  name: string;
  id: number;
  email: string;
  phone: readonly PersonPhoneNumber[];
}

/** cs.Person.PhoneNumber */
export interface PersonPhoneNumber {
  number: string;
  type: PersonPhoneType;
}

/** cs.Person.PhoneType */
export type PersonPhoneType = 'MOBILE' | 'HOME' | 'WORK';
