// Book 5.3.1: a local alias and a global one.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  const handle = await skynet.newService('test5');
  skynet.nameService('.testalias', handle);
  skynet.nameService('testalias', handle);

  skynet.error('localname .testalias handle', skynet.address(skynet.localName('.testalias')));
  // Finds local aliases only.
  skynet.error('localname testalias handle', skynet.address(skynet.localName('testalias')));
  skynet.error('queryname .testalias handle', skynet.address(await skynet.queryName('.testalias')));
  skynet.error('queryname testalias handle', skynet.address(await skynet.queryName('testalias')));
});
