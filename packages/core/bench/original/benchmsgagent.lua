-- Answers in upper case.
local skynet = require "skynet"

skynet.register_protocol {
  name = "client",
  id = skynet.PTYPE_CLIENT,
  unpack = skynet.tostring,
  dispatch = function(_, _, message) skynet.ret(message:upper()) end,
}

skynet.start(function() end)
