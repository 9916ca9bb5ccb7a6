-- A gate that returns every packet as it came.
local gateserver = require "snax.gateserver"
local netpack = require "skynet.netpack"
local socketdriver = require "skynet.socketdriver"
local handler = {}

function handler.connect(fd) gateserver.openclient(fd) end
function handler.message(fd, message, size)
  socketdriver.send(fd, string.pack(">s2", netpack.tostring(message, size)))
end
function handler.disconnect() end
function handler.error() end
function handler.command() end

gateserver.start(handler)
