// Book 5.3.4: what becomes of the aliases of a service that is killed.
import { defineService, type Handle } from '@skynet/core';

export default defineService(async (skynet) => {
  let handle: Handle | undefined = await skynet.newService('test5');
  skynet.nameService('.testalias', handle);
  skynet.nameService('testalias', handle);

  handle = skynet.localName('.testalias');
  skynet.error('localname .testalias handle', skynet.address(handle));
  handle = skynet.localName('testalias');
  skynet.error('localname testalias handle', skynet.address(handle));
  handle = await skynet.queryName('.testalias');
  skynet.error('queryname .testalias handle', skynet.address(handle));
  handle = await skynet.queryName('testalias');
  skynet.error('queryname testalias handle', skynet.address(handle));

  if (handle !== undefined) skynet.kill(handle);

  handle = skynet.localName('.testalias');
  skynet.error('localname .testalias handle', skynet.address(handle));
  handle = skynet.localName('testalias');
  skynet.error('localname testalias handle', skynet.address(handle));
  handle = await skynet.queryName('.testalias');
  skynet.error('queryname .testalias handle', skynet.address(handle));
  handle = await skynet.queryName('testalias');
  skynet.error('queryname testalias handle', skynet.address(handle));
});
