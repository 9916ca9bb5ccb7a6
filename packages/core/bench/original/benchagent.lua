-- Returns every packet of its connection.
local skynet = require "skynet"
local socketdriver = require "skynet.socketdriver"

skynet.register_protocol {
  name = "client",
  id = skynet.PTYPE_CLIENT,
  unpack = skynet.tostring,
  dispatch = function(fd, _, message)
    skynet.ignoreret()
    socketdriver.send(fd, string.pack(">s2", message))
  end,
}

skynet.start(function() end)
