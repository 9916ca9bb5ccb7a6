// Book 17.3: a message there and back. The descriptor is made as in the book,
//
//   protoc --descriptor_set_out=test.pb test.proto
//
// and the types of what is decoded by `npx pbc-types --out messages.ts test.pb person.pb`.
import { defineService } from '@skynet/core';
import { createProtobuf } from '@skynet/pbc';
import type { Messages } from './protos/messages.ts';

export default defineService((skynet) => {
  const protobuf = createProtobuf<Messages>(skynet);
  protobuf.registerFile(new URL('./protos/test.pb', import.meta.url));
  skynet.error('protobuf register: test.pb');
  const stringbuffer = protobuf.encode('cs.test', {
    name: 'xiaoming',
    age: 1,
    // email: 'xiaoming@163.com',
    online: true,
    account: 888.88,
  });
  const data = protobuf.decode('cs.test', stringbuffer);
  skynet.error(
    ...['------decode------ \nname=', data.name],
    ...[',\nage=', data.age],
    ...[',\nemail=', data.email],
    ...[',\nonline=', data.online],
    ...[',\naccount=', data.account],
  );
});
