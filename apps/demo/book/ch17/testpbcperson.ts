// Book 17.4: an enum, messages in a message, a list.
import { defineService } from '@skynet/core';
import { createProtobuf } from '@skynet/pbc';
import type { Messages } from './protos/messages.ts';

export default defineService((skynet) => {
  const protobuf = createProtobuf<Messages>(skynet);
  protobuf.registerFile(new URL('./protos/person.pb', import.meta.url));
  skynet.error('protobuf register: person.pb');
  const stringbuffer = protobuf.encode('cs.Person', {
    name: 'xiaoming',
    id: 1,
    email: 'xiaoming@163.com',
    phone: [
      { number: '1388888888', type: 'MOBILE' },
      { number: '8888888' },
      { number: '87878787', type: 'WORK' },
    ],
  });
  const data = protobuf.decode('cs.Person', stringbuffer);
  skynet.error(`decode name=${data.name},id=${data.id},email=${data.email}`);
  for (const { type, number } of data.phone) skynet.error(`decode phone.type=${type},phone.number=${number}`);
});
