// Book 5.3.4: gives the alias of a killed service to another one.
import { defineService, type Handle } from '@skynet/core';

export default defineService(async (skynet) => {
  let handle: Handle | undefined = await skynet.newService('test5');
  skynet.nameService('testalias', handle);
  handle = await skynet.queryName('testalias');
  skynet.error('queryname testalias handle', skynet.address(handle));

  if (handle !== undefined) skynet.kill(handle);
  // A global alias outlives its service. The book takes a check out of the original; here the alias is taken back.
  skynet.unregister('testalias');

  handle = await skynet.newService('test5');
  skynet.nameService('testalias', handle);
  handle = await skynet.queryName('testalias');
  skynet.error('queryname testalias handle', skynet.address(handle));
});
